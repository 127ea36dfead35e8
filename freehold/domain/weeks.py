"""Weeks of hourly work, in UTC alone: Monday 00:00 to Sunday 23:59:59, named as ISO 8601 names them; and what follows one.

A week of UTC has 168 hours, whatever the clocks of its people do in it.
Source: ISO 8601-1:2019, 4.2.2 (calendar weeks); `datetime.isocalendar`.
"""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Final

from msgspec import Struct

MINUTES_PER_HOUR: Final = 60
MINUTES_PER_WEEK: Final = 7 * 24 * MINUTES_PER_HOUR
_MINUTE: Final = timedelta(minutes=1)


class Moment(Struct, frozen=True, kw_only=True):
    """A time that every week has: `field` keeps it, `after_end` of the week it comes, `until` then people may do something."""

    field: str
    after_end: timedelta
    until: str


EDITS_END: Final = Moment(
    field="edits_end_at", after_end=timedelta(hours=12), until="the freelancer adds, corrects and removes hours"
)
REVIEW_ENDS: Final = Moment(
    field="review_ends_at", after_end=timedelta(days=5), until="the client looks at the hours, and objects to some or approves"
)
CLOCK: Final = (EDITS_END, REVIEW_ENDS)
"""Monday noon and the end of Friday, in the week after the one that was worked."""
SHORTEST_REVIEW: Final = timedelta(days=2)
"""What the client has to look at the hours even when the week was closed late, because no scheduler ran."""


class Week(Struct, frozen=True, order=True):
    """One week, by its first moment."""

    starts_at: datetime

    @property
    def ends_at(self) -> datetime:
        """The first moment after it."""
        return self.starts_at + timedelta(days=7)

    @property
    def name(self) -> str:
        """How ISO 8601 names it: `2026-W53`. The days around New Year belong to the week that has most of them."""
        year, week, _ = self.starts_at.isocalendar()
        return f"{year:04}-W{week:02}"

    def moment(self, moment: Moment) -> datetime:
        """Give the time of this week at which a moment of the clock comes."""
        return self.ends_at + moment.after_end


def week_of(instant: datetime) -> Week:
    """Find the week that a time lies in."""
    there = instant.astimezone(UTC)
    midnight = there.replace(hour=0, minute=0, second=0, microsecond=0)
    return Week(midnight - timedelta(days=there.weekday()))


def to_minute(instant: datetime) -> datetime:
    """Give the whole minute, in UTC, that a time lies in."""
    return instant.astimezone(UTC).replace(second=0, microsecond=0)


def minutes_between(starts_at: datetime, ends_at: datetime) -> int:
    """Count the whole minutes from one time to another."""
    return (ends_at - starts_at) // _MINUTE


def by_week(starts_at: datetime, ends_at: datetime) -> Iterator[tuple[Week, datetime, datetime]]:
    """Divide a span of time at the Mondays in it: each part with its week."""
    while starts_at < ends_at:
        week = week_of(starts_at)
        yield week, starts_at, min(week.ends_at, ends_at)
        starts_at = week.ends_at
