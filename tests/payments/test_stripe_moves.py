"""Transfers, refunds and reversals over Stripe: once, also when answers are lost and keys forgotten."""

import msgspec
import pytest

from freehold.domain.money import Money
from freehold.payments.gateway import GatewayUnavailable, KeyReusedAtGateway, ReverseRequest
from freehold.payments.stripe import line
from tests.payments.stripe_fake import moving


def reversal(deal, amount: int, *, leg: int = 1) -> ReverseRequest:
    return ReverseRequest(
        key=f"reversal:{deal.milestone_id}:{leg}",
        milestone_id=deal.milestone_id,
        transfer_key=deal.transfer(1).key,
        money=Money(amount, "USD"),
    )


def test_a_transfer_names_its_payment_as_its_source_and_its_milestone_as_its_group(stripe):
    deal = stripe.paid()
    stripe.run(stripe.gateway.transfer(deal.transfer(4_000)))
    (made,) = stripe.books.of("transfer")
    (charge,) = stripe.books.of("charge")
    assert (made["source_transaction"], made["transfer_group"], made["destination"]) == (
        charge["id"],
        deal.milestone_id,
        deal.payee_account,
    )
    assert made["metadata"] == {
        "freehold_key": deal.transfer(1).key,
        "milestone_id": deal.milestone_id,
        "payment_id": deal.payment_id,
        "payee_id": deal.payee_id,
    }


@pytest.mark.parametrize("kind", ["transfer", "refund", "reverse"])
@pytest.mark.parametrize("fault", ["unreached", "lost", 409, 429, 500])
def test_whatever_answer_is_lost_the_money_moves_once_and_is_found(stripe, kind, fault):
    deal = stripe.paid()
    if kind == "reverse":
        stripe.run(stripe.gateway.transfer(deal.transfer(4_000)))
    request = reversal(deal, 3_000) if kind == "reverse" else getattr(deal, kind)(3_000)
    before = stripe.books.balance("usd")
    stripe.fails(fault)
    with pytest.raises(GatewayUnavailable):
        stripe.run(getattr(stripe.gateway, kind)(request))
    known = stripe.run(stripe.gateway.look_up(key=request.key, milestone_id=deal.milestone_id))
    assert (known is not None) is (fault == "lost")
    assert stripe.run(getattr(stripe.gateway, kind)(request)).outcome == "done"
    assert abs(stripe.books.balance("usd") - before) == 3_000


@pytest.mark.parametrize("kind", ["transfer", "refund", "reverse"])
def test_a_key_that_stripe_has_forgotten_still_acts_once(stripe, kind):
    deal = stripe.paid()
    if kind == "reverse":
        stripe.run(stripe.gateway.transfer(deal.transfer(4_000)))
    request = reversal(deal, 3_000) if kind == "reverse" else getattr(deal, kind)(3_000)
    first = stripe.run(getattr(stripe.gateway, kind)(request))
    balance = stripe.books.balance("usd")
    stripe.fake.forget_keys()
    assert stripe.run(getattr(stripe.gateway, kind)(request)) == first
    with pytest.raises(KeyReusedAtGateway):
        stripe.run(getattr(stripe.gateway, kind)(msgspec.structs.replace(request, money=Money(2_999, "USD"))))
    assert stripe.books.balance("usd") == balance


def test_a_refund_and_transfers_never_add_up_to_more_than_the_payment(stripe):
    deal = stripe.paid()
    stripe.run(stripe.gateway.refund(deal.refund(6_000)))
    refused = stripe.run(stripe.gateway.transfer(deal.transfer(4_001)))
    assert (refused.outcome, refused.reason, stripe.count("transfer")) == ("refused", "source_spent", 0)
    assert stripe.run(stripe.gateway.transfer(deal.transfer(4_000, leg=2))).outcome == "done"


def test_a_payer_is_refunded_whatever_a_payee_was_paid_and_the_payee_is_asked_for_it(stripe):
    deal = stripe.paid()
    stripe.run(stripe.gateway.transfer(deal.transfer(10_000)))
    assert stripe.run(stripe.gateway.refund(deal.refund(4_000))).outcome == "done"
    assert stripe.run(stripe.gateway.reverse(reversal(deal, 4_000))).outcome == "done"
    assert stripe.run(stripe.gateway.refund(deal.refund(6_001, leg=2))).outcome == "refused"


def test_a_payee_without_an_account_is_not_paid(stripe):
    deal = stripe.paid()
    nowhere = stripe.run(stripe.gateway.transfer(msgspec.structs.replace(deal.transfer(1), payee_account="")))
    gone = msgspec.structs.replace(deal.transfer(1, leg=2), payee_account="acct_gone")
    assert (nowhere.outcome, nowhere.reason) == ("refused", "no_payout_account")
    assert stripe.run(stripe.gateway.transfer(gone)).reason == "payouts_blocked"


def test_a_transfer_that_cannot_be_counted_is_refused_and_nothing_moves(stripe):
    deal = stripe.deal(10_000, "KWD")
    stripe.run(stripe.gateway.fund(deal.fund(stripe.provider.paid)))
    refused = stripe.run(stripe.gateway.transfer(deal.transfer(9_001)))
    assert (refused.outcome, refused.reason, stripe.count("transfer")) == ("refused", "amount_not_sendable", 0)


def test_a_transfer_out_of_a_payment_that_stripe_converted_is_refused(stripe):
    stripe.books.settles_in["chf"] = "usd"
    deal = stripe.paid(10_000, "CHF")
    refused = stripe.run(stripe.gateway.transfer(deal.transfer(1_000)))
    assert (refused.outcome, refused.reason) == ("refused", "invalid_currency")


def test_a_reversal_that_the_payee_cannot_cover_is_refused_with_stripes_code(stripe):
    deal = stripe.paid()
    stripe.run(stripe.gateway.transfer(deal.transfer(4_000)))
    stripe.books.objects[deal.payee_account]["empty"] = True
    refused = stripe.run(stripe.gateway.reverse(reversal(deal, 1_000)))
    assert (refused.outcome, refused.reason) == ("refused", "balance_insufficient")


def test_a_reversal_of_what_was_never_transferred_is_refused(stripe):
    deal = stripe.paid()
    assert stripe.run(stripe.gateway.reverse(reversal(deal, 1_000))).outcome == "refused"


def test_a_refund_of_what_the_bank_disputes_is_refused(stripe):
    deal = stripe.paid()
    stripe.books.dispute(deal.payment_id, 10_000)
    refused = stripe.run(stripe.gateway.refund(deal.refund(1_000)))
    assert (refused.outcome, refused.reason) == ("refused", "charge_disputed")


def test_a_refund_that_the_bank_takes_its_time_for_is_pending(stripe):
    deal = stripe.paid()
    stripe.run(stripe.gateway.refund(deal.refund(1_000)))
    (made,) = stripe.books.of("refund")
    for status, outcome in [
        ("pending", "pending"),
        ("requires_action", "pending"),
        ("canceled", "refused"),
        ("failed", "refused"),
    ]:
        made["status"] = status
        assert stripe.run(stripe.gateway.look_up(key=deal.refund(1).key, milestone_id=deal.milestone_id)).outcome == outcome


def test_only_what_came_back_without_our_asking_is_returned(stripe):
    deal = stripe.paid()
    stripe.run(stripe.gateway.transfer(deal.transfer(4_000)))
    (made,) = stripe.books.of("transfer")
    stripe.run(stripe.gateway.reverse(reversal(deal, 4_000)))
    assert stripe.run(stripe.gateway.look_up(key=deal.transfer(1).key, milestone_id=deal.milestone_id)).outcome == "done"
    other = stripe.paid()
    stripe.run(stripe.gateway.transfer(other.transfer(4_000)))
    made = stripe.books.of("transfer")[0]
    moving.reverse(stripe.books, {"amount": 4_000}, made["id"])
    assert stripe.run(stripe.gateway.look_up(key=other.transfer(1).key, milestone_id=other.milestone_id)).outcome == "returned"


def test_what_is_on_a_later_page_is_found(stripe, monkeypatch):
    monkeypatch.setattr(line, "PAGE", 2)
    deal = stripe.paid()
    for leg in range(1, 6):
        stripe.run(stripe.gateway.transfer(deal.transfer(1_000, leg=leg)))
    assert stripe.run(stripe.gateway.look_up(key=deal.transfer(1).key, milestone_id=deal.milestone_id)).outcome == "done"
    monkeypatch.setattr(line, "MOST_PAGES", 2)
    with pytest.raises(GatewayUnavailable):
        stripe.run(stripe.gateway.look_up(key=deal.transfer(1).key, milestone_id=deal.milestone_id))
