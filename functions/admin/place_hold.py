"""`POST /api/admin/holds`."""

from typing import Annotated, Final

import structlog
from msgspec import Meta, Struct

from freehold.documents import PayoutHold, User
from freehold.documents.payouts import HoldReason
from freehold.domain.text import prose
from freehold.edge import Call, endpoint
from freehold.edge.problems import NotFound
from freehold.ids import UserId
from freehold.store.payout_accounts import TooManyHolds
from freehold.store.payout_accounts import place_hold as store_hold
from freehold.views.payouts import HoldView, view_hold

LONGEST_HOLD_S: Final = 365 * 86_400

log = structlog.get_logger()


class NewHold(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Whose payouts are to wait, why (they read it), and for how many seconds (null: until it is lifted)."""

    user_id: UserId
    reason: HoldReason
    lasts_s: Annotated[int, Meta(ge=60, le=LONGEST_HOLD_S)] | None = None


@endpoint("POST /api/admin/holds", auth="admin", status=201, errors=[NotFound, TooManyHolds])
async def place_hold(call: Call, body: NewHold) -> HoldView:
    """Hold somebody's payouts up. Released money waits for them until the hold ends or is lifted; they are told why.

    Raises NotFound, TooManyHolds.
    """
    await call.unit.require(User, body.user_id)
    hold = PayoutHold(id=call.new_id("hld"), kind="operator", reason=prose(body.reason), since=call.now, by=call.caller.user_id)
    placed = await store_hold(call.unit, body.user_id, hold, lasts_s=body.lasts_s, now=call.now)
    log.info("hold_placed", hold_id=placed.id, user_id=body.user_id, by=call.caller.user_id)
    return view_hold(placed)
