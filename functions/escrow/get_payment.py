"""`GET /api/escrow/{id}/payment`."""

from typing import Literal

from msgspec import Struct

from freehold.documents import Command, Instant, Milestone
from freehold.domain.money import Money
from freehold.domain.settlement import NextAction, Outcome
from freehold.edge import Call, endpoint
from freehold.edge.problems import Forbidden, NotFound
from freehold.ids import MilestonePath
from freehold.store.milestones import party_of


class PaymentView(Struct, frozen=True, kw_only=True):
    """How the newest payment for a milestone stands. `waiting`: the gateway has not answered yet.

    A pending one may wait for its payer: `action` says what they must do at the gateway. Open `url`, or hand `token` to the
    gateway's own script in the page, together with its `public_key` (`GET /api/payment-gateways`). `reason` is the gateway's
    stable code for a refusal.
    """

    gateway: str
    method: str
    money: Money
    state: Outcome | Literal["waiting"]
    reason: str | None
    action: NextAction | None
    asked_at: Instant


@endpoint("GET /api/escrow/{id}/payment", auth="user", errors=[NotFound, Forbidden])
async def get_payment(call: Call, path: MilestonePath) -> PaymentView:
    """Read how the newest payment for a milestone stands, and what its payer must still do. For the client alone.

    Raises NotFound when nothing was asked for yet, Forbidden for the freelancer.
    """
    milestone = await call.store.require(Milestone, path.id)
    if party_of(milestone, call.caller.user_id) != "client":
        raise Forbidden("Only who pays can see the payment.")
    asked = {"milestone_id": milestone.id, "kind": "fund", "payment_id": milestone.holding.payment_id}
    found = await call.store.first(Command, asked) if milestone.holding.payment_id else None
    if found is None:
        raise NotFound("No payment was asked for yet.")
    return _view(found)


def _view(command: Command) -> PaymentView:
    report = command.report
    return PaymentView(
        gateway=command.gateway,
        method=command.method,
        money=command.money,
        state=report.outcome if report else "waiting",
        reason=report.reason if report else None,
        action=report.action if report and report.outcome == "pending" else None,
        asked_at=command.created_at,
    )
