"""Writing a step of a milestone's money: state, balances, journals, command and events in one transaction."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

import msgspec
from msgspec import Struct

from freehold.documents import Command, Journal, Milestone
from freehold.domain import escrow, ledger
from freehold.domain.escrow import Facts, Step, take
from freehold.domain.money import Money
from freehold.domain.money_process import Deadline, Party, Row, timed_rows
from freehold.events import MilestoneStepped, PaymentCommanded, all_events
from freehold.ids import new_id
from freehold.store.errors import Missing
from freehold.store.reads import Reads
from freehold.store.unit import Unit

DUE_BATCH: Final = 100
"""So many due milestones are taken in one run of a sweep."""


class Noted(Struct, frozen=True, kw_only=True):
    """What a person's step leaves on the milestone beside the money, and how long the deadline that it starts lasts."""

    submission_note: str | None = None
    requested_changes: str | None = None
    lasts_s: float | None = None
    method: str = ""


def party_of(milestone: Milestone, user_id: str) -> Party:
    """Say which party of the milestone somebody is. Raises Missing for anybody else."""
    if user_id == milestone.client_id:
        return "client"
    if user_id == milestone.freelancer_id:
        return "freelancer"
    raise Missing(f"{user_id} has no part in {milestone.id}")


NOTHING_NOTED: Final = Noted()


async def write_step(unit: Unit, milestone: Milestone, step: Step, *, now: datetime, noted: Noted = NOTHING_NOTED) -> Milestone:
    """Store a step that the engine allowed, whole. Raises Stale when the milestone, a guard or the time is not as it was."""
    after = msgspec.structs.replace(
        milestone,
        state=step.after.state,
        holding=step.after.holding,
        updated_at=now,
        **({step.row.stops: None} if step.row.stops else {}),
        **_notes(step, now, noted),
    )
    stored = await unit.update(milestone, after, deadlines=_deadlines(step, noted), guard=_guard(milestone, step))
    for n, journal in enumerate(step.journals):
        unit.insert(_journal(stored, step, journal, n, now))
    unit.emit(_event(stored, step), stored)
    if step.command is not None:
        _ask(unit, stored, step.command, now=now, method=noted.method)
    return stored


async def due_milestones(reads: Reads, deadline: Deadline, *, limit: int = DUE_BATCH) -> list[str]:
    """Find milestones whose deadline has passed by the database's clock, those due longest first."""
    (row,) = timed_rows(deadline)
    return await reads.find_ids(Milestone, due_filter(row), sort=((deadline, 1),), limit=limit)


async def take_due_step(unit: Unit, milestone_id: str, deadline: Deadline, *, now: datetime) -> bool:
    """Take the step that this deadline drives. Raises Stale unless it has passed by the database's clock."""
    (row,) = timed_rows(deadline)
    milestone = await unit.require(Milestone, milestone_id)
    await write_step(unit, milestone, take(milestone.held(), row.transition, by=row.by, facts=Facts()), now=now)
    return True


def due_filter(row: Row) -> dict[str, Any]:
    """Make the filter of a timed row. `$type: date` stands there because `$lte` alone also matches null and missing."""
    if row.due is None:
        return {}
    return {
        "state": {"$in": list(row.sources)},
        row.due: {"$type": "date"},
        "$expr": {"$lte": [f"${row.due}", "$$NOW"]},
        "chargeback": None,
    }


def _guard(milestone: Milestone, step: Step) -> dict[str, Any]:
    """Say in the update's own filter what must still hold: no stale read can overdraw, and only the database's clock counts."""
    guard = due_filter(step.row)
    if step.row.opens_leg == "release" and step.leg is not None:
        guard |= {"holding.balances.escrow": {"$gte": step.leg.gross}, "chargeback": None}
    return guard | {"state": milestone.state}


def _deadlines(step: Step, noted: Noted) -> dict[str, float] | None:
    if step.row.starts is None:
        return None
    if noted.lasts_s is None:
        raise ValueError(f"{step.row.transition} starts {step.row.starts}, but for how long?")
    return {step.row.starts: noted.lasts_s}


def _notes(step: Step, now: datetime, noted: Noted) -> Mapping[str, Any]:
    match step.row.transition:
        case "submit":
            return {"submission_note": noted.submission_note, "submitted_at": now, "requested_changes": None}
        case "request_changes":
            return {"requested_changes": noted.requested_changes}
    return {}


def _journal(milestone: Milestone, step: Step, journal: ledger.Journal, n: int, now: datetime) -> Journal:
    return Journal(
        id=new_id("jrn"),
        key=journal.key,
        milestone_id=milestone.id,
        milestone_version=milestone.version,
        n=n,
        leg=step.leg.number if step.leg else None,
        lines=journal.lines,
        created_at=now,
    )


def _event(milestone: Milestone, step: Step) -> MilestoneStepped:
    kind = all_events()[step.row.event]
    if not issubclass(kind, MilestoneStepped):
        raise TypeError(f"{step.row.event} is no event of a milestone's step")
    currency = milestone.holding.amount.currency
    deposited = step.after.holding.deposited - step.before.holding.deposited
    moved = step.leg.gross if step.leg else deposited
    return kind(
        milestone_id=milestone.id,
        project_id=milestone.project_id,
        client_id=milestone.client_id,
        freelancer_id=milestone.freelancer_id,
        title=milestone.title,
        state=milestone.state,
        amount=milestone.holding.amount,
        transition=step.row.transition,
        came_from=step.before.state,
        by=step.row.by,
        moved=Money(moved, currency) if moved else None,
        leg=step.leg.number if step.leg else None,
        auto_release_at=milestone.auto_release_at,
    )


def _ask(unit: Unit, milestone: Milestone, command: escrow.Command, *, now: datetime, method: str) -> None:
    holding = milestone.holding
    if holding.gateway is None or command.payment_id is None:
        raise ValueError(f"{command.key} has no gateway or payment")
    unit.insert(
        Command(
            id=command.key,
            kind=command.kind,
            milestone_id=milestone.id,
            gateway=holding.gateway,
            money=command.money,
            payment_id=command.payment_id,
            leg=command.leg,
            attempt=command.attempt,
            payer_id=milestone.client_id,
            payee_id=milestone.freelancer_id,
            method=method,
            tries=0 if milestone.restored_at is None else 1,  # after a backup's moment the gateway may have been asked before
            created_at=now,
        )
    )
    kind = all_events()[f"payment.{command.kind}_requested"]
    if not issubclass(kind, PaymentCommanded):
        raise TypeError(f"there is no event for {command.kind}")
    unit.emit(kind(command_key=command.key, milestone_id=milestone.id), milestone)
