"""`POST /api/admin/adjustments`."""

from typing import Annotated

import structlog
from msgspec import Meta, Struct

from freehold.documents import Adjustment, User
from freehold.documents.payouts import HoldReason
from freehold.domain.adjustments import AT_A_GATEWAY, AdjustmentKind
from freehold.domain.errors import Fault, refuse_faults
from freehold.domain.hiring import payable_faults
from freehold.domain.money import Money
from freehold.domain.text import prose
from freehold.edge import Call, endpoint
from freehold.edge.problems import NotFound
from freehold.ids import UserId
from freehold.payments import GatewayNotAvailable
from freehold.payments.offers import offer_of
from freehold.store.adjustments import propose
from freehold.views.adjustments import AdjustmentView, view_adjustment

log = structlog.get_logger()


class NewAdjustment(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What to move, and why.

    A top-up or a withdrawal (of the platform's own money) names the `gateway` that it happens at, a debt that is written off
    the person (`user_id`) who owed it.
    """

    kind: AdjustmentKind
    money: Money
    reason: HoldReason
    gateway: Annotated[str, Meta(pattern=r"^[a-z]{1,20}$(?!\n)")] | None = None
    user_id: UserId | None = None


@endpoint("POST /api/admin/adjustments", auth="admin", status=201, errors=[NotFound, GatewayNotAvailable])
async def propose_adjustment(call: Call, body: NewAdjustment) -> AdjustmentView:
    """Propose to adjust the ledger by hand. Nothing moves until another operator approves it, within seven days.

    `top_up`: the operator has paid money into the gateway's account; `withdrawal`: taken the platform's own out of it;
    `write_off`: a debt that will not be paid. Raises GatewayNotAvailable.
    """
    refuse_faults(*payable_faults("money", body.money), *_shape_faults(body))
    if body.gateway is not None:
        await offer_of(call.unit, body.gateway, environment=call.settings.environment)
    if body.user_id is not None:
        await call.unit.require(User, body.user_id)
    adjustment = Adjustment(
        id=call.new_id("adj"),
        kind=body.kind,
        money=body.money,
        gateway=body.gateway,
        user_id=body.user_id,
        reason=prose(body.reason),
        proposed_by=call.caller.user_id,
        created_at=call.now,
        expires_at=call.now,
    )
    kept = await propose(call.unit, adjustment)
    log.info("adjustment_proposed", adjustment_id=kept.id, kind=kept.kind, by=kept.proposed_by)
    return view_adjustment(kept)


def _shape_faults(body: NewAdjustment) -> tuple[Fault, ...]:
    at_a_gateway = body.kind in AT_A_GATEWAY
    wrong = [
        (at_a_gateway and body.gateway is None, "gateway", "the gateway that it happens at"),
        (not at_a_gateway and body.gateway is not None, "gateway", "none: this happens at no gateway"),
        (not at_a_gateway and body.user_id is None, "user_id", "the person whose debt it is"),
        (at_a_gateway and body.user_id is not None, "user_id", "nobody: this is the platform's own"),
    ]
    return tuple(Fault(field, expected) for is_wrong, field, expected in wrong if is_wrong)
