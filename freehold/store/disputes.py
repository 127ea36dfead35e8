"""Writing the steps of a dispute, each in one transaction with the step of the milestone's money that belongs to it."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, ClassVar, Final, Literal

import msgspec
from msgspec import Struct

from freehold.documents import Dispute, MediatorNote, Milestone, StepTaken
from freehold.domain import disputes, escrow
from freehold.domain.dispute_case import Case, Facts
from freehold.domain.dispute_fees import CURRENT_DISPUTE_FEES
from freehold.domain.dispute_process import PROCESS, TERMS, Actor, Party, Reason, Row, State, Transition
from freehold.domain.errors import Refused
from freehold.domain.money import Money
from freehold.events import DisputeStepped, all_events
from freehold.ids import new_id
from freehold.store import milestones
from freehold.store.conversions import ExchangeDesk
from freehold.store.unit import Unit

DUE: Final[dict[str, Any]] = {"due_at": {"$type": "date"}, "$expr": {"$lte": ["$due_at", "$$NOW"]}}
_FILE: Final = PROCESS[0]


class NothingFrozen(Refused):
    """Nothing is frozen for this dispute any more: a chargeback has taken it."""

    code: ClassVar[str] = "nothing_frozen"


class Claim(Struct, frozen=True, kw_only=True):
    """What somebody disputes: how much is to be frozen, how much of it they want, and why. An operator may file for a party."""

    filer: Party
    filed_by_id: str
    amount: Money
    claim: Money
    reason: Reason
    statement: str


class Noted(Struct, frozen=True, kw_only=True):
    """What a step leaves on the dispute beside the case, and whose it is (null: the clock's)."""

    by_id: str | None = None
    answer: str | None = None
    note: str | None = None


NOTHING_NOTED: Final = Noted()


async def file_dispute(unit: Unit, milestone: Milestone, claim: Claim, *, now: datetime) -> Dispute:
    """Freeze what is disputed and open the dispute. Raises what the money's engine refuses."""
    dispute = _filed(milestone, claim, now=now)
    facts = escrow.Facts(part=claim.amount.amount, dispute_id=dispute.id)
    await milestones.take_step(unit, milestone, "dispute", by=claim.filer, facts=facts, now=now)
    unit.insert(dispute, duplicate=escrow.DisputeOpen("a dispute about this milestone is open already"))
    await unit.flush()  # what is inserted cannot say `$$NOW`, what is updated can
    timed = await unit.update(dispute, dispute, deadlines=_deadlines("filed"))
    unit.emit(_event(timed, _FILE, came_from="filed"), timed)
    return timed


async def take_step(  # noqa: PLR0913 - who does what, with which facts, and where what is paid out is converted
    unit: Unit,
    dispute: Dispute,
    transition: Transition,
    *,
    by: Actor,
    facts: Facts,
    noted: Noted = NOTHING_NOTED,
    desk: ExchangeDesk | None = None,
) -> Dispute:
    """Take a step of the process and store it, with what it does to the money.

    Raises what the process refuses, what the money's engine refuses, and Stale when the dispute, the milestone or the time is
    not as it was.
    """
    milestone = await _milestone(unit, dispute, transition)
    if transition == "execute" and milestone is not None:
        facts = msgspec.structs.replace(facts, frozen=_frozen(dispute, milestone))
    step = disputes.take(dispute.case, transition, by=by, facts=facts)
    if milestone is not None:
        order = _order(dispute, step)
        ordered, taken = order.transition, order.facts
        await milestones.take_step(unit, milestone, ordered, by="operator", facts=taken, now=facts.now, desk=desk)
    return await _write(unit, dispute, step, noted=noted, now=facts.now)


def about(dispute: Dispute) -> dict[str, Any]:
    """Give what every event of a dispute says."""
    return {
        "dispute_id": dispute.id,
        "milestone_id": dispute.milestone_id,
        "project_id": dispute.project_id,
        "client_id": dispute.client_id,
        "freelancer_id": dispute.freelancer_id,
        "filer": dispute.case.filer,
        "mediator_id": dispute.mediator_id,
        "title": dispute.title,
        "state": dispute.case.state,
        "amount": dispute.case.disputed,
        "due_at": dispute.due_at,
    }


def is_frozen_for(dispute_id: str, milestone: Milestone) -> bool:
    """Tell whether the milestone still freezes money for this dispute."""
    return milestone.holding.dispute is not None and milestone.holding.dispute.id == dispute_id


def _filed(milestone: Milestone, claim: Claim, *, now: datetime) -> Dispute:
    by_id = claim.filed_by_id
    by: Actor = "filer" if by_id in {milestone.client_id, milestone.freelancer_id} else "mediator"
    return Dispute(
        id=new_id("dsp"),
        milestone_id=milestone.id,
        project_id=milestone.project_id,
        client_id=milestone.client_id,
        freelancer_id=milestone.freelancer_id,
        title=milestone.title,
        case=Case(
            state="filed",
            filer=claim.filer,
            disputed=claim.amount,
            claim=claim.claim.amount,
            fee=CURRENT_DISPUTE_FEES.fee_in(claim.amount.currency),
        ),
        reason=claim.reason,
        statement=claim.statement,
        filed_by_id=by_id,
        history=(StepTaken(transition="file", by=by, by_id=by_id, came_from=None, went_to="filed", at=now),),
        created_at=now,
        updated_at=now,
    )


async def _milestone(unit: Unit, dispute: Dispute, transition: Transition) -> Milestone | None:
    """Read the milestone whose money this step moves; null when it moves none."""
    moves = any(row.money for row in PROCESS if row.transition == transition)
    return await unit.require(Milestone, dispute.milestone_id) if moves else None


def _frozen(dispute: Dispute, milestone: Milestone) -> int:
    frozen = milestone.holding.dispute
    if frozen is None or frozen.id != dispute.id:
        raise NothingFrozen("a chargeback has taken what was frozen")
    return frozen.amount


class _Order(Struct, frozen=True):
    transition: Literal["withdraw_dispute", "settle_dispute"]
    facts: escrow.Facts


def _order(dispute: Dispute, step: disputes.Step) -> _Order:
    """Say what this step does to the milestone's money: all of it is held again, or it is divided as decided."""
    if step.row.money == "unfreeze":
        return _Order("withdraw_dispute", escrow.Facts(dispute_id=dispute.id))
    if step.after.outcome is None:
        raise ValueError(f"{dispute.id} is to be settled, but it is not decided")
    split = step.after.outcome.split
    divided = escrow.Facts(
        dispute_id=dispute.id,
        part=split.to_freelancer,
        dispute_fee=split.fee,
        dispute_fee_of_client=split.fee_of_client,
    )
    return _Order("settle_dispute", divided)


async def _write(unit: Unit, dispute: Dispute, step: disputes.Step, *, noted: Noted, now: datetime) -> Dispute:
    row, left = step.row, step.before.state
    after = msgspec.structs.replace(
        dispute,
        case=step.after,
        updated_at=now,
        history=(*dispute.history, _taken(step, noted.by_id, now)) if row.event else dispute.history,
        **_noted(dispute, row, noted, now),
        **_stopped(step),
    )
    after = msgspec.structs.replace(after, is_open=not after.is_over)
    deadlines = None if step.after.state == left else _deadlines(step.after.state)
    guard = {"case.state": left, **(DUE if row.due else {})}
    stored = await unit.update(dispute, after, deadlines=deadlines, guard=guard)
    if row.event is not None:
        unit.emit(_event(stored, row, came_from=left), stored)
    return stored


def _noted(dispute: Dispute, row: Row, noted: Noted, now: datetime) -> Mapping[str, Any]:
    fields: dict[str, Any] = {"blocked_by": None}
    if noted.answer is not None:
        fields["answer"] = noted.answer
    if noted.note is not None and noted.by_id is not None:
        fields["notes"] = (*dispute.notes, MediatorNote(text=noted.note, by_id=noted.by_id, at=now))
    if row.by == "mediator" and dispute.mediator_id is None:
        fields["mediator_id"] = noted.by_id
    return fields


def _taken(step: disputes.Step, by_id: str | None, now: datetime) -> StepTaken:
    return StepTaken(
        transition=step.row.transition,
        by=step.row.by,
        by_id=by_id,
        came_from=step.before.state,
        went_to=step.after.state,
        at=now,
    )


def _stopped(step: disputes.Step) -> Mapping[str, None]:
    """Say which clocks stop: all of them when the state is left, the deadline alone when it was only reported."""
    if step.after.state != step.before.state:
        return {"due_at": None, "remind_half_at": None, "remind_late_at": None}
    return {"due_at": None} if step.row.due else {}


def _deadlines(state: State) -> dict[str, float] | None:
    """Give the deadlines of a state that begins now, in seconds."""
    term = TERMS.get(state)
    if term is None:
        return None
    if not term.awaited:
        return {"due_at": term.lasts_s}
    return {"due_at": term.lasts_s, "remind_half_at": term.lasts_s // 2, "remind_late_at": term.lasts_s * 9 // 10}


def _event(dispute: Dispute, row: Row, *, came_from: State) -> DisputeStepped:
    kind = all_events()[row.event or ""]
    if not issubclass(kind, DisputeStepped):
        raise TypeError(f"{row.event} is no event of a dispute's step")
    return kind(transition=row.transition, came_from=came_from, by=row.by, **about(dispute))
