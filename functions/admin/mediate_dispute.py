"""`PUT /api/admin/disputes/{id}`."""

from typing import Final, Literal

import msgspec
import structlog
from msgspec import UNSET, Struct, UnsetType

from freehold.complaints import Statement
from freehold.documents import Dispute, Version
from freehold.domain.dispute_case import Facts, SplitNotPayable, TooManyNotes
from freehold.domain.errors import Fault, refuse_faults
from freehold.domain.escrow import ChargebackOpen
from freehold.domain.milestones import currency_faults
from freehold.domain.money import Money
from freehold.domain.process import NotInThisState
from freehold.domain.text import prose
from freehold.edge import Call, endpoint
from freehold.edge.problems import NotFound, PartyOfIt, StaleVersion
from freehold.ids import DisputePath
from freehold.store.disputes import Noted, NothingFrozen, take_step
from freehold.views.disputes import MediatedDispute, view_mediated

log = structlog.get_logger()

Taken = Literal["default_judgment", "propose", "rule", "note", "execute"]
NEEDED: Final[dict[str, tuple[str, ...]]] = {
    "propose": ("to_freelancer", "reasons"),
    "rule": ("to_freelancer", "reasons"),
    "note": ("note",),
}
"""What must stand beside each transition; nothing else may."""


class Mediation(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A `transition`, with the `version` that the caller saw.

    Beside `propose` and `rule` stands how much of what is disputed goes `to_freelancer`, and the `reasons`, which both sides
    read; beside `note` a `note`, which only mediators read.
    """

    version: Version
    transition: Taken
    to_freelancer: Money | UnsetType = UNSET
    reasons: Statement | UnsetType = UNSET
    note: Statement | UnsetType = UNSET


@endpoint(
    "PUT /api/admin/disputes/{id}",
    auth="admin",
    errors=[
        NotFound,
        PartyOfIt,
        StaleVersion,
        NotInThisState,
        SplitNotPayable,
        TooManyNotes,
        ChargebackOpen,
        NothingFrozen,
    ],
)
async def mediate_dispute(call: Call, path: DisputePath, body: Mediation) -> MediatedDispute:
    """Propose how to settle a dispute, rule it, note something; or do by hand what the clock does: default, execute.

    Raises PartyOfIt when the operator is a party, NotInThisState, SplitNotPayable, TooManyNotes, StaleVersion (also for a
    default before its time); for `execute`, ChargebackOpen and NothingFrozen.
    """
    dispute = await call.unit.require(Dispute, path.id)
    mediator_id = call.caller.user_id
    if dispute.party_of(mediator_id) is not None:
        raise PartyOfIt
    refuse_faults(*_misplaced(body), *_currency(body, dispute))
    if body.version != dispute.version:
        raise StaleVersion(f"The dispute is at version {dispute.version}.")
    facts = Facts(
        now=call.now,
        to_freelancer=None if body.to_freelancer is UNSET else body.to_freelancer.amount,
        text="" if body.reasons is UNSET else prose(body.reasons),
    )
    noted = Noted(by_id=mediator_id, note=None if body.note is UNSET else prose(body.note))
    after = await take_step(call.unit, dispute, body.transition, by="mediator", facts=facts, noted=noted)
    log.info("dispute_mediated", dispute_id=after.id, transition=body.transition, admin_id=mediator_id)
    return view_mediated(after)


def _misplaced(body: Mediation) -> list[Fault]:
    given = {name for name, value in msgspec.structs.asdict(body).items() if value is not UNSET} - {"version", "transition"}
    needed = set(NEEDED.get(body.transition, ()))
    missing = [Fault(name, f"a value beside {body.transition}") for name in sorted(needed - given)]
    return missing + [Fault(name, f"nothing beside {body.transition}") for name in sorted(given - needed)]


def _currency(body: Mediation, dispute: Dispute) -> tuple[Fault, ...]:
    if body.to_freelancer is UNSET:
        return ()
    return currency_faults(body.to_freelancer, agreed_currency=dispute.case.disputed.currency, field="to_freelancer")
