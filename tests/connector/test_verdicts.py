"""What each answer of a function means, and when a delivery is given up."""

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connector.verdicts import ERROR_LIMIT, RETRY_AFTER_LIMIT_S, Answer, Patience, Verdict, failed, judge, next_step

NOW = datetime(2026, 1, 1, tzinfo=UTC)
EVENT = "evt_1"
PATIENCE = Patience(max_attempts=5, backoff_base_s=1.0, backoff_max_s=60.0)


def results(*pairs: tuple[str, str]) -> bytes:
    return msgspec.json.encode([{"id": identifier, "result": result} for identifier, result in pairs])


@pytest.mark.parametrize("result", ["done", "duplicate"])
def test_200_with_a_result_for_this_event_is_the_only_success(result: str) -> None:
    answer = Answer(status=200, body=results(("evt_0", "failed"), (EVENT, result)))
    assert judge(answer, EVENT, NOW) == Verdict(kind="done")


@settings(max_examples=20)
@given(st.binary(max_size=50))
def test_no_other_status_is_a_success_whatever_the_body_says(noise: bytes) -> None:
    for status in set(range(100, 600)) - {200}:
        for body in (results((EVENT, "done")), noise):
            verdict = judge(Answer(status=status, body=body), EVENT, NOW)
            refused = 400 <= status < 500 and status not in {404, 408, 429}
            assert verdict.kind == ("park" if refused else "retry")
            assert verdict.error.startswith(f"answered {status}")


@given(st.binary() | st.sampled_from([b"[]", b"null", b'[{"id": "evt_1"}]', b'[{"id": "evt_1", "result": null}]']))
def test_200_with_anything_else_is_tried_again(body: bytes) -> None:
    assert judge(Answer(status=200, body=body), EVENT, NOW).kind == "retry"


@pytest.mark.parametrize(
    "pairs", [[(EVENT, "conflict")], [("evt_2", "done")], [(EVENT, "done"), (EVENT, "failed")], [(EVENT, "")]]
)
def test_200_without_a_clear_result_for_this_event_is_tried_again(pairs: list[tuple[str, str]]) -> None:
    assert judge(Answer(status=200, body=results(*pairs)), EVENT, NOW).kind == "retry"


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("3", 3.0), (" 7 ", 7.0), ("0", 0.0), (None, 0.0), ("", 0.0), ("soon", 0.0), ("-5", 0.0), ("1.5", 0.0), ("٣", 0.0),
        ("9" * 400, RETRY_AFTER_LIMIT_S), (format_datetime(NOW + timedelta(seconds=90), usegmt=True), 90.0),
        (format_datetime(NOW - timedelta(days=1), usegmt=True), 0.0),
        (format_datetime(NOW + timedelta(days=900), usegmt=True), RETRY_AFTER_LIMIT_S),
        ("Thu, 01 Jan 2026 00:00:10 -0000", 0.0),
    ],
)  # fmt: skip
def test_retry_after_is_read_as_seconds_or_date_and_bounded(header: str | None, seconds: float) -> None:
    assert judge(Answer(status=429, retry_after=header), EVENT, NOW).wait_s == seconds


@given(st.text(max_size=40))
def test_no_retry_after_is_an_error_or_beyond_the_limit(header: str) -> None:
    assert 0 <= judge(Answer(status=503, retry_after=header), EVENT, NOW).wait_s <= RETRY_AFTER_LIMIT_S


def test_the_error_names_code_and_detail_of_a_problem_and_is_bounded() -> None:
    body = msgspec.json.encode({"code": "rule", "title": "No", "detail": "x" * 5_000})
    error = judge(Answer(status=422, body=body), EVENT, NOW).error
    assert error.startswith("answered 422 rule: xxx")
    assert len(error) == ERROR_LIMIT


def test_the_error_holds_nothing_of_a_body_that_is_no_problem() -> None:
    assert judge(Answer(status=500, body=b"<html>swordfish</html>"), EVENT, NOW).error == "answered 500"


@given(st.integers(1, 200), st.floats(0, 1, exclude_max=True))
def test_backoff_doubles_is_jittered_over_its_upper_half_and_bounded(attempts: int, jitter: float) -> None:
    whole_s = min(60.0, 2.0 ** min(attempts - 1, 10))
    assert whole_s / 2 <= PATIENCE.delay_s(attempts, jitter) <= whole_s


def test_jitter_spreads() -> None:
    assert PATIENCE.delay_s(3, 0.0) == 2.0
    assert PATIENCE.delay_s(3, 0.5) == 3.0


def test_a_retry_waits_at_least_as_long_as_it_was_asked_to() -> None:
    verdict = Verdict(kind="retry", error="answered 429", wait_s=30.0)
    assert next_step(verdict, attempts=1, patience=PATIENCE, jitter=0.0).delay_s == 30.0
    assert next_step(verdict, attempts=1, patience=PATIENCE, jitter=0.5).delay_s == 30.5


def test_backoff_goes_before_a_shorter_retry_after() -> None:
    verdict = Verdict(kind="retry", error="answered 429", wait_s=1.0)
    assert next_step(verdict, attempts=4, patience=PATIENCE, jitter=0.0).delay_s == 4.0


@pytest.mark.parametrize(("attempts", "kind"), [(1, "retry"), (4, "retry"), (5, "park"), (6, "park")])
def test_the_last_attempt_parks_and_keeps_the_error(attempts: int, kind: str) -> None:
    step = next_step(Verdict(kind="retry", error="answered 500"), attempts=attempts, patience=PATIENCE, jitter=0.0)
    assert step.kind == kind
    assert "answered 500" in step.error


@pytest.mark.parametrize("kind", ["done", "park"])
def test_done_and_park_are_final_at_any_attempt(kind: str) -> None:
    step = next_step(Verdict(kind=kind, error="why"), attempts=99, patience=PATIENCE, jitter=0.0)
    assert (step.kind, step.error) == (kind, "why")


def test_a_worker_that_died_is_tried_again_and_its_death_is_named_without_its_message() -> None:
    fault = KeyError("a secret")
    assert failed((KeyError, fault, fault.__traceback__)) == Verdict(kind="retry", error="the connector failed: KeyError")
    assert failed(None) == Verdict(kind="retry", error="the connector failed: no verdict")
