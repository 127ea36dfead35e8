"""The reaction that asks a gateway about somebody's payout account."""

from functools import partial

from freehold.domain.news import Payee
from freehold.edge import Call, on_event
from freehold.edge.problems import ServiceUnavailable
from freehold.events import PayoutAccountRequested
from freehold.payments import GatewayUnavailable, asking, gateway_named
from freehold.settings import GATEWAY_SECRETS
from freehold.store import Unit
from freehold.store.payees import profile_of
from freehold.store.payout_accounts import record_account


@on_event("payout_account.requested", transaction=False, secrets=GATEWAY_SECRETS)
async def ask_about_account(call: Call, event: PayoutAccountRequested) -> None:
    """Open the account at its gateway, or find out how it stands; the answer and the inbox row are stored together."""
    profile = await profile_of(call.store, event.user_id)
    account = profile and profile.account(event.account_id)
    if not account:
        await call.transact(_nothing, finish=True)
        return
    gateway = gateway_named(account.gateway, store=call.store, environment=call.settings.environment, secret=call.secret)
    try:
        payee = await asking.ask_about_account(
            gateway, account, user_id=event.user_id, return_url=f"{call.settings.web_url.rstrip('/')}/payouts"
        )
    except GatewayUnavailable as error:
        raise ServiceUnavailable(f"{type(error).__name__}: {error}", retry_after_s=1) from error
    await call.transact(partial(_record, call, event, payee), finish=True)


async def _record(call: Call, event: PayoutAccountRequested, payee: Payee, unit: Unit) -> None:
    await record_account(unit, event.user_id, event.account_id, payee, now=call.now)


async def _nothing(_: Unit) -> None:
    """Finish: the account was replaced."""
