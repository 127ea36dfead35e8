"""Which deliveries start, and which wait their turn."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector.lanes import Due, Lanes

START = datetime(2026, 1, 1, tzinfo=UTC)


def due(identifier: str, *, reaction: str = "a", aggregate: str = "", at_s: float = 0, step: tuple[int, int] = (1, 0)) -> Due:
    version, n = step
    return Due(
        id=identifier, reaction=reaction, due_at=START + timedelta(seconds=at_s), aggregate=aggregate or identifier,
        aggregate_version=version, n=n,
    )  # fmt: skip


def offered(lanes: Lanes, found: list[Due]) -> list[Due]:
    """Start what there is room for of what a look has found."""
    lanes.offer(found, left_out=(), is_all=True)
    return lanes.take()


def names(found: list[Due]) -> list[str]:
    return [each.id for each in found]


def test_what_is_due_first_starts_first_as_far_as_there_is_room() -> None:
    lanes = Lanes(limit=2, limit_per_reaction=2)
    assert names(offered(lanes, [due("late", at_s=2), due("first"), due("second", at_s=1)])) == ["first", "second"]
    assert lanes.room == 0
    assert offered(lanes, [due("late", at_s=2)]) == []


def test_a_place_that_is_left_is_free_again() -> None:
    lanes = Lanes(limit=1, limit_per_reaction=1)
    (first,) = offered(lanes, [due("first"), due("second", at_s=1)])
    lanes.leave(first)
    assert (len(lanes), lanes.full) == (0, ())
    assert names(offered(lanes, [due("second")])) == ["second"]


def test_a_reaction_takes_no_more_than_its_share() -> None:
    lanes = Lanes(limit=4, limit_per_reaction=2)
    taken = offered(lanes, [due(f"a{number}") for number in range(4)] + [due("b", reaction="b", at_s=9)])
    assert names(taken) == ["a0", "a1", "b"]
    assert lanes.full == ("a",)


def test_one_aggregates_events_go_one_by_one_and_in_order() -> None:
    lanes = Lanes(limit=9, limit_per_reaction=9)
    events = [due(f"{version}.{n}", aggregate="thing", step=(version, n)) for version in (2, 1) for n in (1, 0)]
    order = []
    while events:
        (taken,) = offered(lanes, events)
        order.append(taken.id)
        events.remove(taken)
        lanes.leave(taken)
    assert order == ["1.0", "1.1", "2.0", "2.1"]


def test_one_aggregates_events_go_to_different_reactions_at_once() -> None:
    lanes = Lanes(limit=9, limit_per_reaction=9)
    assert len(offered(lanes, [due("x", aggregate="thing"), due("y", aggregate="thing", reaction="b")])) == 2


def test_a_later_event_does_not_pass_one_of_its_line_that_must_wait() -> None:
    lanes = Lanes(limit=9, limit_per_reaction=1)
    (other,) = offered(lanes, [due("other")])
    first, second = due("v1", aggregate="thing"), due("v2", aggregate="thing", step=(2, 0))
    assert offered(lanes, [first, second]) == []
    lanes.leave(other)
    assert names(offered(lanes, [second, first])) == ["v1"]


def test_what_runs_is_not_started_twice() -> None:
    lanes = Lanes(limit=9, limit_per_reaction=9)
    assert len(offered(lanes, [due("once")])) == 1
    assert offered(lanes, [due("once", aggregate="other")]) == []


def test_what_was_offered_keeps_its_turn() -> None:
    lanes = Lanes(limit=1, limit_per_reaction=1)
    (first,) = offered(lanes, [due("first"), due("second", at_s=1), due("third", at_s=2)])
    assert lanes.take() == []
    lanes.leave(first)
    assert names(lanes.take()) == ["second"]


def test_a_look_replaces_what_was_offered_but_for_the_reactions_it_left_out() -> None:
    lanes = Lanes(limit=9, limit_per_reaction=1)
    (a1, b1) = offered(lanes, [due("a1"), due("a2", at_s=1), due("b1", reaction="b"), due("b2", reaction="b", at_s=1)])
    lanes.offer([due("b3", reaction="b", at_s=2)], left_out=("a",), is_all=True)
    lanes.leave(a1)
    lanes.leave(b1)
    assert names(lanes.take()) == ["a2", "b3"]


@pytest.mark.parametrize(("is_all", "wanted"), [(True, False), (False, True)])
def test_a_new_look_is_wanted_when_the_last_one_was_cut_off_and_is_used_up(*, is_all: bool, wanted: bool) -> None:
    lanes = Lanes(limit=2, limit_per_reaction=2)
    lanes.offer([due("only")], left_out=(), is_all=is_all)
    (only,) = lanes.take()
    lanes.leave(only)
    assert lanes.want_a_look("a") is wanted


def test_a_new_look_is_wanted_after_one_that_was_missed_for_want_of_room() -> None:
    lanes = Lanes(limit=1, limit_per_reaction=1)
    (only,) = offered(lanes, [due("only")])
    lanes.miss_a_look()
    assert lanes.want_a_look("a") is False
    lanes.leave(only)
    assert lanes.want_a_look("a") is True


def test_a_new_look_is_wanted_when_a_reaction_that_was_left_out_has_room_again() -> None:
    lanes = Lanes(limit=9, limit_per_reaction=1)
    (only,) = offered(lanes, [due("only")])
    lanes.offer([], left_out=("a",), is_all=True)
    lanes.leave(only)
    assert lanes.want_a_look("a") is True
    assert lanes.want_a_look("b") is False


def test_no_new_look_is_wanted_while_a_reaction_has_some_that_were_seen() -> None:
    lanes = Lanes(limit=9, limit_per_reaction=1)
    (first,) = offered(lanes, [due("first"), due("second", at_s=1)])
    lanes.offer([], left_out=("a",), is_all=False)
    lanes.leave(first)
    assert lanes.want_a_look("a") is False
    assert names(lanes.take()) == ["second"]


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 5), st.booleans()), max_size=60))
def test_limits_and_lines_hold_through_any_history(history: list[tuple[int, int, bool]]) -> None:
    lanes = Lanes(limit=5, limit_per_reaction=2)
    running: list[Due] = []
    for number, (reaction, aggregate, ends) in enumerate(history):
        if ends and running:
            lanes.leave(running.pop(0))
        running += offered(lanes, [due(str(number), reaction=str(reaction), aggregate=str(aggregate))])
        assert len(running) == len(lanes) <= 5
        assert len({each.line for each in running}) == len(running)
        assert all(sum(each.reaction == name for each in running) <= 2 for name in {each.reaction for each in running})
        assert lanes.room == 5 - len(running)
