"""Numbers of invoices: one after the other and without gaps, however many want one and whatever is undone."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from freehold.documents import InvoiceSeries
from freehold.ids import new_id
from freehold.store import Stale, Unavailable, Unit
from freehold.store.invoices import take_number

WRITERS = 24
EVERY_THIRD = 3


class UndoneError(Exception):
    """The work fails after it has its number."""


def issuer() -> str:
    return new_id("usr")


async def taken(store, issuer_id: str, *, fails: bool = False) -> str:
    async def work(unit: Unit) -> str:
        number = await take_number(unit, issuer_id, "sale")
        if fails:
            raise UndoneError
        return number.text

    for _ in range(WRITERS):
        try:
            return await store.transact(work, deadline_s=30)
        except UndoneError:
            return ""
        except Unavailable:
            continue  # too many at once: the caller comes again, as a client or the connector does
    raise AssertionError("it never got its turn")


def test_racing_writers_get_every_number_once_and_what_is_undone_takes_none(opened):
    issuer_id = issuer()

    async def race() -> list[str]:
        return await asyncio.gather(*(taken(opened.store, issuer_id, fails=n % EVERY_THIRD == 0) for n in range(WRITERS)))

    numbers = sorted(filter(None, opened.run(race())))
    year = opened.run(opened.store.database_now()).year
    kept = WRITERS - WRITERS // EVERY_THIRD
    assert numbers == [f"INV-{year}-{n:06d}" for n in range(1, kept + 1)]


def test_each_issuer_and_kind_counts_by_itself(opened):
    one, other = issuer(), issuer()

    async def take(issuer_id: str, kind) -> str:
        return await opened.store.transact(lambda unit: _text(unit, issuer_id, kind), deadline_s=10)

    for issuer_id, kind, prefix in ((one, "sale", "INV"), (other, "sale", "INV"), (one, "credit_note", "CRN")):
        assert opened.run(take(issuer_id, kind)).startswith(f"{prefix}-")
    assert opened.run(take(one, "sale")).endswith("-000002")
    assert opened.run(take(other, "sale")).endswith("-000002")


def test_the_times_of_a_series_never_go_back(opened):
    issuer_id = issuer()
    opened.run(taken(opened.store, issuer_id))
    year = opened.run(opened.store.database_now()).year
    later = min(datetime.now(UTC).replace(microsecond=0) + timedelta(minutes=5), datetime(year, 12, 31, 23, 59, 59, tzinfo=UTC))
    series = opened.store.collection(InvoiceSeries)
    opened.run(series.update_one({"_id": f"{issuer_id}:INV:{year}"}, {"$set": {"last_at": later}}))
    assert opened.run(opened.store.transact(lambda unit: _at(unit, issuer_id), deadline_s=10)) == later


def test_in_the_moment_when_a_year_ends_the_number_is_asked_for_again(opened):
    issuer_id = issuer()
    year = opened.run(opened.store.database_now()).year
    next_year = datetime(year + 1, 1, 1, tzinfo=UTC)
    row = {"_id": f"{issuer_id}:INV:{year}", "version": 1, "last": 7, "last_at": next_year}
    opened.run(opened.store.collection(InvoiceSeries).insert_one(row))
    with pytest.raises(Stale):
        opened.run(opened.store.transact(lambda unit: _at(unit, issuer_id), deadline_s=10))


async def _text(unit: Unit, issuer_id: str, kind) -> str:
    return (await take_number(unit, issuer_id, kind)).text


async def _at(unit: Unit, issuer_id: str) -> datetime:
    return (await take_number(unit, issuer_id, "sale")).at
