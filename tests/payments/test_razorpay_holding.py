"""Money on hold for its payee at Razorpay: released in part, given back, lost replies in the middle, and never paid twice."""

import asyncio

import msgspec
import pytest

from freehold.domain.money import Money
from freehold.payments.gateway import GatewayUnavailable, ReverseRequest
from tests.payments.razorpay_fake.bench import PAID, deal_of, let_claim_end, notice


def held_deal(parts, run):
    """Give a paid deal whose money is on hold for its payee."""
    deal = deal_of()
    request = msgspec.structs.replace(deal.fund(PAID), payee_account=deal.payee_account)
    assert run(parts.gateway.fund(request)).outcome == "done"
    (held,) = parts.fake.books.transfers.values()
    assert (held["on_hold"], held["amount"], held["recipient"]) == (True, 10_000, deal.payee_account)
    return deal


def reaches(parts, account) -> int:
    """Count what an account is paid, and what of it is still on hold."""
    gone = [each for each in parts.fake.books.transfers.values() if each["recipient"] == account]
    assert not [each for each in gone if each["on_hold"] and each["amount_reversed"] < each["amount"]]
    return sum(each["amount"] - each["amount_reversed"] for each in gone)


def test_what_is_released_is_what_stays_of_the_held_money(razorpay, run):
    deal = held_deal(razorpay, run)
    done = run(razorpay.gateway.transfer(deal.transfer(9_000)))
    (held,) = razorpay.fake.books.transfers.values()
    assert (done.outcome, done.reference, done.money) == ("done", held["id"], Money(9_000, "INR"))
    assert (held["on_hold"], reaches(razorpay, deal.payee_account)) == (False, 9_000)
    assert run(razorpay.gateway.transfer(deal.transfer(9_000))) == done


def test_parts_after_the_first_are_paid_out_of_the_balance(razorpay, run):
    deal = held_deal(razorpay, run)
    for leg in (1, 2, 3):
        assert run(razorpay.gateway.transfer(deal.transfer(3_000, leg=leg))).outcome == "done"
    assert (reaches(razorpay, deal.payee_account), len(razorpay.fake.books.transfers)) == (9_000, 3)


def test_a_refund_is_taken_out_of_what_is_held_and_the_rest_can_be_released(razorpay, run):
    deal = held_deal(razorpay, run)
    before = run(razorpay.gateway.balance("INR"))
    assert run(razorpay.gateway.refund(deal.refund(4_000))).outcome == "done"
    assert run(razorpay.gateway.balance("INR")) == before
    assert run(razorpay.gateway.transfer(deal.transfer(6_000))).outcome == "done"
    assert reaches(razorpay, deal.payee_account) == 6_000


def test_another_account_than_the_one_that_it_is_held_for_is_paid_out_of_the_balance(razorpay, run):
    deal = held_deal(razorpay, run)
    elsewhere = msgspec.structs.replace(deal.transfer(9_000), payee_account="acc_Another0000001")
    assert run(razorpay.gateway.transfer(elsewhere)).outcome == "done"
    assert (reaches(razorpay, "acc_Another0000001"), razorpay.fake.books.reversals != {}) == (9_000, True)
    (held, _) = razorpay.fake.books.transfers.values()
    assert held["amount_reversed"] == held["amount"]


def test_money_that_could_not_be_held_is_paid_out_of_the_balance(razorpay, run):
    razorpay.fake.books.transfers_go = "failed"
    deal = held_deal(razorpay, run)
    razorpay.fake.books.transfers_go = "processed"
    assert run(razorpay.gateway.transfer(deal.transfer(9_000))).outcome == "done"


@pytest.mark.parametrize("how", ["unheard", "lost", "500"])
@pytest.mark.parametrize("call", ["POST /reversals", "PATCH /v1/transfers/", "GET /v1/transfers/"])
def test_a_release_that_is_cut_short_is_gone_on_with_and_pays_once(razorpay, run, ledger, how, call):
    deal = held_deal(razorpay, run)
    transfer = deal.transfer(4_000)
    razorpay.fake.http.fail(*call.split(), how)
    with pytest.raises(GatewayUnavailable):
        run(razorpay.gateway.transfer(transfer))
    let_claim_end(ledger, transfer.key)
    let_claim_end(ledger, deal.fund(PAID).key)
    found = run(razorpay.gateway.look_up(key=transfer.key, milestone_id=deal.milestone_id))
    assert (found.outcome, reaches(razorpay, deal.payee_account)) == ("done", 4_000)


@pytest.mark.parametrize("path", ["/reversals", "/refund"])
def test_a_refund_that_is_cut_short_takes_out_of_the_held_money_once(razorpay, run, ledger, path):
    deal = held_deal(razorpay, run)
    razorpay.fake.http.fail("POST", path, "lost")
    with pytest.raises(GatewayUnavailable):
        run(razorpay.gateway.refund(deal.refund(4_000)))
    let_claim_end(ledger, deal.refund(1).key)
    let_claim_end(ledger, deal.fund(PAID).key)
    assert run(razorpay.gateway.look_up(key=deal.refund(1).key, milestone_id=deal.milestone_id)).outcome == "done"
    (held,) = razorpay.fake.books.transfers.values()
    assert (held["amount_reversed"], len(razorpay.fake.books.refunds)) == (4_000, 1)


def test_a_refund_and_a_release_at_once_leave_nobody_short(razorpay, run, ledger):
    deal = held_deal(razorpay, run)

    async def both():
        asked = (razorpay.gateway.transfer(deal.transfer(6_000)), razorpay.gateway.refund(deal.refund(4_000)))
        return await asyncio.gather(*asked, return_exceptions=True)

    run(both())
    for key in (deal.transfer(1).key, deal.refund(1).key, deal.fund(PAID).key):
        let_claim_end(ledger, key)
    assert run(razorpay.gateway.transfer(deal.transfer(6_000))).outcome == "done"
    assert run(razorpay.gateway.refund(deal.refund(4_000))).outcome == "done"
    assert (reaches(razorpay, deal.payee_account), len(razorpay.fake.books.refunds)) == (6_000, 1)


def test_what_was_released_can_be_taken_back_and_is_not_mistaken_for_returned(razorpay, run):
    deal = held_deal(razorpay, run)
    transfer = deal.transfer(9_000)
    run(razorpay.gateway.transfer(transfer))
    asked = ReverseRequest(
        key=f"reversal:{deal.milestone_id}:1",
        milestone_id=deal.milestone_id,
        transfer_key=transfer.key,
        money=Money(9_000, "INR"),
    )
    assert run(razorpay.gateway.reverse(asked)).outcome == "done"
    assert run(razorpay.gateway.look_up(key=transfer.key, milestone_id=deal.milestone_id)).outcome == "done"


def test_an_event_about_held_money_tells_of_the_transfer_that_it_became(razorpay, run):
    deal = held_deal(razorpay, run)
    (held,) = razorpay.fake.books.transfers.values()
    assert notice(razorpay, run, "transfer.processed", transfer=held).news is None
    run(razorpay.gateway.transfer(deal.transfer(9_000)))
    assert notice(razorpay, run, "transfer.processed", transfer=held).news.key == deal.transfer(1).key
