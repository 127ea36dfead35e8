"""Which gateways an installation has: production has no sandbox."""

import subprocess
import sys

import pytest

from freehold.domain.errors import Refused
from freehold.payments import GatewayNotAvailable, gateway_named
from freehold.payments.gateway import InvalidWebhook
from freehold.payments.registry import GatewayMisconfigured
from freehold.store import now
from tests.payments.stripe_fake.server import signed


def nothing(_: str) -> str:
    """Give what a gateway's secret holds that nobody has filled in."""
    return "none"


@pytest.mark.parametrize("unfilled", ["none", "None", " none ", ""])
@pytest.mark.parametrize(
    ("name", "environment"),
    [("sandbox", "production"), ("stripe", "sandbox"), ("paypal", "production"), ("razorpay", "sandbox"), ("", "sandbox")],
)
def test_a_gateway_that_is_not_here_is_refused(ledger, name, environment, unfilled):
    with pytest.raises(Refused) as refusal:
        gateway_named(name, store=ledger.store, environment=environment, secret=lambda _: unfilled)
    assert (refusal.value.code, type(refusal.value)) == ("gateway_not_available", GatewayNotAvailable)


def test_a_secret_of_stripes_that_is_not_filled_in_is_none_and_not_a_key(ledger):
    keys = {"stripe_secret_key": "sk_test_1", "stripe_webhook_key": "none", "stripe_publishable_key": "none"}
    gateway = gateway_named("stripe", store=ledger.store, environment="sandbox", secret=keys.__getitem__)
    body = b'{"id": "evt_1", "type": "account.updated"}'
    forged = signed(body, now().timestamp(), key="none")
    with pytest.raises(InvalidWebhook):
        ledger.run(gateway.read_webhook(body=body, headers=forged, now=now()))


def test_the_sandbox_is_there_where_no_real_money_is(ledger):
    gateway = gateway_named("sandbox", store=ledger.store, environment="sandbox", secret=nothing)
    assert gateway.name == "sandbox"


PAYPAL = '{"client_id": "an-id", "client_secret": "a-secret", "webhook_id": "WH1", "site": "%s"}'
RAZORPAY = '{"key_id": "rzp_%s_1", "key_secret": "a-secret", "webhook_secret": "another"}'
KEYS = [("paypal", PAYPAL % "sandbox", PAYPAL % "live"), ("razorpay", RAZORPAY % "test", RAZORPAY % "live")]


@pytest.mark.parametrize(("name", "for_tests", "live"), KEYS)
def test_a_gateway_whose_keys_are_filled_in_is_there(ledger, name, for_tests, live):
    for environment, text in (("sandbox", for_tests), ("production", live)):
        keys = {f"{name}_keys": text}
        assert gateway_named(name, store=ledger.store, environment=environment, secret=keys.__getitem__).name == name


@pytest.mark.parametrize(("name", "for_tests", "live"), KEYS)
def test_real_money_moves_in_production_and_nothing_else_there(ledger, name, for_tests, live):
    for environment, text in (("sandbox", live), ("production", for_tests)):
        keys = {f"{name}_keys": text}
        with pytest.raises(Refused) as refusal:
            gateway_named(name, store=ledger.store, environment=environment, secret=keys.__getitem__)
        assert (refusal.value.code, "a-secret" in str(refusal.value)) == ("gateway_not_available", False)


@pytest.mark.parametrize("name", ["paypal", "razorpay"])
@pytest.mark.parametrize(
    "text", ["a-secret", "{}", "[]", '{"client_id": 1}', '{"client_id": "a", "client_secret": "b", "more": 1}']
)
def test_keys_that_cannot_be_read_are_no_gateway_and_are_not_repeated(ledger, name, text):
    with pytest.raises(Refused) as refusal:
        gateway_named(name, store=ledger.store, environment="sandbox", secret=lambda _: text)
    assert (refusal.value.code, "a-secret" in str(refusal.value)) == ("gateway_not_available", False)


@pytest.mark.parametrize("name", ["paypal", "razorpay"])
def test_keys_that_cannot_be_read_are_told_from_none(ledger, name):
    with pytest.raises(GatewayMisconfigured) as refusal:
        gateway_named(name, store=ledger.store, environment="sandbox", secret=lambda _: "{not json")
    assert (refusal.value.code, refusal.value.reason) == ("gateway_not_available", "keys_unreadable")


def test_no_gateways_library_is_loaded_before_it_is_called():
    heavy = "{'apimatic_core', 'httpx', 'paypalserversdk', 'razorpay', 'requests', 'stripe'}"
    asked = [sys.executable, "-c", f"import sys, freehold.payments; print(sorted({heavy} & set(sys.modules)))"]
    assert subprocess.run(asked, capture_output=True, text=True, check=True).stdout.strip() == "[]"
