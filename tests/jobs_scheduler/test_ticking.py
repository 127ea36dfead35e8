"""The scheduler calls each sweep at its period, whatever dies around it, and any number of schedulers do no harm."""

import signal
import socket
from datetime import UTC, datetime, timedelta

import pytest

from freehold.catalogue import Catalogue
from tests.connector.world import Door, World, eventually, wrong_clock
from tests.jobs_scheduler.entries import sweep


def start_scheduler(world: World, **settings: object) -> Door:
    door = world.start("-m", "jobs_scheduler", **settings)
    eventually(lambda: door.health() == 200, what="the scheduler's readiness")
    return door


def ticks(world: World, name: str) -> int:
    return world.database.calls.count_documents({"name": name})


def test_each_sweep_is_ticked_again_and_again_with_a_valid_token(ticking: World) -> None:
    ticking.start_functions()
    start_scheduler(ticking)
    eventually(lambda: ticks(ticking, "tests-pay") >= 4 and ticks(ticking, "tests-tidy") >= 2)
    call = ticking.database.calls.find_one({"name": "tests-pay"})
    assert (call["door"], call["word"], call["deployed"]) == ("scheduler", "function", "tests-pay")
    assert ticking.database.refusals.count_documents({}) == 0


def test_the_ce_profile_calls_the_group_that_serves_a_sweep(ticking: World) -> None:
    ticking.start_functions()
    start_scheduler(ticking, profile="ce")
    call = eventually(lambda: ticking.database.calls.find_one({"name": "tests-pay"}))
    assert call["deployed"] == "tests"


def test_a_sweep_with_more_to_do_is_called_again_at_once(ticking: World) -> None:
    ticking.know(Catalogue(functions=(sweep("tests-pay", 600.0),)))
    ticking.database.due.insert_many([{"sweep": "tests-pay", "paid": False, "times": 0} for _ in range(23)])
    ticking.start_functions()
    start_scheduler(ticking)
    eventually(lambda: ticking.database.due.count_documents({"paid": True}) == 23)
    assert ticks(ticking, "tests-pay") == 5


def test_several_schedulers_at_once_do_everything_once(ticking: World) -> None:
    ticking.start_functions()
    ticking.database.due.insert_many([{"sweep": "tests-pay", "paid": False, "times": 0} for _ in range(200)])
    schedulers = [start_scheduler(ticking) for _ in range(3)]
    schedulers[0].stop(signal.SIGKILL)
    ticking.database.due.insert_many([{"sweep": "tests-pay", "paid": False, "times": 0} for _ in range(50)])
    eventually(lambda: ticking.database.due.count_documents({"paid": True}) == 250)
    assert ticking.database.due.distinct("times") == [1]
    assert all(scheduler.process.poll() is None for scheduler in schedulers[1:])


def test_four_schedulers_killed_and_with_wrong_clocks_do_what_is_due_once_and_nothing_early(ticking: World) -> None:
    soon, hours_s = datetime.now(UTC) + timedelta(hours=5), 6 * 3600
    one = {"sweep": "tests-pay", "paid": False, "times": 0}
    ticking.database.due.insert_many([{**one, "due_at": soon} for _ in range(20)])
    functions = ticking.start_functions()
    clocks = [wrong_clock(ticking.folder, by_s) for by_s in (hours_s, -hours_s)]
    wrong = [ticking.start("-m", "jobs_scheduler", environ=clock) for clock in clocks]
    eventually(lambda: all(scheduler.lines("sweep_fails") for scheduler in wrong), what="refused calls")
    assert ticking.database.calls.count_documents({}) == 0, "a token of a wrong time opens nothing"
    right = [start_scheduler(ticking) for _ in range(2)]
    for _ in range(3):
        ticking.database.due.insert_many([dict(one) for _ in range(60)])
        paid = ticking.database.due.count_documents({"paid": True})
        eventually(lambda paid=paid: ticking.database.due.count_documents({"paid": True}) > paid)
        functions.stop(signal.SIGKILL)
        right.pop(0).stop(signal.SIGKILL)
        functions = ticking.start_functions()
        right.append(ticking.start("-m", "jobs_scheduler"))
    eventually(lambda: ticking.database.due.count_documents({"paid": True}) == 180)
    assert ticking.database.due.count_documents({"times": {"$gt": 1}}) == 0
    assert ticking.database.due.count_documents({"due_at": soon, "paid": True}) == 0, "early"


def test_a_failing_sweep_is_said_once_per_change_and_tried_again(ticking: World) -> None:
    ticking.start_functions()
    ticking.database.troubles.insert_one({"_id": "tests-tidy", "status": 503})
    scheduler = start_scheduler(ticking)
    eventually(lambda: ticks(ticking, "tests-tidy") >= 4)
    assert [line["reason"] for line in scheduler.lines("sweep_fails")] == ["answered 503"]
    ticking.database.troubles.delete_many({})
    eventually(lambda: len([line for line in scheduler.lines("sweep_works") if line["sweep"] == "tests-tidy"]) == 1)


def test_a_sweep_that_hangs_is_given_up_and_does_not_hold_up_the_others(ticking: World) -> None:
    ticking.know(Catalogue(functions=(sweep("tests-pay", 0.2), sweep("tests-tidy", 0.2, timeout_s=0.4))))
    ticking.database.troubles.insert_one({"_id": "tests-tidy", "status": 200, "pause_s": 8})
    ticking.start_functions()
    scheduler = start_scheduler(ticking)
    eventually(lambda: scheduler.lines("sweep_fails") and ticks(ticking, "tests-pay") >= 4)
    assert scheduler.lines("sweep_fails")[0]["reason"] == "no answer: ReadTimeout"


def test_functions_that_are_down_make_it_not_ready_and_it_goes_on_when_they_are_back(ticking: World) -> None:
    scheduler = ticking.start("-m", "jobs_scheduler")
    eventually(lambda: len(scheduler.lines("sweep_fails")) == 2)
    assert (scheduler.health(), scheduler.health("/_/health")) == (503, 200)
    functions = ticking.start_functions()
    eventually(lambda: scheduler.health() == 200)
    functions.stop(signal.SIGKILL)
    eventually(lambda: scheduler.health() == 503)
    assert scheduler.health("/_/health") == 200
    ticking.start_functions()
    eventually(lambda: scheduler.health() == 200)


def test_a_scheduler_that_was_stopped_for_many_periods_goes_on_ticking(ticking: World) -> None:
    ticking.start_functions()
    sleeper = start_scheduler(ticking)
    other = start_scheduler(ticking)
    sleeper.send(signal.SIGSTOP)
    seen = ticks(ticking, "tests-pay")
    eventually(lambda: ticks(ticking, "tests-pay") >= seen + 8)
    assert other.stop() == 0
    seen = ticks(ticking, "tests-pay")
    sleeper.send(signal.SIGCONT)
    eventually(lambda: ticks(ticking, "tests-pay") >= seen + 3)
    eventually(lambda: sleeper.health() == 200)
    assert ticking.database.refusals.count_documents({}) == 0


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_stop_signal_lets_the_call_under_way_end_and_leaves_with_0(ticking: World, number: signal.Signals) -> None:
    ticking.start_functions()
    scheduler = start_scheduler(ticking)
    ticking.database.troubles.insert_one({"_id": "tests-pay", "status": 200, "pause_s": 0.5})
    assert scheduler.stop(number) == 0
    assert scheduler.lines("stopped")[0]["drained"] is True


def test_sigterm_ends_by_its_deadline_while_a_call_hangs(ticking: World) -> None:
    ticking.know(Catalogue(functions=(sweep("tests-pay", 0.2, timeout_s=60.0), sweep("tests-tidy", 0.2))))
    ticking.database.troubles.insert_one({"_id": "tests-pay", "status": 200, "pause_s": 30})
    ticking.start_functions()
    scheduler = start_scheduler(ticking, drain_timeout_s=0.3)
    eventually(lambda: ticks(ticking, "tests-pay") == 1)
    assert scheduler.stop(within_s=10) == 1


def test_a_second_sigterm_leaves_at_once(ticking: World) -> None:
    ticking.know(Catalogue(functions=(sweep("tests-pay", 0.2, timeout_s=60.0), sweep("tests-tidy", 0.2))))
    ticking.database.troubles.insert_one({"_id": "tests-pay", "status": 200, "pause_s": 30})
    ticking.start_functions()
    scheduler = start_scheduler(ticking, drain_timeout_s=600)
    eventually(lambda: ticks(ticking, "tests-pay") == 1)
    scheduler.send(signal.SIGTERM)
    eventually(lambda: scheduler.lines("stopping"))
    assert scheduler.stop(within_s=10) == 128 + signal.SIGTERM


def test_missing_settings_are_named(ticking: World) -> None:
    scheduler = ticking.start("-m", "jobs_scheduler", functions_url="not an address", secrets="/nowhere")
    assert scheduler.process.wait(30) == 1
    said = scheduler.output.read_text()
    assert "missing secret file /nowhere/scheduler-call-key" in said
    assert "FREEHOLD_FUNCTIONS_URL" in said


def test_a_taken_health_port_is_said_in_a_sentence(ticking: World) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        scheduler = ticking.start("-m", "jobs_scheduler", health_port=port)
        assert scheduler.process.wait(30) == 1
    assert f"port {port} cannot be used" in scheduler.output.read_text()
