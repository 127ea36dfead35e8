"""Payments over Stripe: the payer's part, saved methods, what is not known, and what can never be counted."""

import msgspec
import pytest

from freehold.domain.money import Money
from freehold.domain.settlement import NextAction
from freehold.payments.gateway import GatewayUnavailable, KeyReusedAtGateway, PaymentQuery
from freehold.payments.stripe import StripeGateway, StripeKeys
from tests.payments.deals import SAVED
from tests.payments.stripe_fake.bench import gateway_over


def test_the_payers_page_gets_the_secret_of_a_payment_that_waits_for_them(stripe):
    deal = stripe.deal()
    asked = stripe.run(stripe.gateway.fund(deal.fund("card")))
    assert asked.action == NextAction(kind="client_secret", token=stripe.books.named(deal.payment_id)["client_secret"])
    stripe.books.named(deal.payment_id).update(
        status="requires_action",
        next_action={"type": "redirect_to_url", "redirect_to_url": {"url": "https://bank.example.org", "return_url": None}},
    )
    led = stripe.run(stripe.gateway.capture_state(deal.query))
    assert (led.outcome, led.action.kind, led.action.url) == ("pending", "redirect", "https://bank.example.org")


def test_a_payer_whose_card_is_declined_may_try_again_on_the_same_payment(stripe):
    deal = stripe.deal()
    stripe.run(stripe.gateway.fund(deal.fund("card")))
    stripe.books.fail(deal.payment_id)
    assert stripe.run(stripe.gateway.capture_state(deal.query)).outcome == "pending"
    stripe.books.pays(deal.payment_id)
    assert stripe.run(stripe.gateway.capture_state(deal.query)).outcome == "done"


@pytest.mark.parametrize(
    ("way", "reason"),
    [
        ("pm_card_chargeDeclined", "generic_decline"),
        ("pm_card_chargeDeclinedInsufficientFunds", "insufficient_funds"),
        ("pm_card_chargeDeclinedFraudulent", "card_declined"),
        ("pm_card_authenticationRequired", "authentication_required"),
    ],
)
def test_what_the_bank_refuses_without_the_payer_is_refused_for_good_with_its_reason(stripe, way, reason):
    deal = stripe.deal()
    refused = stripe.run(stripe.gateway.fund(deal.fund(stripe.provider.saved(way))))
    assert (refused.outcome, refused.reason, refused.action) == ("refused", reason, None)
    assert refused.reference.startswith("pi_")
    stripe.fake.forget_keys()
    known = stripe.run(stripe.gateway.capture_state(deal.query))
    assert (known.outcome, known.reference) == ("refused", refused.reference)
    assert known.reason == reason


def test_a_debit_from_a_saved_account_is_pending_until_it_arrives_and_cannot_be_cancelled(stripe):
    deal = stripe.deal(10_000, "EUR")
    asked = stripe.run(stripe.gateway.fund(deal.fund(stripe.provider.saved("pm_sepa", "sepa_debit"))))
    assert (asked.outcome, asked.action) == ("pending", None)
    assert stripe.run(stripe.gateway.cancel(deal.query)).outcome == "pending"
    stripe.books.pays(deal.payment_id)
    assert stripe.run(stripe.gateway.capture_state(deal.query)).outcome == "done"


@pytest.mark.parametrize("fault", ["unreached", "lost", 409, 429, 500, 503, 401])
def test_when_no_answer_says_what_happened_nobody_knows_and_the_same_key_finds_out(stripe, fault):
    deal = stripe.deal()
    stripe.fails(fault, path="/v1/payment_intents")
    with pytest.raises(GatewayUnavailable):
        stripe.run(stripe.gateway.fund(deal.fund(stripe.provider.paid)))
    known = stripe.run(stripe.gateway.capture_state(deal.query))
    assert (known is not None) is (fault == "lost")
    assert stripe.run(stripe.gateway.fund(deal.fund(stripe.provider.paid))).outcome == "done"
    assert (stripe.count("payment_intent"), stripe.books.balance("usd")) == (1, 10_000 - 320)


def test_nothing_is_sent_twice_by_itself(stripe):
    stripe.paid()
    sent = len([each for each in stripe.fake.asked if each.path == "/v1/payment_intents"])
    stripe.fails(500, path="/v1/payment_intents")
    with pytest.raises(GatewayUnavailable):
        stripe.run(stripe.gateway.fund(stripe.deal().fund(stripe.provider.paid)))
    assert len([each for each in stripe.fake.asked if each.path == "/v1/payment_intents"]) == sent + 1


def test_a_payment_is_found_while_the_search_is_late(stripe):
    stripe.books.search_is_late = True
    deal = stripe.deal()
    asked = stripe.run(stripe.gateway.fund(deal.fund("card")))
    assert stripe.run(stripe.gateway.capture_state(deal.query)) is None
    by_name = PaymentQuery(payment_id=deal.payment_id, milestone_id=deal.milestone_id, reference=asked.reference)
    assert stripe.run(stripe.gateway.capture_state(by_name)) == asked
    assert stripe.run(stripe.gateway.fund(deal.fund("card"))) == asked
    stripe.books.pays(deal.payment_id)
    assert stripe.run(stripe.gateway.capture_state(deal.query)).outcome == "done"


def test_a_payment_that_was_charged_without_its_payer_is_found_after_the_key_is_forgotten_and_the_search_late(stripe):
    deal = stripe.paid()
    stripe.books.search_is_late = True
    stripe.fake.forget_keys()
    assert stripe.run(stripe.gateway.capture_state(deal.query)).outcome == "done"


def test_payments_of_one_milestone_are_kept_apart(stripe):
    first = stripe.deal()
    stripe.run(stripe.gateway.fund(first.fund(stripe.provider.refused)))
    second = stripe.deal()
    second.milestone_id = first.milestone_id
    request = msgspec.structs.replace(second.fund(stripe.provider.paid), key=f"fund:{first.milestone_id}#2")
    assert stripe.run(stripe.gateway.fund(request)).outcome == "done"
    again = PaymentQuery(payment_id=second.payment_id, milestone_id=first.milestone_id)
    assert stripe.run(stripe.gateway.capture_state(first.query)).outcome == "refused"
    assert stripe.run(stripe.gateway.capture_state(again)).outcome == "done"


def test_a_key_that_comes_with_another_amount_is_a_bug_of_ours(stripe):
    deal = stripe.deal()
    stripe.run(stripe.gateway.fund(deal.fund("card")))
    with pytest.raises(KeyReusedAtGateway):
        stripe.run(stripe.gateway.fund(msgspec.structs.replace(deal.fund("card"), money=Money(9_999, "USD"))))


@pytest.mark.parametrize(("amount", "currency"), [(5_124, "KWD"), (100_000_000, "USD"), (101, "MGA"), (100, "KPW")])
def test_a_payment_that_cannot_be_counted_is_refused_without_asking(stripe, amount, currency):
    refused = stripe.run(stripe.gateway.fund(stripe.deal(amount, currency).fund(stripe.provider.paid)))
    assert (refused.outcome, refused.reason, stripe.count("payment_intent")) == ("refused", "amount_not_sendable", 0)


@pytest.mark.parametrize(("amount", "currency", "counted"), [(5_120, "KWD", 5_120), (500, "JPY", 500), (90, "ISK", 9_000)])
def test_a_payment_arrives_in_the_units_that_stripe_counts(stripe, amount, currency, counted):
    deal = stripe.deal(amount, currency)
    report = stripe.run(stripe.gateway.fund(deal.fund("card")))
    assert report.money == Money(amount, currency)
    assert stripe.books.named(deal.payment_id)["amount"] == counted


def test_what_stripe_itself_refuses_is_refused_with_its_code(stripe):
    refused = stripe.run(stripe.gateway.fund(stripe.deal(49).fund("card")))
    assert (refused.outcome, refused.reason) == ("refused", "amount_too_small")


def test_a_payment_that_stripe_converted_says_so_and_shows_no_fee_of_another_currency(stripe):
    stripe.books.settles_in["chf"] = "usd"
    deal = stripe.deal(10_000, "CHF")
    report = stripe.run(stripe.gateway.fund(deal.fund(stripe.provider.paid)))
    assert (report.outcome, report.money, report.fee) == ("done", deal.money, 0)
    assert report.reason == "settled_in_other_currency"


def test_a_key_that_stripe_does_not_take_is_no_refusal_of_the_payment(stripe):
    stranger = StripeGateway(StripeKeys(secret_key="sk_test_stranger"), environment="sandbox", address=stripe.fake.address)
    with pytest.raises(GatewayUnavailable):
        stripe.run(stranger.capture_state(stripe.deal().query))


def test_a_saved_method_of_another_kind_is_refused(stripe):
    way = f"card:{SAVED}{stripe.provider.payer}/pm_sepa"
    refused = stripe.run(stripe.gateway.fund(stripe.deal(10_000, "EUR").fund(way)))
    assert (refused.outcome, refused.reason) == ("refused", "payment_intent_invalid_parameter")


def test_the_gateway_is_as_good_from_another_process(stripe):
    deal = stripe.paid()
    assert stripe.run(gateway_over(stripe.fake).capture_state(deal.query)).outcome == "done"
