"""Saved payment methods: how many one may keep, which is the default, and what a gateway's answer changes."""

from datetime import datetime, timedelta
from typing import Any, Final, Literal

import msgspec
from msgspec import Struct

from freehold.documents import PaymentMethod, User
from freehold.domain.errors import Refused
from freehold.domain.settlement import NextAction
from freehold.events import PaymentMethodChanged, PaymentMethodRequested
from freehold.store.errors import Missing
from freehold.store.unit import Unit

LOOK_AGAIN_S: Final = 60
"""After so long a gateway is asked again about a method whose owner must still act."""
KEPT: Final = ("asking", "pending", "ready")
DUE: Final[dict[str, Any]] = {"check_at": {"$type": "date"}, "$expr": {"$lte": ["$check_at", "$$NOW"]}}
"""Matches methods (and payees) whose gateway is to be asked again, by the database's clock."""


class TooManyMethods(Refused):
    """As many payment methods are saved as one person can keep; remove one first."""

    code = "too_many_payment_methods"


class MethodNotReady(Refused):
    """Only a method that the gateway has accepted can be the default."""

    code = "payment_method_not_ready"


class MethodNews(Struct, frozen=True, kw_only=True):
    """What a gateway says of a method: how it stands, its own name for it, and what its owner must do."""

    state: Literal["pending", "ready", "refused"]
    reference: str
    label: str = ""
    reason: str | None = None
    action: NextAction | None = None


async def own_method(unit: Unit, method_id: str, user_id: str) -> PaymentMethod:
    """Read somebody's own method. Raises Missing for another's, and for one that was removed."""
    method = await unit.get(PaymentMethod, method_id)
    if method is None or method.user_id != user_id or method.state == "removed":
        raise Missing(f"{user_id} has no payment method {method_id}")
    return method


async def save_method(unit: Unit, method: PaymentMethod, *, limit: int) -> PaymentMethod:
    """Keep a new method and ask for it at the gateway, when the unit ends. The unit then raises TooManyMethods past `limit`.

    The write to the person's document makes two that are saved at once meet.
    """

    async def check(counters: dict[str, int]) -> None:
        kept = {"user_id": method.user_id, "state": {"$in": list(KEPT)}}
        if counters["methods_saved"] > limit and await unit.count(PaymentMethod, kept, limit=limit + 1) > limit:
            raise TooManyMethods(f"{limit} payment methods are saved; remove one first")

    asked = msgspec.structs.replace(method, check_at=await unit.database_now() + timedelta(seconds=LOOK_AGAIN_S))
    unit.insert(asked)
    unit.increment_at_end(User, method.user_id, {"methods_saved": 1}, check)
    unit.emit(PaymentMethodRequested(method_id=method.id, user_id=method.user_id), asked)
    return asked


async def record_method(unit: Unit, method_id: str, news: MethodNews, *, now: datetime) -> PaymentMethod | None:
    """Take in what the gateway says of a method; null when it is over already. The first ready one is the default."""
    before = await unit.get(PaymentMethod, method_id)
    if before is None or before.state in {"removed", "refused"}:
        return None
    ready = news.state == "ready"
    is_first = ready and await unit.first(PaymentMethod, {"user_id": before.user_id, "is_default": True}) is None
    after = msgspec.structs.replace(
        before,
        **msgspec.structs.asdict(news),
        is_default=(before.is_default and ready) or is_first,
        check_at=None,
        updated_at=now,
    )
    stored = await unit.update(before, after, deadlines={"check_at": LOOK_AGAIN_S} if news.state == "pending" else None)
    if (before.state, before.reason, before.action) != (news.state, news.reason, news.action):
        unit.emit(_changed(stored), stored)
    return stored


async def make_default(unit: Unit, method: PaymentMethod, *, now: datetime) -> PaymentMethod:
    """Make a method the one that its owner is charged by. Raises MethodNotReady."""
    if method.state != "ready":
        raise MethodNotReady(f"the payment method is {method.state}")
    if method.is_default:
        return method
    older = await unit.first(PaymentMethod, {"user_id": method.user_id, "is_default": True})
    if older is not None:
        await unit.update(older, msgspec.structs.replace(older, is_default=False, updated_at=now))
    return await unit.update(method, msgspec.structs.replace(method, is_default=True, updated_at=now))


async def remove_method(unit: Unit, method: PaymentMethod, *, now: datetime) -> None:
    """Forget a method: it is never charged again. No other becomes the default by itself: nobody chose it."""
    after = msgspec.structs.replace(
        method, state="removed", reference="", is_default=False, action=None, check_at=None, updated_at=now
    )
    await unit.update(method, after)


def _changed(method: PaymentMethod) -> PaymentMethodChanged:
    return PaymentMethodChanged(
        method_id=method.id,
        user_id=method.user_id,
        gateway=method.gateway,
        label=method.label or method.method,
        state=method.state,
        reason=method.reason,
    )
