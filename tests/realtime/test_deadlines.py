from hypothesis import given
from hypothesis import strategies as st

from realtime.deadlines import Deadlines, Heartbeat
from realtime.protocol import Limits

LIMITS = Limits(ping_interval_s=25, ping_timeout_s=20, connect_timeout_s=10)


def heartbeat(*connections: str, now_s: float = 0) -> Heartbeat[str]:
    beating: Heartbeat[str] = Heartbeat(LIMITS)
    for connection in connections:
        beating.opened(connection, now_s=now_s)
        beating.joined(connection)
    return beating


def test_a_connection_is_pinged_after_each_interval_of_quiet() -> None:
    beating = heartbeat("a")
    assert beating.turn(now_s=24.9).to_ping == []
    assert beating.turn(now_s=25).to_ping == ["a"]
    assert beating.turn(now_s=25).to_ping == []
    beating.heard("a", now_s=26)
    assert beating.turn(now_s=50.9).to_ping == []
    assert beating.turn(now_s=51).to_ping == ["a"]


def test_a_connection_that_does_not_answer_is_silent() -> None:
    beating = heartbeat("a", "b")
    assert beating.turn(now_s=25).to_ping == ["a", "b"]
    beating.heard("b", now_s=30)
    assert beating.turn(now_s=44.9).silent == []
    assert beating.turn(now_s=45).silent == ["a"]
    assert beating.turn(now_s=100).silent == []


def test_a_pong_that_nobody_asked_for_changes_nothing() -> None:
    beating = heartbeat("a")
    beating.heard("a", now_s=24)
    assert beating.turn(now_s=25).to_ping == ["a"]


def test_whoever_joins_nothing_in_time_is_idle() -> None:
    beating = heartbeat("joins")
    beating.opened("waits", now_s=0)
    assert beating.turn(now_s=9.9).idle == []
    assert beating.turn(now_s=10).idle == ["waits"]
    assert beating.turn(now_s=11).idle == []


def test_an_ended_connection_is_forgotten() -> None:
    beating = heartbeat("a", "b")
    beating.turn(now_s=25)
    beating.ended("a")
    beating.heard("a", now_s=26)
    assert beating.turn(now_s=200).silent == ["b"]
    assert beating.turn(now_s=400).to_ping == []


STEPS = st.lists(st.tuples(st.sampled_from(["start", "stop", "due"]), st.integers(0, 4), st.floats(0, 3)), max_size=60)


@given(STEPS)
def test_deadlines_agree_with_a_plain_search(steps: list[tuple[str, int, float]]) -> None:
    deadlines: Deadlines[int] = Deadlines(2.0)
    plain: dict[int, float] = {}
    now_s = 0.0
    for step, thing, passed_s in steps:
        now_s += passed_s
        if step == "start":
            deadlines.start(thing, now_s=now_s)
            plain[thing] = now_s + 2.0
        elif step == "stop":
            assert deadlines.stop(thing) is (plain.pop(thing, None) is not None)
        else:
            due = {each for each, due_at in plain.items() if due_at <= now_s}
            assert set(deadlines.take_due(now_s=now_s)) == due
            plain = {each: due_at for each, due_at in plain.items() if each not in due}
        assert len(deadlines) == len(plain)
        assert all(each in deadlines for each in plain)
