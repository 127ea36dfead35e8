"""What may be done now with a milestone's money, and what the clock will do."""

from msgspec import Struct

from freehold.documents import Instant, Milestone
from freehold.domain.escrow import LETS_GO, actions_of, due_row
from freehold.domain.money import Money
from freehold.domain.money_process import DEADLINES, PROCESS, Party, State, Transition


class ActionView(Struct, frozen=True, kw_only=True):
    """A step that may be taken now; `leads_to` is where it usually leads. Where a part may be named, it is `up_to` so much.

    `needs_password`: to do it with all that is held, the client's password is sent along; with a part, perhaps.
    """

    transition: Transition
    leads_to: State
    up_to: Money | None = None
    needs_password: bool = False


class TimerView(Struct, frozen=True, kw_only=True):
    """A step that the clock takes at `at` unless something else happens before."""

    transition: Transition
    at: Instant


class ActionsView(Struct, frozen=True, kw_only=True):
    """What you may do (`yours`), what the other party may do (`theirs`), and what the clock will do."""

    milestone_id: str
    side: Party
    state: State
    version: int
    yours: tuple[ActionView, ...]
    theirs: tuple[ActionView, ...]
    timers: tuple[TimerView, ...]


def view_actions(milestone: Milestone, *, side: Party, is_large: bool) -> ActionsView:
    """Show to one party what may be done now; `is_large` is whether the client needs a password to let all of it go."""
    other: Party = "freelancer" if side == "client" else "client"
    return ActionsView(
        milestone_id=milestone.id,
        side=side,
        state=milestone.state,
        version=milestone.version,
        yours=_actions(milestone, side, is_large=is_large),
        theirs=_actions(milestone, other, is_large=is_large),
        timers=_timers(milestone),
    )


def _actions(milestone: Milestone, party: Party, *, is_large: bool) -> tuple[ActionView, ...]:
    return tuple(_action(milestone, party, transition, is_large=is_large) for transition in actions_of(milestone.held(), party))


def _action(milestone: Milestone, party: Party, transition: Transition, *, is_large: bool) -> ActionView:
    row = next(
        row for row in PROCESS if row.transition == transition and row.by == party and milestone.state in row.sources
    )  # fmt: skip
    holding = milestone.holding
    limits = {
        "part_is_covered": holding.balances.escrow,
        "within_escrow": holding.balances.escrow,
        "split_is_covered": holding.balances.escrow,
        "within_released": holding.released,
    }
    up_to = next((limits[guard] for guard in row.guards if guard in limits), None)
    return ActionView(
        transition=transition,
        leads_to=row.target,
        up_to=None if up_to is None else Money(up_to, holding.amount.currency),
        needs_password=is_large and party == "client" and transition in LETS_GO,
    )


def _timers(milestone: Milestone) -> tuple[TimerView, ...]:
    """List what the clock will do, the next first. Nothing runs while a chargeback is open."""
    if milestone.chargeback is not None:
        return ()
    held = milestone.held()
    found: dict[Transition, Instant] = {}
    for deadline in DEADLINES:
        row, at = due_row(held, deadline), getattr(milestone, deadline)
        if row is not None and at is not None:
            found[row.transition] = min(at, found.get(row.transition, at))
    return tuple(TimerView(transition=name, at=at) for name, at in sorted(found.items(), key=lambda item: item[1]))
