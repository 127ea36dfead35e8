"""Taking a step: from what is held and what happens, to what is held next, and all that is written beside."""

import msgspec

from freehold.domain import ledger
from freehold.domain.errors import Refused
from freehold.domain.escrow.entries import journals_of
from freehold.domain.escrow.exchanging import asked_of
from freehold.domain.escrow.facts import Command, Facts, Step
from freehold.domain.escrow.guards import CONDITIONS, GUARDS
from freehold.domain.escrow.movements import Moved, moved
from freehold.domain.escrow.noting import noted
from freehold.domain.holding import Held, Holding, resting_state
from freehold.domain.legs import COMMANDS, Leg
from freehold.domain.money_process import (
    HUMAN,
    PROCESS,
    Actor,
    CommandKind,
    Deadline,
    Row,
    Transition,
    actors_of,
    rows_for,
    timed_rows,
)
from freehold.domain.process import NotInThisState, NotYourStep


def take(held: Held, transition: Transition, *, by: Actor, facts: Facts) -> Step:
    """Take a step. Raises NotInThisState, NotYourStep, or the refusal of the guard that does not hold."""
    row = _row(held, transition, by, facts)
    for guard in row.guards:
        GUARDS[guard](held, row, facts)
    change = moved(held, noted(held, row, facts), row, facts)
    journals = journals_of(held, row, facts, change)
    holding = _posted(change.holding, journals, held.milestone_id)
    if holding.balances.escrow != held.holding.balances.escrow:
        holding = msgspec.structs.replace(holding, proposal=None)
    state = resting_state(holding) if row.resolves else row.target
    return Step(
        row=row,
        before=held,
        after=msgspec.structs.replace(held, state=state, holding=holding),
        journals=journals,
        commands=_commands(held.milestone_id, holding, row, change),
        legs=change.legs,
        debt=change.debt,
    )


def actions_of(held: Held, actor: Actor) -> tuple[Transition, ...]:
    """List the steps that this person may take now, in the table's order."""
    open_rows = (row for row in PROCESS if row.by == actor and held.state in row.sources)
    return tuple(dict.fromkeys(row.transition for row in open_rows if row.by in HUMAN and _may(held, row)))


def due_row(held: Held, deadline: Deadline) -> Row | None:
    """Give the row that this deadline drives now; whether the time has come is for the database's clock to say."""
    rows = (row for row in timed_rows(deadline) if held.state in row.sources)
    return next((row for row in rows if _fits(held, row, Facts())), None)


def command_key(kind: CommandKind, milestone_id: str, *, leg: int | None = None, attempt: int = 1) -> str:
    """Name a command: `transfer:mst_...:1`, and `transfer:mst_...:1#2` when the first was definitely refused."""
    return f"{kind}:{milestone_id}" + (f":{leg}" if leg else "") + (f"#{attempt}" if attempt > 1 else "")


def _row(held: Held, transition: Transition, by: Actor, facts: Facts) -> Row:
    if by not in actors_of(transition):
        raise NotYourStep(f"to {transition} is not for the {by}")
    for row in rows_for(transition, held.state):
        if row.by == by and _fits(held, row, facts):
            return row
    raise NotInThisState(f"to {transition} is not possible while the milestone is {held.state}")


def _fits(held: Held, row: Row, facts: Facts) -> bool:
    return all(CONDITIONS[condition](held, facts) for condition in row.when)


def _may(held: Held, row: Row) -> bool:
    if not _fits(held, row, Facts()):
        return False
    try:
        for guard in row.guards:
            GUARDS[guard](held, row, Facts())
    except Refused:
        return False
    return True


def _posted(holding: Holding, journals: tuple[ledger.Journal, ...], milestone_id: str) -> Holding:
    balances = holding.balances
    for journal in journals:
        balances = ledger.post(balances, journal, milestone_id=milestone_id)
    return msgspec.structs.replace(holding, balances=balances)


def _commands(milestone_id: str, holding: Holding, row: Row, change: Moved) -> tuple[Command, ...]:
    """Ask the gateway for each leg that is on its way now; or for a payment, or its end."""
    if not row.commands:
        return ()
    if row.commands[0] in {"fund", "cancel"}:
        attempt = holding.fund_attempt if row.commands[0] == "fund" else 1
        return (
            Command(
                kind=row.commands[0],
                key=command_key(row.commands[0], milestone_id, attempt=attempt),
                attempt=attempt,
                money=holding.amount,
                payment_id=holding.payment_id,
            ),
        )
    return tuple(_asked(milestone_id, holding, leg) for leg in change.legs if leg.state == "pending")


def _asked(milestone_id: str, holding: Holding, leg: Leg) -> Command:
    kind = COMMANDS[leg.kind]
    taken_from = holding.leg(leg.reverses)
    return Command(
        kind=kind,
        key=command_key(kind, milestone_id, leg=leg.number, attempt=leg.attempt),
        attempt=leg.attempt,
        money=asked_of(leg, holding.amount.currency),
        payment_id=holding.payment_id,
        leg=leg.number,
        transfer_key=None
        if taken_from is None
        else command_key("transfer", milestone_id, leg=taken_from.number, attempt=taken_from.attempt),
        conversion=leg.exchange.conversion if leg.exchange is not None else None,
    )
