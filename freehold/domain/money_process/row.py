"""What a row of the process table says."""

from msgspec import Struct

from freehold.domain.ledger import Template
from freehold.domain.money_process.words import (
    PARTIES,
    Actor,
    CommandKind,
    Condition,
    Deadline,
    Guard,
    LegKind,
    LegState,
    Party,
    Source,
    State,
    Transition,
)


class Row(Struct, frozen=True, kw_only=True):
    """One step. Where `resolves` is set, the state follows from where the money is afterwards; `target` is the usual one.

    `opens` are the legs that it begins, out of `source`; `turns` is what it makes of a leg that is there. `commands` are
    asked of the gateway. `starts` and `stops` are deadlines. `tells` names who hears of it.
    """

    transition: Transition
    by: Actor
    sources: tuple[State, ...]
    target: State
    resolves: bool = False
    when: tuple[Condition, ...] = ()
    guards: tuple[Guard, ...] = ()
    due: Deadline | None = None
    opens: tuple[LegKind, ...] = ()
    source: Source = "escrow"
    turns: LegState | None = None
    of: LegKind | None = None
    journals: tuple[Template, ...] = ()
    commands: tuple[CommandKind, ...] = ()
    starts: tuple[Deadline, ...] = ()
    stops: tuple[Deadline, ...] = ()
    event: str
    tells: tuple[Party, ...] = PARTIES
