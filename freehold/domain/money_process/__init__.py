"""The process of a milestone's money, as data: who takes which step, from where to where, under which guard, and what it moves.

This table is the only place that says so. From it come the transition function (`freehold.domain.escrow`), what each person
may do now, the deadlines' filters, the notifications per recipient, the page in the docs, and the tests.
Rows with the same transition, actor and source are tried in order; the first whose `when` holds is taken, then its guards
must hold. Here: `words` (the vocabulary), `row` (what a row says), and the rows by what they are about.
"""

from typing import Final

from freehold.domain.money_process.disputing import DISPUTING
from freehold.domain.money_process.funding import FUNDING
from freehold.domain.money_process.releasing import RELEASING
from freehold.domain.money_process.returning import RETURNING
from freehold.domain.money_process.row import Row
from freehold.domain.money_process.words import (
    BLOCKED,
    DEADLINES,
    HUMAN,
    PARTIES,
    SETTLING,
    STATES,
    TERMINAL,
    TRANSITIONS,
    Actor,
    CommandKind,
    Condition,
    Deadline,
    Guard,
    HoldingKind,
    LegKind,
    LegState,
    Party,
    Person,
    Source,
    State,
    Transition,
)

__all__ = [
    "BLOCKED",
    "DEADLINES",
    "HUMAN",
    "PARTIES",
    "PROCESS",
    "SETTLING",
    "STATES",
    "TERMINAL",
    "TRANSITIONS",
    "Actor",
    "CommandKind",
    "Condition",
    "Deadline",
    "Guard",
    "HoldingKind",
    "LegKind",
    "LegState",
    "Party",
    "Person",
    "Row",
    "Source",
    "State",
    "Transition",
    "actors_of",
    "parties_told",
    "rows_for",
    "timed_rows",
]

PROCESS: Final[tuple[Row, ...]] = (*FUNDING, *RELEASING, *RETURNING, *DISPUTING)


def rows_for(transition: Transition, state: State) -> tuple[Row, ...]:
    """List the rows of this transition from this state, in the order in which they are tried."""
    return tuple(row for row in PROCESS if row.transition == transition and state in row.sources)


def actors_of(transition: Transition) -> frozenset[Actor]:
    """Say who ever takes this transition."""
    return frozenset(row.by for row in PROCESS if row.transition == transition)


def timed_rows(deadline: Deadline) -> tuple[Row, ...]:
    """List the rows that this deadline drives."""
    return tuple(row for row in PROCESS if row.due == deadline)


def parties_told(transition: Transition, *, came_from: State, went_to: State) -> frozenset[Party]:
    """Say which parties hear of this step (nobody, when the table has no such step)."""
    rows = rows_for(transition, came_from)
    return frozenset(party for row in rows if went_to == row.target or row.resolves for party in row.tells)
