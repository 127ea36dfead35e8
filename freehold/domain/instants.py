"""Times that people send: in UTC, whole milliseconds, within what a database and a calendar can hold."""

from datetime import UTC, datetime
from typing import Final

EARLIEST: Final = datetime(1970, 1, 2, tzinfo=UTC)
LATEST: Final = datetime(9999, 12, 30, tzinfo=UTC)


def in_utc(instant: datetime) -> datetime:
    """Give the same time as it is kept: UTC, whole milliseconds. What lies outside of EARLIEST to LATEST moves to its edge."""
    bounded = min(max(instant, EARLIEST), LATEST).astimezone(UTC)
    return bounded.replace(microsecond=bounded.microsecond // 1000 * 1000)
