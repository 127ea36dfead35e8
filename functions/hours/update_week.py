"""`PUT /api/work-weeks/{id}`."""

from typing import Annotated, Final

from msgspec import UNSET, Meta, Struct, UnsetType

from freehold.documents import Version, WorkWeek
from freehold.domain.errors import Fault, refuse_faults
from freehold.domain.hours import WeekNotOver
from freehold.domain.process import NotInThisState, NotYourStep
from freehold.domain.week_process import WeekStep, week_step
from freehold.edge import Call, endpoint
from freehold.edge.problems import Forbidden, NotFound, StaleVersion
from freehold.ids import WorkWeekPath
from freehold.payments import AmountNotSendable, GatewayNotAvailable
from freehold.payments.exponents import require_sendable
from freehold.payments.offers import offer_of
from freehold.payments.week_charges import Means, bill_week, charge_again, saved_means
from freehold.store.timesheets import side_of
from freehold.store.work_weeks import close_week
from freehold.views.hours import WorkWeekView, view_week

PAYING: Final = ("gateway", "method")


class WorkWeekChange(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A `transition`, with the `version` that the caller saw.

    Beside `pay` may stand a `gateway` and one of its ways to pay; without them the saved method is charged.
    """

    transition: WeekStep
    version: Version
    gateway: Annotated[str, Meta(pattern=r"^[a-z]{1,20}$(?!\n)")] | UnsetType = UNSET
    method: Annotated[str, Meta(pattern=r"^[a-z_]{1,40}$(?!\n)")] | UnsetType = UNSET


@endpoint(
    "PUT /api/work-weeks/{id}",
    auth="user",
    errors=[NotFound, Forbidden, StaleVersion, NotInThisState, WeekNotOver, GatewayNotAvailable, AmountNotSendable],
)
async def update_week(call: Call, path: WorkWeekPath, body: WorkWeekChange) -> WorkWeekView:
    """Close a week's hours, approve them, or pay for them, before the clock does.

    The freelancer submits a week that is over; the client approves it, which charges what nobody objects to at once, and
    pays by hand when a charge was refused. Raises Forbidden for the other side's step, NotInThisState, WeekNotOver.
    """
    week = await call.unit.require(WorkWeek, path.id)
    side = side_of(week, call.caller.user_id)
    refuse_faults(*_misplaced(body))
    try:
        week_step(body.transition, actor=side, state=week.state)
    except NotYourStep as error:
        raise Forbidden(f"{error}.") from error
    if body.version != week.version:
        raise StaleVersion(f"The week is at version {week.version}.")
    match body.transition:
        case "submit":
            after = await close_week(call.unit, week, by=side)
        case "approve":
            after = await bill_week(call.unit, week, by=side, settings=call.settings)
        case "pay":
            means = await _means(call, week, body)
            after = await charge_again(call.unit, week, by=side, means=means, settings=call.settings)
    return view_week(after, side=side)


def _misplaced(body: WorkWeekChange) -> list[Fault]:
    given = [name for name in PAYING if getattr(body, name) is not UNSET]
    if body.transition == "pay":
        return [Fault("gateway", "the gateway of the method")] if given == ["method"] else []
    return [Fault(name, f"nothing beside {body.transition}") for name in given]


async def _means(call: Call, week: WorkWeek, body: WorkWeekChange) -> Means:
    """Find what the client pays with. Raises GatewayNotAvailable; InvalidFields when nothing is named and nothing saved."""
    if body.gateway is UNSET:
        saved = await saved_means(call.unit, week.client_id)
        if saved is None:
            refuse_faults(Fault("gateway", "a gateway, because you have saved no payment method that works"))
            raise AssertionError("refused")
        return saved
    offer = await offer_of(call.unit, body.gateway, environment=call.settings.environment)
    methods = offer.methods_for(week.rate.currency)
    if not methods:
        raise GatewayNotAvailable(f"{body.gateway} does not hold {week.rate.currency} here")
    if week.amount is not None:
        require_sendable(body.gateway, week.amount)
    method = methods[0] if body.method is UNSET else body.method
    if method not in methods:
        refuse_faults(Fault("method", f"one of {', '.join(methods)}"))
    return Means(body.gateway, method)
