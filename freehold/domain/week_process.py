"""The process of a week of hours, and of one entry in it, as data: who takes which step, by which clock, and who hears of it.

A week's money is a milestone (`money_process`); `payment` takes the steps that follow from what happens to that.
Every step of the clock has a human twin: the freelancer may close a week that is over, the client may approve or pay early.
"""

from typing import Final, Literal

from freehold.domain.process import Process, Step

WeekState = Literal[
    "open", "review", "billing", "retrying", "payment_failed", "funded", "released", "refunded", "carried",
]  # fmt: skip
EntryState = Literal["running", "recorded", "objected", "disputed", "dropped", "billed"]
WeekStep = Literal["submit", "approve", "pay"]
EntryStep = Literal["stop", "object", "answer", "withdraw", "drop"]
Party = Literal["client", "freelancer"]
BOTH: Final[tuple[Party, ...]] = ("client", "freelancer")


class Told(Step, frozen=True, kw_only=True):
    """A step of which somebody hears: `event` is emitted, `tells` names the parties that are notified."""

    event: str
    tells: tuple[Party, ...] = BOTH


WEEK_STEPS: Final[tuple[Told, ...]] = (
    Told(name="submit", actor="freelancer", sources=("open",), target="review", event="week.in_review", tells=("client",)),
    Told(name="close", actor="clock", sources=("open",), target="review", timer="edits_end_at", event="week.in_review"),
    Told(
        name="skip", actor="clock", sources=("open",), target="carried", timer="edits_end_at",
        event="week.carried", tells=(),
    ),
    Told(name="approve", actor="client", sources=("review",), target="billing", event="week.billed"),
    Told(name="bill", actor="clock", sources=("review",), target="billing", timer="review_ends_at", event="week.billed"),
    Told(name="carry", actor="clock", sources=("review",), target="carried", event="week.carried", tells=("freelancer",)),
    Told(
        name="refuse", actor="payment", sources=("billing",), target="retrying",
        event="week.payment_refused", tells=("client",),
    ),
    Told(
        name="charge_again", actor="clock", sources=("retrying",), target="billing", timer="retry_at",
        event="week.charged_again", tells=(),
    ),
    Told(
        name="pay", actor="client", sources=("retrying", "payment_failed"), target="billing",
        event="week.charged_again", tells=(),
    ),
    Told(
        name="give_up", actor="payment", sources=("billing", "retrying"), target="payment_failed",
        event="week.payment_failed",
    ),
    Told(
        name="receive", actor="payment", sources=("billing", "retrying", "payment_failed"), target="funded",
        event="week.paid",
    ),
    Told(name="release", actor="payment", sources=("funded",), target="released", event="week.released", tells=()),
    Told(name="refund", actor="payment", sources=("funded",), target="refunded", event="week.refunded", tells=()),
)  # fmt: skip
WEEK: Final = Process("week", WEEK_STEPS)
"""A week. One whose bill is empty, or too small to be moved, is `carried`: what is owed of it stands on the next bill."""

ENTRY_STEPS: Final[tuple[Told, ...]] = (
    Told(
        name="stop", actor="freelancer", sources=("running",), target="recorded",
        event="hours.timer_stopped", tells=(),
    ),
    Told(
        name="cap", actor="clock", sources=("running",), target="recorded", timer="stops_at",
        event="hours.timer_stopped", tells=("freelancer",),
    ),
    Told(
        name="object", actor="client", sources=("recorded",), target="objected",
        event="hours.segment_objected", tells=("freelancer",),
    ),
    Told(
        name="answer", actor="freelancer", sources=("objected",), target="objected",
        event="hours.segment_answered", tells=("client",),
    ),
    Told(
        name="answer", actor="freelancer", sources=("disputed",), target="disputed",
        event="hours.segment_answered", tells=("client",),
    ),
    Told(
        name="withdraw", actor="client", sources=("objected", "disputed"), target="recorded",
        event="hours.objection_withdrawn", tells=("freelancer",),
    ),
    Told(
        name="drop", actor="freelancer", sources=("objected", "disputed"), target="dropped",
        event="hours.segment_dropped", tells=("client",),
    ),
    Told(name="dispute", actor="clock", sources=("objected",), target="disputed", event="hours.segment_disputed"),
    Told(name="award", actor="operator", sources=("disputed",), target="recorded", event="hours.segment_settled"),
    Told(name="strike", actor="operator", sources=("disputed",), target="dropped", event="hours.segment_settled"),
)  # fmt: skip
ENTRY: Final = Process("entry", ENTRY_STEPS)
"""An entry, apart from being billed with its week. What nobody settled until the bill is `disputed`, and stays off it
until the two sides settle it after all, or an operator rules."""

ARGUED: Final[tuple[EntryState, ...]] = ("objected", "disputed")
"""In these states the two sides argue about an entry: the freelancer answers, and both add evidence."""
COUNTED: Final[tuple[EntryState, ...]] = ("recorded", "objected", "disputed", "billed")
"""In these states an entry takes its time: nothing else may lie in the same minutes."""


def week_step(name: str, *, actor: str, state: WeekState) -> Told:
    """Find the row for a week's step. Raises NotYourStep or NotInThisState."""
    return _told(WEEK_STEPS, WEEK.step(name, actor=actor, state=state))


def entry_step(name: str, *, actor: str, state: EntryState) -> Told:
    """Find the row for an entry's step. Raises NotYourStep or NotInThisState."""
    return _told(ENTRY_STEPS, ENTRY.step(name, actor=actor, state=state))


def week_parties_told(name: str, *, by: str) -> frozenset[Party]:
    """Say who hears of a week's step."""
    return frozenset(party for row in WEEK_STEPS if (row.name, row.actor) == (name, by) for party in row.tells)


def entry_parties_told(name: str, *, by: str) -> frozenset[Party]:
    """Say who hears of an entry's step."""
    return frozenset(party for row in ENTRY_STEPS if (row.name, row.actor) == (name, by) for party in row.tells)


def _told(rows: tuple[Told, ...], step: Step) -> Told:
    return next(row for row in rows if row == step)
