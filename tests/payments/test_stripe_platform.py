"""The platform's own account at Stripe, payees' accounts, and what a process loads only when it pays."""

import subprocess
import sys

import pytest

from freehold.payments import registry
from freehold.payments.gateway import GatewayNotAvailable, GatewayUnavailable, PayeeRequest, SaveMethodRequest
from tests.payments.stripe_fake import accounts
from tests.payments.stripe_fake.bench import gateway_over


@pytest.mark.parametrize("interval", ["daily", "weekly", "monthly", None])
def test_no_money_is_taken_or_paid_out_while_stripe_empties_the_balance_by_itself(stripe, interval):
    deal = stripe.paid()
    stripe.books.interval = interval
    careless = gateway_over(stripe.fake, environment="production")  # so that nothing is remembered of before
    offer = stripe.run(careless.check())
    assert (offer.state, "payouts_not_manual" in offer.reasons) == ("refused", True)
    for asked in (careless.fund(stripe.deal().fund("card")), careless.transfer(deal.transfer(1_000))):
        with pytest.raises(GatewayNotAvailable, match="payouts_not_manual"):
            stripe.run(asked)
    assert (stripe.count("payment_intent"), stripe.count("transfer")) == (1, 0)
    assert stripe.run(careless.refund(deal.refund(1_000))).outcome == "done"


@pytest.mark.parametrize(
    ("live", "environment", "reasons"),
    [
        (False, "sandbox", ()),
        (True, "production", ()),
        (False, "production", ("test_key_in_production",)),
        (True, "sandbox", ("live_key_outside_production",)),
    ],
)
def test_real_money_and_production_belong_together(stripe, live, environment, reasons):
    stripe.books.live = live
    assert stripe.run(gateway_over(stripe.fake, environment=environment).check()).reasons == reasons


def test_an_account_that_may_not_charge_is_refused(stripe):
    stripe.books.charges_enabled = False
    assert stripe.run(stripe.gateway.check()).reasons == ("charges_not_enabled",)


def test_only_ways_to_pay_whose_capability_is_active_are_offered_and_only_currencies_that_are_held(stripe):
    stripe.books.book(1, "eur", "charge", "ch_x")
    stripe.books.book(10, "kwd", "charge", "ch_y")
    offer = stripe.run(stripe.gateway.check())
    assert offer.currencies == ("EUR", "USD")
    assert (offer.methods_for("EUR"), offer.methods_for("USD")) == (("card", "sepa_debit"), ("card",))
    assert (offer.country, offer.max_hold_days, offer.public_key) == ("US", 730, "pk_test_fake")


def test_a_check_that_gets_no_answer_is_no_refusal(stripe):
    stripe.fails(500, method="get", path="/v1/balance_settings")
    with pytest.raises(GatewayUnavailable):
        stripe.run(stripe.gateway.check())


def request(country: str = "DE", *, return_url: str = "https://example.org/back") -> PayeeRequest:
    return PayeeRequest(
        key="payee:usr_1", user_id="usr_1", country=country, currency="EUR", address="a@example.org", return_url=return_url
    )


def test_a_payee_is_led_through_stripes_own_pages_until_it_can_be_paid(stripe):
    opened = stripe.run(stripe.gateway.open_payee(request()))
    assert (opened.state, opened.action.kind, opened.action.url) == (
        "pending",
        "redirect",
        f"https://connect.stripe.com/setup/{opened.account}",
    )
    assert "external_account" in opened.reasons
    account = stripe.books.objects[opened.account]
    account["details_submitted"] = True
    account["requirements"] = {**accounts.NOTHING, "current_deadline": None, "disabled_reason": "under_review"}
    waiting = stripe.run(stripe.gateway.payee(opened.account))
    assert (waiting.state, waiting.reasons) == ("restricted", ("under_review",))
    accounts.onboard(account)
    ready = stripe.run(stripe.gateway.open_payee(request()))
    assert (ready.account, ready.state, ready.action) == (opened.account, "ready", None)


def test_a_payee_that_takes_transfers_but_cannot_pay_them_out_is_not_ready(stripe):
    opened = stripe.run(stripe.gateway.open_payee(request()))
    account = stripe.books.objects[opened.account]
    accounts.onboard(account)
    account["payouts_enabled"] = False
    assert stripe.run(stripe.gateway.payee(opened.account)).state == "restricted"


def test_a_country_that_stripe_does_not_serve_is_said_so(stripe):
    refused = stripe.run(stripe.gateway.open_payee(request("XXX")))
    assert (refused.account, refused.state, refused.reasons) == ("", "restricted", ("country_unsupported",))


def test_an_account_that_is_not_ours_is_not_there(stripe):
    assert stripe.run(stripe.gateway.payee("acct_of_somebody_else")) is None


def test_saving_a_way_to_pay_is_begun_once_and_can_be_given_up(stripe):
    asked = SaveMethodRequest(key="save:1", payer_id="usr_1", method="card")
    first = stripe.run(stripe.gateway.save_method(asked))
    stripe.fake.forget_keys()
    assert stripe.run(stripe.gateway.save_method(asked)) == first
    assert (stripe.count("setup_intent"), first.action.kind) == (1, "client_secret")
    stripe.books.of("setup_intent")[0].update(status="canceled", cancellation_reason="abandoned")
    given_up = stripe.run(stripe.gateway.save_method(asked))
    assert (given_up.state, given_up.reason) == ("refused", "abandoned")


def test_stripe_is_here_once_its_secret_is_filled_in():
    def filled(name: str) -> str:
        return {"stripe_secret_key": "sk_test_1", "stripe_webhook_key": "whsec_1"}.get(name, "")

    found = registry.gateway_named("stripe", store=None, environment="sandbox", secret=filled)
    assert found.name == "stripe"
    with pytest.raises(GatewayNotAvailable):
        registry.gateway_named("stripe", store=None, environment="sandbox", secret=lambda _: "")


def test_a_process_that_does_not_pay_loads_nothing_of_stripe():
    code = (
        "import sys, functions.payments.carry_out_command, functions.escrow.deposit;"
        "print(sorted({'stripe', 'httpx', 'anyio'} & set(sys.modules) - {'anyio'}))"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "[]"
