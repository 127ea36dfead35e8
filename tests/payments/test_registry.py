"""Which gateways an installation has: production has no sandbox."""

import pytest

from freehold.domain.errors import Refused
from freehold.payments import gateway_named


def nothing(_: str) -> str:
    """Give what an empty secret file holds."""
    return ""


@pytest.mark.parametrize(("name", "environment"), [("sandbox", "production"), ("stripe", "sandbox"), ("", "sandbox")])
def test_a_gateway_that_is_not_here_is_refused(ledger, name, environment):
    with pytest.raises(Refused) as refusal:
        gateway_named(name, store=ledger.store, environment=environment, secret=nothing)
    assert refusal.value.code == "gateway_not_available"


def test_the_sandbox_is_there_where_no_real_money_is(ledger):
    gateway = gateway_named("sandbox", store=ledger.store, environment="sandbox", secret=nothing)
    assert gateway.name == "sandbox"
