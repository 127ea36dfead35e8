"""What is read from a message and from the broker's answers, whatever they hold."""

import msgspec
import pytest

from connector.confirms import Confirms
from connector.messages import (
    ACQUIRED,
    AGAIN,
    ATTEMPTS,
    BODY_LIMIT_BYTES,
    RETURNED,
    Death,
    Undecodable,
    death_of,
    encode,
    foreign_id,
    read,
)
from freehold.events import EventEnvelope

EVENT = EventEnvelope(id="evt_1", type="thing.grew", aggregate="thing_1", aggregate_version=2, n=0, body={"x": 1})


HEAD = b'{"id": "e", "type": "t", "aggregate": "a", "aggregate_version": 1, "n": 0, "body": '
UNSTORABLE = [HEAD + body + b"}" for body in (
    b'{"x": 9223372036854775808}', b'{"x": [-99999999999999999999]}', b'{"a\\u0000b": 1}', b'{"x": "\\ud800"}',
    b'{"x": ' + b"[" * 150 + b"]" * 150 + b"}",
)]  # fmt: skip


def confirms(*identifiers: str) -> Confirms:
    made = Confirms()
    for identifier in identifiers:
        made.went_out(identifier)
    return made


def test_an_event_is_read_as_it_was_written() -> None:
    said = read(encode(EVENT), {}, redelivered=False)
    assert (said.event, said.attempts, said.fence, said.first_hand) == (EVENT, 1, 0, True)


@pytest.mark.parametrize(
    ("headers", "redelivered", "attempts", "fence"),
    [
        ({}, True, 1, 0),
        ({RETURNED: 3}, True, 4, 0),
        ({RETURNED: 1, ACQUIRED: 3}, True, 4, 0),
        ({AGAIN: 0}, False, 1, 0),
        ({AGAIN: 7, ATTEMPTS: 5}, False, 5, 7),
        ({AGAIN: 7, ATTEMPTS: 5, RETURNED: 2}, True, 7, 7),
        ({AGAIN: "x", ATTEMPTS: -5, RETURNED: 2**40}, False, 1, 0),
    ],
)
def test_what_others_may_have_had_is_told_apart(
    headers: dict[str, object], *, redelivered: bool, attempts: int, fence: int
) -> None:
    said = read(encode(EVENT), headers, redelivered=redelivered)
    assert (said.attempts, said.fence, said.first_hand) == (attempts, fence, False)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"\xff",
        "\ud800",
        None,
        5,
        b"[" * 100_000,
        b"x" * (BODY_LIMIT_BYTES + 1),
        msgspec.json.encode({"id": 1}),
        *UNSTORABLE,
    ],
)
def test_what_is_no_event_is_undecodable(body: object) -> None:
    with pytest.raises(Undecodable):
        read(body, {}, redelivered=False)


def test_foreign_messages_are_named_by_what_they_hold() -> None:
    assert foreign_id(b"x") == foreign_id(b"x") != foreign_id(b"y")


@pytest.mark.parametrize(
    ("headers", "death"),
    [
        ({"x-death": [{"queue": "q", "reason": "expired"}, {"queue": "p", "reason": "rejected"}]}, Death("q", "expired")),
        ({"x-death": [{"queue": "q", "reason": "delivery_limit"}]}, Death("q", "delivery_limit")),
        ({"x-death": [{"queue": "q", "reason": "maxlen"}]}, Death("q", "other")),
        ({"x-death": []}, Death("", "other")),
        ({"x-death": "x"}, Death("", "other")),
        ({}, Death("", "other")),
    ],
)
def test_why_a_queue_gave_up_is_read(headers: dict[str, object], death: Death) -> None:
    assert death_of(headers) == death


def test_confirmations_come_in_any_order_and_in_groups() -> None:
    made = confirms("a", "b", "c", "d")
    made.confirmed(3, False)
    assert (made.taken, made.open) == ({"c"}, 3)
    made.confirmed(2, True)
    assert (made.taken, made.open) == ({"a", "b", "c"}, 1)
    made.confirmed(0, True)
    assert (made.taken, made.open) == ({"a", "b", "c", "d"}, 0)


def test_what_came_back_or_was_refused_is_not_taken() -> None:
    made = confirms("a", "b", "c")
    made.came_back("b")
    made.was_refused(3, False)
    made.confirmed(2, True)
    assert (made.taken, made.returned, made.refused, made.open) == ({"a"}, 1, 1, 0)


def test_tags_go_on_over_batches_and_outcomes_do_not() -> None:
    made = confirms("a")
    made.confirmed(1, False)
    made.begin()
    assert made.taken == set()
    made.went_out("b")
    made.confirmed(2, False)
    assert made.taken == {"b"}


def test_an_id_that_went_out_twice_is_taken_when_both_are() -> None:
    made = confirms("a", "a")
    made.confirmed(1, False)
    assert made.taken == set()
    made.confirmed(2, False)
    assert made.taken == {"a"}


def test_an_answer_about_what_never_went_out_is_ignored() -> None:
    made = confirms("a")
    made.confirmed(9, False)
    assert (made.taken, made.open) == (set(), 1)
