"""`POST /api/escrow/release`."""

from msgspec import Struct

from freehold.documents import Milestone, Version
from freehold.domain.errors import Fault, refuse_faults
from freehold.domain.escrow import ChargebackOpen, Facts, PartNotCovered, TooManyParts
from freehold.domain.milestones import currency_faults
from freehold.domain.money import Money
from freehold.domain.process import NotInThisState, NotYourStep
from freehold.edge import Call, endpoint
from freehold.edge.problems import Forbidden, NotFound, StaleVersion
from freehold.ids import MilestoneId
from freehold.store.milestones import party_of, take_step
from freehold.views.milestones import MilestoneView, view_milestone


class Release(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Whose money to release: all that is held, or a part (`amount`), which must name the `version` that the caller saw."""

    milestone_id: MilestoneId
    amount: Money | None = None
    version: Version | None = None


@endpoint(
    "POST /api/escrow/release",
    auth="user",
    status=202,
    errors=[NotFound, Forbidden, StaleVersion, NotInThisState, PartNotCovered, TooManyParts, ChargebackOpen],
)
async def release(call: Call, body: Release) -> MilestoneView:
    """Release held money to the freelancer, as the client: the same step as `release` of `PUT /api/milestones/{id}`.

    The transfer is asked for at once and known soon. Raises Forbidden for the freelancer, NotInThisState when nothing is held
    or another transfer is under way, PartNotCovered.
    """
    milestone = await call.unit.require(Milestone, body.milestone_id)
    side = party_of(milestone, call.caller.user_id)
    if body.amount is not None:
        unversioned = [] if body.version else [Fault("version", "the version that the part is released from")]
        refuse_faults(*unversioned, *currency_faults(body.amount, agreed_currency=milestone.holding.amount.currency))
    if body.version not in (None, milestone.version):
        raise StaleVersion(f"The milestone is at version {milestone.version}.")
    part = None if body.amount is None else body.amount.amount
    try:
        after = await take_step(call.unit, milestone, "release", by=side, facts=Facts(part=part), now=call.now)
    except NotYourStep as error:
        raise Forbidden(f"{error}.") from error
    return view_milestone(after, side=side)
