"""Payouts and refunds at PayPal: lost replies, items that wait or come back, accounts that are none."""

import msgspec
import pytest

from freehold.documents import GatewayObject
from freehold.domain.money import Money
from freehold.payments.gateway import GatewayUnavailable, PayeeRequest
from tests.payments.paypal_fake.bench import let_hours_pass, paid_deal


@pytest.mark.parametrize("how", ["unheard", "lost", "500"])
def test_a_payout_whose_reply_is_lost_is_found_by_its_key_and_made_once(paypal, run, how):
    deal = paid_deal(paypal, run)
    paypal.fake.http.fail("POST", "/v1/payments/payouts", how)
    with pytest.raises(GatewayUnavailable):
        run(paypal.gateway.transfer(deal.transfer(4_000)))
    found = run(paypal.gateway.look_up(key=deal.transfer(4_000).key, milestone_id=deal.milestone_id))
    assert (found.outcome, len(paypal.fake.books.batches)) == ("done", 1)


def test_a_payout_that_paypal_may_have_forgotten_is_left_to_a_person(paypal, run, ledger):
    deal = paid_deal(paypal, run)
    paypal.fake.http.fail("POST", "/v1/payments/payouts", "lost")
    with pytest.raises(GatewayUnavailable):
        run(paypal.gateway.transfer(deal.transfer(4_000)))
    let_hours_pass(ledger, deal.transfer(4_000).key, 30 * 24)
    with pytest.raises(GatewayUnavailable):
        run(paypal.gateway.transfer(deal.transfer(4_000)))
    assert len(paypal.fake.books.batches) == 1


@pytest.mark.parametrize(
    ("status", "outcome", "reason"),
    [
        ("PENDING", "pending", None),
        ("UNCLAIMED", "pending", "unclaimed"),
        ("ONHOLD", "pending", "onhold"),
        ("FAILED", "refused", "receiver_account_locked"),
        ("RETURNED", "refused", "payout_returned"),
    ],
)
def test_each_state_of_a_payouts_item_means_one_thing(paypal, run, status, outcome, reason):
    deal = paid_deal(paypal, run)
    paypal.fake.books.items_go = status
    report = run(paypal.gateway.transfer(deal.transfer(4_000)))
    assert (report.outcome, report.reason) == (outcome, reason)


@pytest.mark.parametrize("status", ["RETURNED", "REFUNDED", "REVERSED"])
def test_a_payout_that_comes_back_after_it_was_done_is_returned_and_its_money_can_be_paid_again(paypal, run, status):
    deal = paid_deal(paypal, run)
    transfer = deal.transfer(10_000)
    paypal.fake.books.lying["USD"] += 1_000
    assert run(paypal.gateway.transfer(transfer)).outcome == "done"
    assert run(paypal.gateway.transfer(deal.transfer(1, leg=2))).outcome == "refused"
    paypal.fake.books.item_goes(transfer.key, status)
    assert run(paypal.gateway.look_up(key=transfer.key, milestone_id=deal.milestone_id)).outcome == "returned"
    assert run(paypal.gateway.transfer(transfer)).outcome == "returned"
    assert run(paypal.gateway.transfer(deal.transfer(10_000, leg=3))).outcome == "done"


def test_a_payout_that_nobody_claims_can_be_taken_back(paypal, run):
    deal = paid_deal(paypal, run)
    paypal.fake.books.items_go = "UNCLAIMED"
    key = deal.transfer(4_000).key
    run(paypal.gateway.transfer(deal.transfer(4_000)))
    before = run(paypal.gateway.balance("USD"))
    taken_back = run(paypal.gateway.cancel_transfer(key=key, milestone_id=deal.milestone_id))
    assert (taken_back.outcome, taken_back.reason) == ("refused", "payout_returned")
    assert run(paypal.gateway.balance("USD")) == before + Money(4_000, "USD")
    assert run(paypal.gateway.cancel_transfer(key=key, milestone_id="mst_other")) is None


def test_a_payouts_own_fee_is_told(paypal, run):
    deal = paid_deal(paypal, run)
    paypal.fake.books.payout_fee = 25
    assert run(paypal.gateway.transfer(deal.transfer(4_000))).fee == 25


def test_a_payout_without_money_behind_it_is_refused_with_paypals_reason(paypal, run):
    deal = paid_deal(paypal, run)
    refused = run(paypal.gateway.transfer(deal.transfer(10_000)))
    assert (refused.outcome, refused.reason) == ("refused", "insufficient_funds")
    assert run(paypal.gateway.transfer(deal.transfer(9_000, leg=2))).outcome == "done"


@pytest.mark.parametrize("account", ["", "nobody", "a@b", "a b@example.org", "x@" + "a" * 130 + ".org", "a@example.org\n"])
def test_nobody_is_paid_at_what_is_no_account(paypal, run, account):
    deal = paid_deal(paypal, run)
    refused = run(paypal.gateway.transfer(msgspec.structs.replace(deal.transfer(1_000), payee_account=account)))
    assert (refused.outcome, refused.reason) == ("refused", "payee_account_invalid")
    opened = run(
        paypal.gateway.open_payee(PayeeRequest(key="k", user_id="usr_1", country="DE", currency="EUR", address=account))
    )
    assert (opened.state, run(paypal.gateway.payee(account))) == ("restricted", None)


def test_an_address_or_a_merchant_id_is_an_account(paypal, run):
    for account in ("payee@example.org", "QP5RCEGXLJ4GW"):
        request = PayeeRequest(key="k", user_id="usr_1", country="DE", currency="EUR", address=account)
        assert run(paypal.gateway.open_payee(request)) == run(paypal.gateway.payee(account))


@pytest.mark.parametrize("how", ["unheard", "lost", "500"])
def test_a_refund_whose_reply_is_lost_is_made_once(paypal, run, how):
    deal = paid_deal(paypal, run)
    paypal.fake.http.fail("POST", "/refund", how)
    with pytest.raises(GatewayUnavailable):
        run(paypal.gateway.refund(deal.refund(4_000)))
    found = run(paypal.gateway.look_up(key=deal.refund(4_000).key, milestone_id=deal.milestone_id))
    assert (found.outcome, len(paypal.fake.books.refunds)) == ("done", 1)


def test_a_refund_that_fails_later_is_refused_and_one_that_was_done_comes_back(paypal, run):
    deal = paid_deal(paypal, run)
    paypal.fake.books.refunds_go = "PENDING"
    assert run(paypal.gateway.refund(deal.refund(4_000, leg=1))).outcome == "pending"
    paypal.fake.books.refunds_go = "COMPLETED"
    assert run(paypal.gateway.refund(deal.refund(4_000, leg=2))).outcome == "done"
    for refund in paypal.fake.books.refunds.values():
        refund["status"] = "FAILED"
    outcomes = [
        run(paypal.gateway.look_up(key=deal.refund(1, leg=leg).key, milestone_id=deal.milestone_id)).outcome for leg in (1, 2)
    ]
    assert outcomes == ["refused", "returned"]


def test_what_is_of_another_milestone_is_not_found(paypal, run):
    deal = paid_deal(paypal, run)
    run(paypal.gateway.transfer(deal.transfer(1_000)))
    assert run(paypal.gateway.look_up(key=deal.transfer(1_000).key, milestone_id="mst_other")) is None


def test_the_book_counts_what_was_taken_and_nothing_that_was_refused(paypal, run, ledger):
    deal = paid_deal(paypal, run)
    run(paypal.gateway.transfer(deal.transfer(3_000, leg=1)))
    run(paypal.gateway.refund(deal.refund(2_000, leg=2)))
    run(paypal.gateway.transfer(deal.transfer(9_000, leg=3)))
    payment = run(ledger.store.first(GatewayObject, {"payment_id": deal.payment_id, "kind": "payment"}))
    assert (payment.spent, payment.refunded) == (3_000, 2_000)
