"""Hours: what an hourly contract says, what a time entry must be, and what a week of them costs.

Here: rules and figures. Not here: when a week does what (`weeks`, `week_process`), and where entries are kept.
Time is counted in whole minutes; seconds are dropped from both ends of an entry. An amount is rounded once for a week's line.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Annotated, ClassVar, Final, Literal

from msgspec import Meta, Struct

from freehold.domain.errors import Fault, InvalidValue, Refused
from freehold.domain.hiring import payable_faults
from freehold.domain.holding import LARGEST_AMOUNT_MINOR, SMALLEST_AMOUNT_MINOR
from freehold.domain.money import EXPONENTS, Money
from freehold.domain.weeks import MINUTES_PER_HOUR, MINUTES_PER_WEEK, minutes_between, week_of

WeeklyLimit = Annotated[int, Meta(ge=1, le=MINUTES_PER_WEEK, description="The most minutes of one week.")]
EntryKind = Literal["timer", "manual"]
EntryEnd = Literal["freelancer", "limit", "clock"]
LONGEST_ENTRY: Final = timedelta(hours=24)
ENTRIES_PER_WEEK: Final = 400
"""So many entries a freelancer makes in one week of a project."""
SEGMENTS_PER_WEEK: Final = 900
"""So many there may be once the client has cut pieces out of them."""
LARGEST_RATE_MINOR: Final = 50_000_000
"""The largest hourly rate, in minor units: 168 hours of it are still within what one milestone can hold."""


class NotHourly(Refused):
    """The project is not paid by the hour."""

    code: ClassVar[str] = "not_hourly"


class ProjectPaused(Refused):
    """A week of this project could not be charged; hours go on when it is paid."""

    code: ClassVar[str] = "project_paused"


class TimeOverlaps(Refused):
    """The freelancer has worked at another entry, of this project or of another one, in the same minute."""

    code: ClassVar[str] = "time_overlaps"


class TimerRunning(Refused):
    """One timer per freelancer, and it is running."""

    code: ClassVar[str] = "timer_running"


class WeeklyLimitReached(Refused):
    """The week would have more minutes than the contract allows."""

    code: ClassVar[str] = "weekly_limit_reached"


class WeekClosed(Refused):
    """The time to change the hours of this week is over."""

    code: ClassVar[str] = "week_closed"


class WeekNotOver(Refused):
    """The week is not over yet; its hours are closed from Monday on."""

    code: ClassVar[str] = "week_not_over"


class ReviewOver(Refused):
    """The time to object to the hours of this week has not come, or is over."""

    code: ClassVar[str] = "review_over"


class TooManyEntries(Refused):
    """The week has as many entries as a week can have."""

    code: ClassVar[str] = "too_many_entries"


class BillLine(Struct, frozen=True, kw_only=True):
    """The minutes of one week at its rate. `manual_minutes` are those of them that no timer has counted."""

    week: str
    minutes: int
    manual_minutes: int = 0
    rate: Money
    amount: Money


class Worked(Struct, frozen=True, kw_only=True):
    """Minutes of an entry that are to be billed: in which week, at what rate, and whether somebody wrote them down."""

    week: str
    minutes: int
    rate: Money
    kind: EntryKind


def cost_minor(minutes: int, rate_minor: int) -> int:
    """Compute what so many minutes cost at an hourly rate, in minor units: half up, exact in integers."""
    if minutes < 0 or rate_minor < 0:
        raise InvalidValue("neither time nor its price is below zero")
    return (2 * minutes * rate_minor + MINUTES_PER_HOUR) // (2 * MINUTES_PER_HOUR)


def bill_lines(worked: Iterable[Worked]) -> tuple[BillLine, ...]:
    """Add up minutes into one line per week and rate, oldest first; each line is rounded once."""
    counted: dict[tuple[str, int, str], list[int]] = {}
    for each in worked:
        minutes = counted.setdefault((each.week, each.rate.amount, each.rate.currency), [0, 0])
        minutes[0] += each.minutes
        minutes[1] += each.minutes if each.kind == "manual" else 0
    return tuple(
        BillLine(
            week=week,
            minutes=minutes,
            manual_minutes=manual,
            rate=Money(rate, currency),
            amount=Money(cost_minor(minutes, rate), currency),
        )
        for (week, rate, currency), (minutes, manual) in sorted(counted.items())
    )


def is_chargeable(amount_minor: int) -> bool:
    """Say whether a bill is worth moving; a smaller one waits for the next week."""
    return SMALLEST_AMOUNT_MINOR <= amount_minor <= LARGEST_AMOUNT_MINOR


def rate_faults(rate: Money, *, currency: str | None, field: str = "rate") -> tuple[Fault, ...]:
    """Say what is wrong with an hourly rate: above zero, not above LARGEST_RATE_MINOR, in the currency agreed on (if any)."""
    faults = []
    if not 0 < rate.amount <= LARGEST_RATE_MINOR:
        faults.append(Fault(f"{field}.amount", f"1 to {LARGEST_RATE_MINOR} minor units"))
    if rate.currency not in EXPONENTS:
        faults.append(Fault(f"{field}.currency", "an ISO 4217 code of a currency that people are paid in"))
    elif currency not in {None, rate.currency}:
        faults.append(Fault(f"{field}.currency", f"{currency}, which was agreed on"))
    return tuple(faults)


def offer_faults(
    kind: str, *, budget: Money | None, rate: Money | None, weekly_limit_minutes: int | None, currency: str | None
) -> tuple[Fault, ...]:
    """Say what is wrong with what an application asks: a budget for a fixed job; a rate and a limit for an hourly one."""
    if kind == "hourly":
        misplaced = [Fault("budget", "nothing, because the job is hourly")] if budget else []
        missing = [] if rate else [Fault("rate", "an amount for an hour, because the job is hourly")]
        missing += [] if weekly_limit_minutes else [Fault("weekly_limit_minutes", "minutes, because the job is hourly")]
        return (*misplaced, *missing, *(rate_faults(rate, currency=currency) if rate else ()))
    misplaced = [Fault("rate", "nothing, because the job is fixed")] if rate else []
    misplaced += [Fault("weekly_limit_minutes", "nothing, because the job is fixed")] if weekly_limit_minutes else []
    if budget is None:
        return (Fault("budget", "an amount, because the job is fixed"), *misplaced)
    other = currency not in {None, budget.currency}
    foreign = [Fault("budget.currency", f"{currency}, the currency of the job")] if other else []
    return (*payable_faults("budget", budget), *foreign, *misplaced)


def whole_price(budget: Money | None, rate: Money | None, limit_minutes: int | None) -> Money:
    """Give what a contract costs: its budget, or what a week costs at most. Raises InvalidValue when neither is there."""
    if rate is not None and limit_minutes is not None:
        return most_of_a_week(rate, limit_minutes)
    if budget is None:
        raise InvalidValue("the application names no price")
    return budget


def most_of_a_week(rate: Money, limit_minutes: int) -> Money:
    """Give what a week within its limit costs at most."""
    return Money(cost_minor(limit_minutes, rate.amount), rate.currency)


def span_faults(starts_at: datetime, ends_at: datetime, *, clock: datetime) -> tuple[Fault, ...]:
    """Say what is wrong with an entry's two times (whole minutes): in order, not too long, past, within one week."""
    if ends_at > clock:
        return (Fault("ends_at", "a time that has passed"),)
    if ends_at <= starts_at:
        return (Fault("ends_at", "at least a minute after starts_at"),)
    if ends_at - starts_at > LONGEST_ENTRY:
        return (Fault("ends_at", f"at most {LONGEST_ENTRY // timedelta(hours=1)} hours after starts_at"),)
    if ends_at > week_of(starts_at).ends_at:
        return (Fault("ends_at", "a time in the same week; Monday 00:00 UTC divides an entry in two"),)
    return ()


def require_room(*, minutes: int, more: int, limit_minutes: int) -> None:
    """Raise WeeklyLimitReached unless so many `more` minutes fit into the week."""
    if minutes + more > limit_minutes:
        raise WeeklyLimitReached(f"{limit_minutes - minutes} of {limit_minutes} minutes are left in this week")


def timer_minutes(*, longest: int, limit_minutes: int, minutes: int) -> int:
    """Say how long a timer may run: as long as the operator lets any, and no longer than the week has room.

    Raises WeeklyLimitReached when there is none.
    """
    left = min(limit_minutes, MINUTES_PER_WEEK) - minutes
    require_room(minutes=minutes, more=1, limit_minutes=limit_minutes)
    return min(longest, left)


def cut_faults(starts_at: datetime, ends_at: datetime, *, first: datetime, last: datetime) -> tuple[Fault, ...]:
    """Say what is wrong with the part of an entry that somebody objects to: it lies within, and has a minute at least."""
    faults = []
    if not starts_at <= first < ends_at:
        faults.append(Fault("starts_at", "a time within the entry"))
    if not first < last <= ends_at:
        faults.append(Fault("ends_at", "a later time within the entry"))
    return tuple(faults)


def left_of(
    starts_at: datetime, ends_at: datetime, *, first: datetime, last: datetime
) -> tuple[tuple[datetime, datetime], ...]:
    """Give what an entry has left, in order, when a part of it is taken out: nothing, one piece, or two."""
    pieces = ((starts_at, first), (last, ends_at))
    return tuple((begin, end) for begin, end in pieces if minutes_between(begin, end) > 0)
