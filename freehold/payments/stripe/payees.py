"""Payees: an Express account at Stripe for each, which Stripe itself asks for what it must know."""

from typing import Any, Final

from freehold.domain.settlement import NextAction
from freehold.payments.gateway import Payee, PayeeRequest
from freehold.payments.stripe.line import Line, StripeRefused
from freehold.payments.stripe.objects import Account, AccountLink
from freehold.payments.stripe.reports import payee_of

_CONTROLLER: Final = {
    "fees": {"payer": "application"},
    "losses": {"payments": "application"},
    "requirement_collection": "stripe",
    "stripe_dashboard": {"type": "express"},
}
"""The platform pays Stripe's fees and stands for what cannot be taken back; Stripe checks who people are."""


async def open_payee(line: Line, request: PayeeRequest) -> Payee:
    """Open an account, or find that of the same key, with an address where its owner goes on. Raises GatewayUnavailable."""
    try:
        made = await line.post("/v1/accounts", Account, key=request.key, **_opening(request))
        account = await line.get(f"/v1/accounts/{made.id}", Account)
        action = await _onboarding(line, account, request.return_url)
    except StripeRefused as refusal:
        return Payee(account="", state="restricted", reasons=(refusal.reason,))
    return payee_of(account, action=action)


async def payee(line: Line, account_id: str) -> Payee | None:
    """Say how an account stands; null when there is none that is ours."""
    found = await line.find(f"/v1/accounts/{account_id}", Account)
    return None if found is None else payee_of(found)


def _opening(request: PayeeRequest) -> dict[str, Any]:
    return {
        "controller": _CONTROLLER,
        "country": request.country,
        "capabilities": {"transfers": {"requested": True}},
        "metadata": {"freehold_key": request.key, "user_id": request.user_id},
        **({"email": request.address} if request.address else {}),
    }


async def _onboarding(line: Line, account: Account, return_url: str) -> NextAction | None:
    """Get a fresh address of Stripe's own pages; each is good once, and only for minutes."""
    if not return_url or payee_of(account).state == "ready":
        return None
    link = await line.post(
        "/v1/account_links",
        AccountLink,
        key=None,
        account=account.id,
        type="account_onboarding",
        return_url=return_url,
        refresh_url=return_url,
    )
    return NextAction(kind="redirect", url=link.url)
