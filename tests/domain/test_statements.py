"""Statements: running balances per currency, whole days, and a limit."""

from datetime import UTC, date, datetime

import pytest

from freehold.domain.statements import LONGEST_PERIOD_DAYS, MOST_MOVEMENTS, Moved, StatementTooLong, bounds_of, statement_of

START, END = date(2026, 11, 1), date(2026, 11, 30)


def moved(amount, currency="USD", *, key="release:mst_1:1"):
    return Moved(at=datetime(2026, 11, 2, tzinfo=UTC), key=key, title="Logo", currency=currency, amount=amount)


def test_both_days_are_in_whole():
    assert bounds_of(START, END) == (datetime(2026, 11, 1, tzinfo=UTC), datetime(2026, 12, 1, tzinfo=UTC))
    assert bounds_of(START, START) == (datetime(2026, 11, 1, tzinfo=UTC), datetime(2026, 11, 2, tzinfo=UTC))


def test_each_row_has_the_balance_of_its_own_currency_after_it():
    movements = [moved(500), moved(70, "EUR"), moved(-200), moved(-80, "EUR"), moved(1)]
    statement = statement_of(START, END, {"USD": 1_000, "GBP": 5}, movements)
    assert [row.balance for row in statement.rows] == [1_500, 70, 1_300, -10, 1_301]
    assert [row.moved for row in statement.rows] == movements
    assert list(statement.opening.items()) == [("EUR", 0), ("GBP", 5), ("USD", 1_000)]
    assert list(statement.closing.items()) == [("EUR", -10), ("GBP", 5), ("USD", 1_301)]
    assert (statement.start, statement.end) == (START, END)


def test_a_period_in_which_nothing_happened_ends_as_it_began():
    statement = statement_of(START, END, {"USD": 7}, [])
    assert (statement.opening, statement.rows, statement.closing) == ({"USD": 7}, (), {"USD": 7})


def test_a_statement_has_a_limit_and_takes_what_is_just_within_it():
    most = [moved(1)] * MOST_MOVEMENTS
    assert statement_of(START, END, {}, most).closing == {"USD": 5_000}
    with pytest.raises(StatementTooLong):
        statement_of(START, END, {}, [*most, moved(1)])
    assert LONGEST_PERIOD_DAYS == 366


def test_what_happened_is_the_beginning_of_the_journals_key():
    assert moved(1).kind == "release"
    assert moved(1, key="deposit").kind == "deposit"
