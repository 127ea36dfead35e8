"""Payout accounts and holds: what opening, changing, asking and lifting store."""

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Final

import msgspec
from msgspec import Struct

from freehold.documents import PayeeProfile, PayoutAccount, PayoutHold
from freehold.domain.errors import Refused
from freehold.domain.news import Payee
from freehold.events import PayoutAccountChanged, PayoutAccountRequested, PayoutHoldLifted, PayoutsHeld
from freehold.ids import new_id
from freehold.store.errors import Missing
from freehold.store.payees import change_profile, hold_of, in_events
from freehold.store.unit import Unit

LOOK_AGAIN_S: Final = 60
LOOK_AGAIN_AT_READY_S: Final = 86_400
"""After so long a gateway is asked again: about an account that is not ready, and about ready ones."""
MOST_HOLDS: Final = 20
ACCOUNT_CHANGED: Final = (
    "Where you are paid was changed. Payouts wait until this hold ends, so that you can tell us if it was not you."
)


class TooManyHolds(Refused):
    """The person is held up for as many reasons as can be kept; lift one first."""

    code = "too_many_holds"


class AccountNotReady(Refused):
    """Only an account that the gateway pays into can be the one that is preferred."""

    code = "payout_account_not_ready"


async def own_profile(unit: Unit, user_id: str, account_id: str) -> tuple[PayeeProfile, PayoutAccount]:
    """Read somebody's profile and one of their accounts. Raises Missing when it is not theirs."""
    profile = await unit.get(PayeeProfile, user_id)
    account = profile and profile.account(account_id)
    if not profile or not account:
        raise Missing(f"{user_id} has no payout account {account_id}")
    return profile, account


async def open_account(unit: Unit, user_id: str, account: PayoutAccount, *, hold_s: float, now: datetime) -> PayeeProfile:
    """Note a new account, in the place of the one at the same gateway, and ask the gateway to open it.

    Whoever had an account already has changed where they are paid: that starts a hold.
    """
    before = await unit.get(PayeeProfile, user_id)
    hold = await _security_hold(unit, hold_s, now) if before and before.accounts else None
    check_at = await unit.database_now() + timedelta(seconds=LOOK_AGAIN_S)

    def opened(profile: PayeeProfile) -> PayeeProfile:
        old = profile.account_at(account.gateway)
        accounts = (*(each for each in profile.accounts if each is not old), account)
        keeps = profile.default_account_id is not None and (old is None or profile.default_account_id != old.id)
        default = profile.default_account_id if keeps else account.id
        return msgspec.structs.replace(_held(profile, hold), accounts=accounts, default_account_id=default, check_at=check_at)

    stored = await change_profile(unit, user_id, opened, now=now)
    unit.emit(PayoutAccountRequested(account_id=account.id, user_id=user_id), in_events(stored))
    _tell_held(unit, stored, hold)
    return stored


async def ask_again(unit: Unit, profile: PayeeProfile, *accounts: PayoutAccount, **changed: object) -> PayeeProfile:
    """Have the gateways asked how these accounts stand; `changed` is what else the profile then says."""
    after = await unit.update(profile, msgspec.structs.replace(profile, **changed))
    for account in accounts:
        unit.emit(PayoutAccountRequested(account_id=account.id, user_id=profile.id), in_events(after))
    return after


async def prefer_account(unit: Unit, user_id: str, account: PayoutAccount, *, hold_s: float, now: datetime) -> PayeeProfile:
    """Make an account the preferred one; that changes where money goes, so it starts a hold. Raises AccountNotReady."""
    if account.state != "ready":
        raise AccountNotReady(f"the payout account is {account.state}")
    hold = await _security_hold(unit, hold_s, now)

    def chosen(profile: PayeeProfile) -> PayeeProfile:
        return msgspec.structs.replace(_held(profile, hold), default_account_id=account.id)

    stored = await change_profile(unit, user_id, chosen, now=now)
    _tell_held(unit, stored, hold)
    return stored


async def change_currency(unit: Unit, user_id: str, account: PayoutAccount, *, now: datetime) -> PayeeProfile:
    """Store an account whose currency was changed."""
    return await change_profile(unit, user_id, lambda profile: _with_account(profile, account), now=now)


async def record_account(unit: Unit, user_id: str, account_id: str, news: Payee, *, now: datetime) -> PayeeProfile | None:
    """Take in what a gateway says of an account; null when it was replaced meanwhile."""
    profile = await unit.get(PayeeProfile, user_id)
    before = profile and profile.account(account_id)
    if not profile or not before:
        return None
    after = _with_account(profile, msgspec.structs.replace(before, **msgspec.structs.asdict(news)))
    wait_s = LOOK_AGAIN_AT_READY_S if all(each.state == "ready" for each in after.accounts) else LOOK_AGAIN_S
    check_at = await unit.database_now() + timedelta(seconds=wait_s)
    stored = await change_profile(unit, user_id, lambda _: msgspec.structs.replace(after, check_at=check_at), now=now)
    if (before.state, before.reasons, before.action) != (news.state, news.reasons, news.action):
        unit.emit(_changed(user_id, account_id, before.gateway, news), in_events(stored))
    return stored


async def record_news_of(unit: Unit, gateway: str, news: Payee, *, now: datetime) -> bool:
    """Take in what a gateway tells by itself of an account of its own; False when nobody here has that account."""
    place = {"accounts": {"$elemMatch": {"gateway": gateway, "account": news.account}}}
    profile = await unit.first(PayeeProfile, place) if news.account else None
    account = profile and profile.account_at(gateway)
    if not profile or not account:
        return False
    return await record_account(unit, profile.id, account.id, news, now=now) is not None


async def place_hold(unit: Unit, user_id: str, hold: PayoutHold, *, lasts_s: float | None, now: datetime) -> PayoutHold:
    """Hold somebody's payouts up. Raises TooManyHolds."""
    timed = await hold_of(unit, hold, lasts_s=lasts_s)

    def held(profile: PayeeProfile) -> PayeeProfile:
        if len(profile.holds) >= MOST_HOLDS:
            raise TooManyHolds(f"there are {MOST_HOLDS} holds already")
        return _held(profile, timed)

    _tell_held(unit, await change_profile(unit, user_id, held, now=now), timed)
    return timed


class Lifting(Struct, frozen=True, kw_only=True):
    """Who lifts a hold (null: its time is over), and why."""

    by: str | None = None
    note: str = ""


async def lift_holds(
    unit: Unit, profile: PayeeProfile, over: Collection[PayoutHold], lifting: Lifting, *, now: datetime
) -> PayeeProfile:
    """Lift these holds; each is told."""
    rest = tuple(hold for hold in profile.holds if hold not in over)
    stored = await change_profile(unit, profile.id, lambda each: msgspec.structs.replace(each, holds=rest), now=now)
    for hold in over:
        event = PayoutHoldLifted(hold_id=hold.id, user_id=profile.id, free=not rest, by=lifting.by, note=lifting.note)
        unit.emit(event, in_events(stored))
    return stored


async def _security_hold(unit: Unit, hold_s: float, now: datetime) -> PayoutHold:
    hold = PayoutHold(id=new_id("hld"), kind="security", reason=ACCOUNT_CHANGED, since=now)
    return await hold_of(unit, hold, lasts_s=hold_s)


def _with_account(profile: PayeeProfile, account: PayoutAccount) -> PayeeProfile:
    accounts = tuple(account if each.id == account.id else each for each in profile.accounts)
    return msgspec.structs.replace(profile, accounts=accounts)


def _changed(user_id: str, account_id: str, gateway: str, news: Payee) -> PayoutAccountChanged:
    return PayoutAccountChanged(account_id=account_id, user_id=user_id, gateway=gateway, state=news.state, reasons=news.reasons)


def _held(profile: PayeeProfile, hold: PayoutHold | None) -> PayeeProfile:
    """Add a hold. One for security takes the place of the one before: it begins anew."""
    if hold is None:
        return profile
    others = tuple(each for each in profile.holds if hold.kind != "security" or each.kind != "security")
    return msgspec.structs.replace(profile, holds=(*others, hold))


def _tell_held(unit: Unit, profile: PayeeProfile, hold: PayoutHold | None) -> None:
    if hold is not None:
        event = PayoutsHeld(
            hold_id=hold.id, user_id=profile.id, kind=hold.kind, reason=hold.reason, until=hold.until, by=hold.by
        )
        unit.emit(event, in_events(profile))
