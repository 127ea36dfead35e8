"""The process of a dispute, as data: who takes which step, from where to where, when the clock takes it, and who is told.

This table is the only place that says so. From it come the transition function (`disputes`), the buttons that each side sees,
the deadlines' filters, the notifications, the page in the docs, and the tests. A row without a target leaves the state as it
is. Rows with the same transition, actor and source are tried in order; the first whose `when` holds is taken.
Not here: amounts (`dispute_fees`), and how the money is frozen and settled (`money_process`).
"""

from typing import Final, Literal, get_args

from msgspec import Struct

State = Literal["filed", "negotiating", "mediation", "proposed", "ruling", "decided", "executed", "withdrawn", "moot"]
Transition = Literal[
    "file", "accept_claim", "contest", "default_judgment", "offer", "withdraw_offer", "accept_offer", "escalate",
    "end_negotiation", "propose", "accept_proposal", "refuse_proposal", "lapse_proposal", "rule", "report_overdue", "note",
    "withdraw", "execute", "close_moot",
]  # fmt: skip
Party = Literal["client", "freelancer"]
Side = Literal["filer", "respondent"]
Actor = Side | Literal["mediator", "clock", "milestone"]
"""The mediator is an operator who is no party; until one has acted, all operators hear what the mediator is to hear.

The milestone takes a step itself when a chargeback has taken all that was frozen."""
Condition = Literal["other_side_accepted"]
Guard = Literal["split_is_payable", "offers_left", "own_offer_stands", "other_offer_stands", "not_accepted_yet", "notes_left"]
OutcomeKind = Literal["accepted", "default", "agreed", "proposal", "ruling"]
Movement = Literal["freeze", "unfreeze", "settle"]
Payer = Literal["nobody", "respondent", "loser", "both"]
Reason = Literal["not_delivered", "late", "quality", "scope", "payment_withheld", "unresponsive", "other"]

STATES: Final[tuple[State, ...]] = get_args(State)
TRANSITIONS: Final[tuple[Transition, ...]] = get_args(Transition)
TERMINAL: Final[frozenset[State]] = frozenset({"executed", "withdrawn", "moot"})
"""Nothing is frozen for it any more."""
UNDECIDED: Final[tuple[State, ...]] = ("filed", "negotiating", "mediation", "proposed", "ruling")
"""Evidence can be added, and the filer can withdraw."""
_CONTESTED: Final[tuple[State, ...]] = ("negotiating", "mediation", "proposed", "ruling")
"""Both sides may settle by themselves at any time before the ruling."""
SIDES: Final[tuple[Side, ...]] = get_args(Side)
_ALL: Final[tuple[Actor, ...]] = ("filer", "respondent", "mediator")
DAY_S: Final = 86_400


class Row(Struct, frozen=True, kw_only=True):
    """One step. `due` says that it is taken only once the state's deadline has passed, whoever takes it."""

    transition: Transition
    by: Actor
    sources: tuple[State, ...]
    target: State | None = None
    when: Condition | None = None
    guards: tuple[Guard, ...] = ()
    due: bool = False
    decides: OutcomeKind | None = None
    money: Movement | None = None
    event: str | None = None
    tells: tuple[Actor, ...] = ()


class Term(Struct, frozen=True, kw_only=True):
    """How long a state lasts, what the clock does then, and who is reminded before."""

    lasts_s: int
    then: Transition
    awaited: tuple[Actor, ...] = ()


TERMS: Final[dict[State, Term]] = {
    "filed": Term(lasts_s=7 * DAY_S, then="default_judgment", awaited=("respondent",)),
    "negotiating": Term(lasts_s=7 * DAY_S, then="end_negotiation", awaited=SIDES),
    "mediation": Term(lasts_s=5 * DAY_S, then="report_overdue", awaited=("mediator",)),
    "proposed": Term(lasts_s=5 * DAY_S, then="lapse_proposal", awaited=SIDES),
    "ruling": Term(lasts_s=5 * DAY_S, then="report_overdue", awaited=("mediator",)),
    "decided": Term(lasts_s=0, then="execute"),
}
"""A deadline begins when its state is entered, by the database's clock. The states that are missing last for ever."""

FEE_PAYERS: Final[dict[OutcomeKind, Payer]] = {
    "accepted": "nobody",
    "default": "respondent",
    "agreed": "nobody",
    "proposal": "both",
    "ruling": "loser",
}
"""Who pays the dispute fee. Whoever settles without the mediator's work pays nothing, nor does a filer who withdraws."""

PROCESS: Final[tuple[Row, ...]] = (
    Row(transition="file", by="filer", sources=(), target="filed", money="freeze", event="dispute.filed", tells=SIDES),
    Row(
        transition="accept_claim", by="respondent", sources=("filed",), target="decided", decides="accepted",
        event="dispute.decided", tells=SIDES,
    ),
    Row(
        transition="contest", by="respondent", sources=("filed",), target="negotiating",
        event="dispute.contested", tells=SIDES,
    ),
    Row(
        transition="default_judgment", by="clock", sources=("filed",), target="decided", due=True, decides="default",
        event="dispute.decided", tells=SIDES,
    ),
    Row(
        transition="default_judgment", by="mediator", sources=("filed",), target="decided", due=True, decides="default",
        event="dispute.decided", tells=SIDES,
    ),
    *(
        Row(
            transition="offer", by=side, sources=_CONTESTED, guards=("split_is_payable", "offers_left"),
            event="dispute.offer_made", tells=SIDES,
        )
        for side in SIDES
    ),
    *(
        Row(
            transition="withdraw_offer", by=side, sources=_CONTESTED, guards=("own_offer_stands",),
            event="dispute.offer_withdrawn", tells=SIDES,
        )
        for side in SIDES
    ),
    *(
        Row(
            transition="accept_offer", by=side, sources=_CONTESTED, target="decided", guards=("other_offer_stands",),
            decides="agreed", event="dispute.decided", tells=_ALL,
        )
        for side in SIDES
    ),
    *(
        Row(
            transition="escalate", by=side, sources=("negotiating",), target="mediation",
            event="dispute.mediation_started", tells=_ALL,
        )
        for side in SIDES
    ),
    Row(
        transition="end_negotiation", by="clock", sources=("negotiating",), target="mediation", due=True,
        event="dispute.mediation_started", tells=_ALL,
    ),
    Row(
        transition="propose", by="mediator", sources=("mediation",), target="proposed", guards=("split_is_payable",),
        event="dispute.proposal_made", tells=SIDES,
    ),
    *(
        row
        for side in SIDES
        for row in (
            Row(
                transition="accept_proposal", by=side, sources=("proposed",), target="decided", when="other_side_accepted",
                guards=("not_accepted_yet",), decides="proposal", event="dispute.decided", tells=_ALL,
            ),
            Row(
                transition="accept_proposal", by=side, sources=("proposed",), guards=("not_accepted_yet",),
                event="dispute.proposal_accepted", tells=SIDES,
            ),
            Row(
                transition="refuse_proposal", by=side, sources=("proposed",), target="ruling",
                event="dispute.ruling_started", tells=_ALL,
            ),
        )
    ),
    Row(
        transition="lapse_proposal", by="clock", sources=("proposed",), target="ruling", due=True,
        event="dispute.ruling_started", tells=_ALL,
    ),
    Row(
        transition="rule", by="mediator", sources=("ruling",), target="decided", guards=("split_is_payable",), decides="ruling",
        event="dispute.decided", tells=SIDES,
    ),
    Row(
        transition="report_overdue", by="clock", sources=("mediation", "ruling"), due=True,
        event="dispute.overdue", tells=("mediator",),
    ),
    Row(transition="note", by="mediator", sources=(*UNDECIDED, "decided"), guards=("notes_left",)),
    Row(
        transition="withdraw", by="filer", sources=UNDECIDED, target="withdrawn", money="unfreeze",
        event="dispute.withdrawn", tells=_ALL,
    ),
    Row(
        transition="execute", by="clock", sources=("decided",), target="executed", due=True, money="settle",
        event="dispute.executed", tells=SIDES,
    ),
    Row(
        transition="execute", by="mediator", sources=("decided",), target="executed", money="settle",
        event="dispute.executed", tells=SIDES,
    ),
    Row(
        transition="close_moot", by="milestone", sources=(*UNDECIDED, "decided"), target="moot",
        event="dispute.closed_moot", tells=_ALL,
    ),
)  # fmt: skip


def rows_for(transition: Transition, actor: Actor, state: State) -> tuple[Row, ...]:
    """List the rows of this step by this actor from this state, in the order in which they are tried."""
    return tuple(row for row in PROCESS if row.transition == transition and row.by == actor and state in row.sources)


def actors_of(transition: Transition) -> frozenset[Actor]:
    """Say who ever takes this step."""
    return frozenset(row.by for row in PROCESS if row.transition == transition)


def steps_of(*actors: Actor) -> tuple[Transition, ...]:
    """List the steps that any of these ever take, in the table's order."""
    return tuple(dict.fromkeys(row.transition for row in PROCESS if row.by in actors))


def told_of(transition: Transition, *, by: Actor, came_from: State, went_to: State) -> tuple[Actor, ...]:
    """Say who hears of a step that was taken (nobody, when the table has no such step)."""
    rows = rows_for(transition, by, came_from) if transition != "file" else (PROCESS[0],)
    return tuple(dict.fromkeys(actor for row in rows if (row.target or came_from) == went_to for actor in row.tells))
