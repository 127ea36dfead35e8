"""Writing a step of a milestone's money: state, balances, journals, command and events in one transaction."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

import msgspec

from freehold.documents import Command, Journal, Milestone
from freehold.domain import escrow, ledger
from freehold.domain.checklist import reopened
from freehold.domain.escrow import Facts, Step, due_row, take
from freehold.domain.ledger import GUARDED_ACCOUNTS
from freehold.domain.money import Money
from freehold.domain.money_process import Actor, Condition, Deadline, Party, Row, Transition, timed_rows
from freehold.events import MilestoneStepped, PaymentCommanded, all_events
from freehold.ids import new_id
from freehold.store.conversions import ExchangeDesk, terms_for
from freehold.store.deadlines import deadlines_of, next_reminder
from freehold.store.errors import Missing, Stale
from freehold.store.journals import post_journal
from freehold.store.noted import NOTHING_NOTED, Noted
from freehold.store.payees import owe, settle_debt
from freehold.store.payouts import PAYING_OUT, PayeeStanding, payee_of
from freehold.store.reads import Reads
from freehold.store.refunds import require_not_by_hand
from freehold.store.unit import Unit

DUE_BATCH: Final = 100
"""So many due milestones are taken in one run of a sweep."""
WHEN: Final[dict[Condition, dict[str, Any]]] = {
    "was_submitted": {"holding.work": "submitted"},
    "escrow_left": {"holding.balances.escrow": {"$gt": 0}},
    "disputed_left": {"holding.balances.disputed": {"$gt": 0}},
}
"""Conditions of timed rows, as a filter says them: what a row would not do anything with is not found again and again."""


def party_of(milestone: Milestone, user_id: str) -> Party:
    """Say which party of the milestone somebody is. Raises Missing for anybody else."""
    if user_id == milestone.client_id:
        return "client"
    if user_id == milestone.freelancer_id:
        return "freelancer"
    raise Missing(f"{user_id} has no part in {milestone.id}")


NO_FACTS: Final = Facts()


async def take_step(  # noqa: PLR0913 - who does what to which milestone, with which facts, and what is noted of it
    unit: Unit,
    milestone: Milestone,
    transition: Transition,
    *,
    by: Actor,
    facts: Facts = NO_FACTS,
    now: datetime,
    noted: Noted = NOTHING_NOTED,
    desk: ExchangeDesk | None = None,
) -> Milestone:
    """Take a step and store it, whole: what keeps the freelancer's payouts back is looked up where it pays them.

    There, too, it is decided in which currency: by the quote in `facts.terms`, or at the desk. Raises what `take` and
    `terms_for` raise, and Stale.
    """
    if transition == "retry_refund":
        await require_not_by_hand(unit, milestone.id)
    payee = await payee_of(unit, milestone) if transition in PAYING_OUT else None
    if payee is not None:
        terms = terms_for(milestone, payee, facts.terms, desk, now=now)
        facts = msgspec.structs.replace(facts, hold=payee.hold, debt=payee.debt, terms=terms)
    step = take(milestone.held(), transition, by=by, facts=facts)
    return await write_step(unit, milestone, step, now=now, noted=noted, payee=payee)


async def write_step(  # noqa: PLR0913 - a step, where it is written, and what goes with it
    unit: Unit,
    milestone: Milestone,
    step: Step,
    *,
    now: datetime,
    noted: Noted = NOTHING_NOTED,
    payee: PayeeStanding | None = None,
) -> Milestone:
    """Store a step that the engine allowed, whole. Raises Stale when the milestone, a guard or the time is not as it was."""
    after = msgspec.structs.replace(
        milestone,
        state=step.after.state,
        holding=step.after.holding,
        chargeback=step.after.chargeback,
        updated_at=now,
        **dict.fromkeys(step.row.stops),
        **_notes(milestone, step, now, noted),
    )
    stored = await unit.update(milestone, after, deadlines=deadlines_of(milestone, step, noted), guard=_guard(milestone, step))
    for n, journal in enumerate(step.journals):
        post_journal(unit, _journal(stored, step, journal, n, now))
    unit.emit(_event(stored, step), stored)
    await _change_debt(unit, stored, step, now)
    account = "" if payee is None else payee.account
    for command in step.commands:
        ask(unit, stored, command, now=now, noted=noted, payee_account=account)
    return stored


async def due_milestones(reads: Reads, deadline: Deadline, *, limit: int = DUE_BATCH) -> list[str]:
    """Find milestones whose deadline has passed by the database's clock, those due longest first."""
    filters = [due_filter(row) for row in timed_rows(deadline)]
    return await reads.find_ids(Milestone, {"$or": filters}, sort=((deadline, 1),), limit=limit)


async def take_due_step(
    unit: Unit, milestone_id: str, deadline: Deadline, *, now: datetime, desk: ExchangeDesk | None = None
) -> bool:
    """Take the step that this deadline drives. Raises Stale unless it has passed by the database's clock."""
    milestone = await unit.require(Milestone, milestone_id)
    row = due_row(milestone.held(), deadline)
    if row is None:
        raise Stale(f"{milestone_id} is {milestone.state} by now")
    payee = await payee_of(unit, milestone) if row.transition in PAYING_OUT else None
    facts = NO_FACTS
    if payee is not None:
        facts = Facts(hold=payee.hold, debt=payee.debt, terms=terms_for(milestone, payee, None, desk, now=now))
    step = take(milestone.held(), row.transition, by=row.by, facts=facts)
    step = msgspec.structs.replace(step, row=row)  # rows of one transition differ in the deadline that drives them
    await write_step(unit, milestone, step, now=now, payee=payee)
    return True


def due_filter(row: Row) -> dict[str, Any]:
    """Make the filter of a timed row. `$type: date` stands there because `$lte` alone also matches null and missing."""
    if row.due is None:
        return {}
    due = {
        "state": {"$in": list(row.sources)},
        row.due: {"$type": "date"},
        "$expr": {"$lte": [f"${row.due}", "$$NOW"]},
        "chargeback": None,
    }
    for condition in row.when:
        due |= WHEN[condition]
    return due


def _guard(milestone: Milestone, step: Step) -> dict[str, Any]:
    """Say in the update's own filter what must still hold: no stale read can overdraw, and only the database's clock counts."""
    guard = due_filter(step.row)
    taken = {account: amount for account, amount in _taken_from(step).items() if amount}
    guard |= {f"holding.balances.{account}": {"$gte": amount} for account, amount in taken.items()}
    if "no_open_chargeback" in step.row.guards:
        guard |= {"chargeback": None}
    return guard | {"state": milestone.state}


def _taken_from(step: Step) -> dict[str, int]:
    """Say how much less each held balance is after a step."""
    before, after = step.before.holding.balances, step.after.holding.balances
    return {account: max(0, getattr(before, account) - getattr(after, account)) for account in GUARDED_ACCOUNTS}


def _notes(milestone: Milestone, step: Step, now: datetime, noted: Noted) -> Mapping[str, Any]:
    match step.row.transition:
        case "fund":
            return {"max_hold_days": noted.max_hold_days}
        case "submit":
            return {
                "submission_note": noted.submission_note,
                "submitted_at": now,
                "requested_changes": None,
                "inspection_s": noted.lasts_s,
                "reminders": 0,
            }
        case "request_changes":
            return {"requested_changes": noted.requested_changes, "checklist": reopened(milestone.checklist)}
        case "remind":
            return {"reminders": milestone.reminders + 1, "remind_at": next_reminder(milestone)}
    return {}


async def _change_debt(unit: Unit, milestone: Milestone, step: Step, now: datetime) -> None:
    if step.debt:
        money = Money(abs(step.debt), milestone.holding.amount.currency)
        await (owe if step.debt > 0 else settle_debt)(unit, milestone.freelancer_id, money, now=now)


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


def _moved(step: Step) -> int:
    """Say how much a step is about: what a dispute or a chargeback is for, else what its legs or its payment moved."""
    before, after = step.before.holding, step.after.holding
    if step.row.transition == "dispute" and after.dispute is not None:
        return after.dispute.amount
    if step.row.transition.startswith("chargeback_"):
        return sum(each.amount for each in after.chargebacks if each not in before.chargebacks)
    return sum(leg.gross for leg in step.legs if leg.kind == step.legs[0].kind) or after.deposited - before.deposited


def told_of(milestone: Milestone) -> dict[str, Any]:
    """Give what all events of a milestone say (`MilestoneChanged`)."""
    return {
        "milestone_id": milestone.id,
        "project_id": milestone.project_id,
        "client_id": milestone.client_id,
        "freelancer_id": milestone.freelancer_id,
        "title": milestone.title,
        "state": milestone.state,
        "amount": milestone.holding.amount,
    }


def _event(milestone: Milestone, step: Step) -> MilestoneStepped:
    kind = all_events()[step.row.event]
    if not issubclass(kind, MilestoneStepped):
        raise TypeError(f"{step.row.event} is no event of a milestone's step")
    currency = milestone.holding.amount.currency
    moved = _moved(step)
    return kind(
        **told_of(milestone),
        transition=step.row.transition,
        came_from=step.before.state,
        by=step.row.by,
        moved=Money(moved, currency) if moved else None,
        leg=step.leg.number if step.leg else None,
        auto_release_at=milestone.auto_release_at,
    )


def ask(  # noqa: PLR0913 - the command, for which milestone, and who is paid how
    unit: Unit, milestone: Milestone, command: escrow.Command, *, now: datetime, noted: Noted, payee_account: str
) -> None:
    """Store a command to the gateway, and the event that has it carried out."""
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
            payee_account=payee_account,
            method=noted.method,
            saved_method=noted.saved_method,
            transfer_key=command.transfer_key,
            conversion=command.conversion,
            tries=0 if milestone.restored_at is None else 1,  # after a backup's moment the gateway may have been asked before
            created_at=now,
        )
    )
    kind = all_events()[f"payment.{command.kind}_requested"]
    if not issubclass(kind, PaymentCommanded):
        raise TypeError(f"there is no event for {command.kind}")
    unit.emit(kind(command_key=command.key, milestone_id=milestone.id), milestone)
