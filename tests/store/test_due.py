"""What is due is found by the database's clock, never by that of the process which asks."""

from datetime import datetime

import pytest

from freehold.domain.money_process import PROCESS
from freehold.store.milestones import due_filter

TIMED = [row for row in PROCESS if row.due is not None]


def parts_of(value):
    """List all that a filter is made of."""
    if isinstance(value, dict):
        return [part for item in value.items() for part in parts_of(list(item))]
    if isinstance(value, list | tuple):
        return [part for item in value for part in parts_of(item)]
    return [value]


@pytest.mark.parametrize("row", TIMED, ids=lambda row: f"{row.transition} at {row.due}")
def test_a_deadline_is_compared_with_the_databases_clock_alone(row):
    parts = parts_of(due_filter(row))
    assert "$$NOW" in parts
    assert [part for part in parts if isinstance(part, datetime)] == []
    assert due_filter(row)[row.due] == {"$type": "date"}
    assert due_filter(row)["$expr"] == {"$lte": [f"${row.due}", "$$NOW"]}


def test_a_row_without_a_deadline_is_never_due():
    assert [due_filter(row) for row in PROCESS if row.due is None and due_filter(row)] == []
