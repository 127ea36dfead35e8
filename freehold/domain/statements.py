"""A person's statement: every movement of their money in a period, with running balances per currency.

A client's money is what is held, disputed or on its way back for their milestones; a freelancer's is what is to be paid out to
them, less what they owe. Amounts are minor units; what comes to the person is above zero.
"""

from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime, time, timedelta
from typing import Final

from msgspec import Struct

from freehold.domain.errors import Refused

LONGEST_PERIOD_DAYS: Final = 366
MOST_MOVEMENTS: Final = 5_000


class StatementTooLong(Refused):
    """The period holds more movements than one statement may have; ask for a shorter one."""

    code = "statement_too_long"


class Moved(Struct, frozen=True, kw_only=True):
    """One movement of somebody's money, as the ledger tells it: `kind` is what its key begins with."""

    at: datetime
    key: str
    title: str
    currency: str
    amount: int

    @property
    def kind(self) -> str:
        """Say what happened."""
        return self.key.partition(":")[0]


class Row(Struct, frozen=True, kw_only=True):
    """A movement, and what the person had in its currency after it."""

    moved: Moved
    balance: int


class Statement(Struct, frozen=True, kw_only=True):
    """A period's rows in their order, and what there was before and after them, per currency."""

    start: date
    end: date
    opening: Mapping[str, int]
    rows: tuple[Row, ...]
    closing: Mapping[str, int]


def bounds_of(start: date, end: date) -> tuple[datetime, datetime]:
    """Give the moments between which both days lie, UTC: the first is in, the second is out."""
    return _midnight(start), _midnight(end + timedelta(days=1))


def statement_of(start: date, end: date, opening: Mapping[str, int], movements: Iterable[Moved]) -> Statement:
    """Add the movements up, in their order. Raises StatementTooLong."""
    balances, rows = dict(opening), []
    for moved in movements:
        balances[moved.currency] = balances.get(moved.currency, 0) + moved.amount
        rows.append(Row(moved=moved, balance=balances[moved.currency]))
    if len(rows) > MOST_MOVEMENTS:
        raise StatementTooLong(f"there are more than {MOST_MOVEMENTS} movements between {start} and {end}")
    whole = {currency: opening.get(currency, 0) for currency in sorted(balances)}
    return Statement(start=start, end=end, opening=whole, rows=tuple(rows), closing=dict(sorted(balances.items())))


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)
