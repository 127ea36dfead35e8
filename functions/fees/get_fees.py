"""`GET /api/fees`."""

from msgspec import Struct

from freehold.domain.fees import FEE_SCHEDULES
from freehold.edge import Call, endpoint
from freehold.store.fees import approved_schedules, schedule_in_force
from freehold.views.fees import FeeScheduleView, view_approved


class FeesView(Struct, frozen=True, kw_only=True):
    """The version in force now, and every schedule there ever was or is decided to come, the newest first."""

    current_version: int
    schedules: tuple[FeeScheduleView, ...]


@endpoint("GET /api/fees", auth="anyone")
async def get_fees(call: Call) -> FeesView:
    """Read what the platform takes. A milestone keeps the schedule in force when it is paid for, whatever comes later."""
    current = await schedule_in_force(call.store)
    approved = await approved_schedules(call.store)
    own = [
        FeeScheduleView(
            version=each.version, basis_points=each.basis_points, tax_basis_points=each.tax_basis_points, effective_at=None
        )
        for each in reversed(FEE_SCHEDULES)
    ]
    return FeesView(current_version=current.version, schedules=(*map(view_approved, approved), *own))
