"""`POST /api/admin/fee-schedules`."""

from typing import Annotated

from msgspec import Meta, Struct

from freehold.documents import FeeScheduleChange, Instant
from freehold.documents.payouts import HoldReason
from freehold.domain.errors import Fault, refuse_faults
from freehold.domain.fees import LARGEST_FEE_BASIS_POINTS, LARGEST_TAX_BASIS_POINTS
from freehold.domain.instants import in_utc
from freehold.domain.text import prose
from freehold.edge import Call, endpoint
from freehold.views.fees import ScheduleProposalView, view_proposal


class NewFeeSchedule(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is to be taken of each release, in hundredths of a percent, of what is paid for from `effective_at` on; and why."""

    basis_points: Annotated[int, Meta(ge=0, le=LARGEST_FEE_BASIS_POINTS)]
    tax_basis_points: Annotated[int, Meta(ge=0, le=LARGEST_TAX_BASIS_POINTS)] = 0
    effective_at: Instant
    reason: HoldReason


@endpoint("POST /api/admin/fee-schedules", auth="admin", status=201)
async def propose_fee_schedule(call: Call, body: NewFeeSchedule) -> ScheduleProposalView:
    """Propose a fee schedule. Another operator approves it, before it comes into force; it is never edited."""
    effective_at = in_utc(body.effective_at)
    if effective_at <= await call.unit.database_now():
        refuse_faults(Fault("effective_at", "a time in the future: nothing that is paid for already can change"))
    change = FeeScheduleChange(
        id=call.new_id("fee"),
        basis_points=body.basis_points,
        tax_basis_points=body.tax_basis_points,
        effective_at=effective_at,
        reason=prose(body.reason),
        proposed_by=call.caller.user_id,
        created_at=call.now,
        expires_at=effective_at,
    )
    call.unit.insert(change)
    return view_proposal(change)
