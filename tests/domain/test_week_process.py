"""The processes of a week and of an entry: every row, nothing beside them, and a human twin for each step of the clock."""

from itertools import product
from typing import get_args

import pytest

from freehold.domain.process import NotInThisState, NotYourStep
from freehold.domain.week_process import (
    ENTRY_STEPS,
    WEEK_STEPS,
    EntryState,
    EntryStep,
    WeekState,
    WeekStep,
    entry_parties_told,
    entry_step,
    week_parties_told,
    week_step,
)
from freehold.domain.weeks import CLOCK

WEEK_TABLE = {
    ("freelancer", "submit", "open"): "review",
    ("clock", "close", "open"): "review",
    ("clock", "skip", "open"): "carried",
    ("client", "approve", "review"): "billing",
    ("clock", "bill", "review"): "billing",
    ("clock", "carry", "review"): "carried",
    ("payment", "refuse", "billing"): "retrying",
    ("clock", "charge_again", "retrying"): "billing",
    ("client", "pay", "retrying"): "billing",
    ("client", "pay", "payment_failed"): "billing",
    ("payment", "give_up", "billing"): "payment_failed",
    ("payment", "give_up", "retrying"): "payment_failed",
    ("payment", "receive", "billing"): "funded",
    ("payment", "receive", "retrying"): "funded",
    ("payment", "receive", "payment_failed"): "funded",
    ("payment", "release", "funded"): "released",
    ("payment", "refund", "funded"): "refunded",
}
ENTRY_TABLE = {
    ("freelancer", "stop", "running"): "recorded",
    ("clock", "cap", "running"): "recorded",
    ("client", "object", "recorded"): "objected",
    ("client", "withdraw", "objected"): "recorded",
    ("client", "withdraw", "disputed"): "recorded",
    ("freelancer", "drop", "objected"): "dropped",
    ("freelancer", "drop", "disputed"): "dropped",
    ("clock", "dispute", "objected"): "disputed",
    ("operator", "award", "disputed"): "recorded",
    ("operator", "strike", "disputed"): "dropped",
}
TWINS = {"close": "submit", "skip": "submit", "bill": "approve", "charge_again": "pay", "cap": "stop"}


def reached(find, table, states):
    taken = {}
    actors, names = {actor for actor, _, _ in table} | {"stranger"}, {name for _, name, _ in table}
    for actor, name, state in product(actors, names, states):
        try:
            taken[actor, name, state] = find(name, actor=actor, state=state).target
        except (NotInThisState, NotYourStep):
            continue
    return taken


@pytest.mark.parametrize(
    ("find", "table", "states"),
    [(week_step, WEEK_TABLE, get_args(WeekState)), (entry_step, ENTRY_TABLE, get_args(EntryState))],
    ids=["week", "entry"],
)
def test_hours_go_where_their_tables_say_and_nowhere_else(find, table, states):
    assert reached(find, table, states) == table


def test_every_step_that_the_clock_takes_by_itself_has_a_human_twin():
    rows = (*WEEK_STEPS, *ENTRY_STEPS)
    timed = {row.name for row in rows if row.timer}
    assert timed == set(TWINS)
    for name, twin in TWINS.items():
        sources = {source for row in rows if row.name == name for source in row.sources}
        assert any(row.name == twin and row.actor in {"client", "freelancer"} and sources <= set(row.sources) for row in rows)


def test_the_clock_of_a_week_is_what_its_timers_name():
    timers = {row.timer for row in WEEK_STEPS if row.timer}
    assert timers == {moment.field for moment in CLOCK} | {"retry_at"}


def test_what_the_api_takes_is_what_people_may_do():
    people = {"client", "freelancer"}
    assert set(get_args(WeekStep)) == {row.name for row in WEEK_STEPS if row.actor in people}
    assert set(get_args(EntryStep)) == {row.name for row in ENTRY_STEPS if row.actor in people}


def test_released_refunded_and_carried_weeks_are_ends_and_so_is_what_was_dropped_or_billed():
    assert not {"released", "refunded", "carried"} & {source for row in WEEK_STEPS for source in row.sources}
    assert not {"dropped", "billed"} & {source for row in ENTRY_STEPS for source in row.sources}


def test_each_side_hears_of_what_the_other_did_and_both_of_what_went_wrong():
    assert week_parties_told("submit", by="freelancer") == {"client"}
    assert week_parties_told("give_up", by="payment") == {"client", "freelancer"}
    assert entry_parties_told("object", by="client") == {"freelancer"}
    assert entry_parties_told("dispute", by="clock") == {"client", "freelancer"}
    assert week_parties_told("nothing", by="nobody") == frozenset()
