"""`POST /api/admin/holds/{id}/lift`."""

import structlog
from msgspec import Struct

from freehold.documents import PayeeProfile
from freehold.documents.payouts import HoldReason
from freehold.domain.text import prose
from freehold.edge import Call, endpoint
from freehold.edge.problems import NotFound
from freehold.ids import HoldPath
from freehold.store.payout_accounts import Lifting, lift_holds
from freehold.views.payouts import PayeeView, view_payee

log = structlog.get_logger()


class WhyLifted(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Why the hold is not needed any more; kept with the event, and shown to the payee."""

    reason: HoldReason


@endpoint("POST /api/admin/holds/{id}/lift", auth="admin", errors=[NotFound])
async def lift_hold(call: Call, path: HoldPath, body: WhyLifted) -> PayeeView:
    """Lift a hold before its time, also one for security. What it held up is paid, if nothing else stands in the way."""
    profile = await call.unit.first(PayeeProfile, {"holds.id": path.id})
    if profile is None:
        raise NotFound
    over = [hold for hold in profile.holds if hold.id == path.id]
    lifting = Lifting(by=call.caller.user_id, note=prose(body.reason))
    after = await lift_holds(call.unit, profile, over, lifting, now=call.now)
    log.info("hold_lifted", hold_id=path.id, user_id=profile.id, by=call.caller.user_id)
    return view_payee(after.id, after)
