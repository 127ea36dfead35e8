"""Weeks of UTC: where they begin and end, what ISO 8601 calls them, and how time is divided between them."""

from datetime import UTC, date, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from freehold.domain.weeks import CLOCK, EDITS_END, REVIEW_ENDS, Week, by_week, minutes_between, to_minute, week_of

FIRST = datetime(1970, 1, 2, tzinfo=UTC)
INSTANTS = st.timedeltas(timedelta(), timedelta(days=365 * 8_000)).map(FIRST.__add__)


@pytest.mark.parametrize(
    ("day", "name", "monday"),
    [
        ("2026-11-27", "2026-W48", "2026-11-23"),
        ("2026-12-31", "2026-W53", "2026-12-28"),
        ("2027-01-03", "2026-W53", "2026-12-28"),
        ("2027-01-04", "2027-W01", "2027-01-04"),
        ("2020-12-31", "2020-W53", "2020-12-28"),
        ("2024-12-30", "2025-W01", "2024-12-30"),
        ("2021-01-01", "2020-W53", "2020-12-28"),
        ("2024-02-29", "2024-W09", "2024-02-26"),
        ("2000-02-29", "2000-W09", "2000-02-28"),
    ],
)
def test_days_around_new_year_and_in_leap_years_lie_in_the_week_that_iso_8601_says(day, name, monday):
    week = week_of(datetime.fromisoformat(day).replace(hour=13, tzinfo=UTC))
    assert (week.name, week.starts_at.date()) == (name, date.fromisoformat(monday))


@given(INSTANTS)
def test_every_instant_lies_in_exactly_one_week_of_168_hours_from_monday_on(instant):
    week = week_of(instant)
    assert week.starts_at <= instant < week.ends_at
    assert (week.starts_at.weekday(), week.starts_at.time().isoformat()) == (0, "00:00:00")
    assert week.ends_at - week.starts_at == timedelta(hours=168)
    assert week_of(week.ends_at) != week
    assert week.name == "{:04}-W{:02}".format(*instant.isocalendar())


@given(INSTANTS, st.integers(-14 * 60, 14 * 60))
def test_a_time_is_in_the_same_week_in_whatever_zone_it_is_written(instant, offset):
    assert week_of(instant.astimezone(timezone(timedelta(minutes=offset)))) == week_of(instant)


@pytest.mark.parametrize("zone", ["Europe/Rome", "America/New_York", "Australia/Lord_Howe", "Pacific/Apia"])
def test_clocks_that_change_in_a_zone_change_neither_weeks_nor_minutes(zone):
    """Each of these zones jumps within the year; an hour of UTC stays an hour."""
    instant, end = datetime(2026, 1, 1, tzinfo=UTC), datetime(2027, 1, 1, tzinfo=UTC)
    while instant < end:
        there, later = instant.astimezone(ZoneInfo(zone)), (instant + timedelta(hours=1)).astimezone(ZoneInfo(zone))
        assert minutes_between(to_minute(there), to_minute(later)) == 60
        assert week_of(there) == week_of(instant)
        instant += timedelta(hours=1)


def test_hours_close_on_monday_noon_and_the_review_ends_with_friday():
    week = week_of(datetime(2026, 11, 27, 13, tzinfo=UTC))
    assert week.moment(EDITS_END) == datetime(2026, 11, 30, 12, tzinfo=UTC)
    assert week.moment(REVIEW_ENDS) == datetime(2026, 12, 5, tzinfo=UTC)
    assert [moment.field for moment in CLOCK] == ["edits_end_at", "review_ends_at"]


@given(INSTANTS, st.integers(0, 3 * 7 * 24 * 60))
def test_a_span_is_divided_at_its_mondays_and_nothing_is_lost(starts_at, minutes):
    starts_at = to_minute(starts_at)
    ends_at = starts_at + timedelta(minutes=minutes)
    pieces = list(by_week(starts_at, ends_at))
    assert sum(minutes_between(begin, end) for _, begin, end in pieces) == minutes
    assert [begin for _, begin, _ in pieces[1:]] == [end for _, _, end in pieces[:-1]]
    for week, begin, end in pieces:
        assert week.starts_at <= begin < end <= week.ends_at


def test_seconds_are_dropped_not_rounded():
    assert to_minute(datetime(2026, 11, 27, 10, 5, 59, 999_999, tzinfo=UTC)) == datetime(2026, 11, 27, 10, 5, tzinfo=UTC)
    assert Week(datetime(2026, 11, 23, tzinfo=UTC)) < Week(datetime(2026, 11, 30, tzinfo=UTC))
