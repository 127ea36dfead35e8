"""Asking a gateway about people: their payout accounts, their saved ways to pay. Never inside a transaction.

Both questions may be repeated with the same key, and then say how the same thing stands; so nothing is claimed before them.
"""

import asyncio

import msgspec

from freehold.documents import PaymentMethod, PayoutAccount
from freehold.payments.carrying import CALL_TIMEOUT_S
from freehold.payments.gateway import GatewayUnavailable, Payee, PayeeRequest, PaymentGateway, SavedMethod, SaveMethodRequest

ACCOUNT_GONE = "account_gone"
"""The reason of an account that the gateway does not know any more."""


async def ask_about_account(gateway: PaymentGateway, account: PayoutAccount, *, user_id: str, return_url: str) -> Payee:
    """Open the account if it is not open yet; say how it stands. Raises GatewayUnavailable."""
    request = PayeeRequest(
        key=account.id,
        user_id=user_id,
        country=account.country,
        currency=account.currency,
        address=account.address,
        return_url=return_url,
    )
    try:
        async with asyncio.timeout(CALL_TIMEOUT_S):
            if not account.account:
                return await gateway.open_payee(request)
            known = await gateway.payee(account.account)
            if known is not None and known.state == "pending" and known.action is None:
                return msgspec.structs.replace(await gateway.open_payee(request), account=account.account)
    except TimeoutError as error:
        raise GatewayUnavailable(f"{account.id}: no answer in {CALL_TIMEOUT_S} s") from error
    return known or Payee(account=account.account, state="restricted", reasons=(ACCOUNT_GONE,))


async def ask_about_method(gateway: PaymentGateway, method: PaymentMethod) -> SavedMethod:
    """Save the way to pay if it is not saved yet; say how that stands. Raises GatewayUnavailable."""
    request = SaveMethodRequest(key=method.id, payer_id=method.user_id, method=method.method)
    try:
        async with asyncio.timeout(CALL_TIMEOUT_S):
            return await gateway.save_method(request)
    except TimeoutError as error:
        raise GatewayUnavailable(f"{method.id}: no answer in {CALL_TIMEOUT_S} s") from error
