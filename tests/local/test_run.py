"""`make run` as a whole: it comes up, tells the truth about itself, and ends in every way without leaving a process."""

import os
import signal
import time
from pathlib import Path

import httpx
import pytest

from tests.local.processes import LocalRun, wait_for

PASSWORD = "correct horse battery staple"
PARTS = {
    "front": "gateway.local", "scheduler": "jobs_scheduler", "connector": "-m connector", "relay": "realtime",
    "mongodb": "--dbpath",
}  # fmt: skip


def register(run: LocalRun, email: str) -> int:
    body = {"email": email, "password": PASSWORD, "name": "Ada Test", "roles": ["employer"]}
    return httpx.post(f"{run.url}/api/auth/register", json=body, timeout=30).status_code


def signs_in(run: LocalRun, email: str) -> bool:
    return httpx.post(f"{run.url}/api/auth/login", json={"email": email, "password": PASSWORD}, timeout=30).status_code == 200


def test_it_says_that_it_is_ready_in_its_last_line_and_only_then_answers_so(start):
    run = start()
    assert wait_for(lambda: run.says("front") or run.is_ready())
    assert run.comes_up()
    assert run.said().rstrip().splitlines()[-1].startswith(f"Freehold is ready at {run.url}")
    checks = httpx.get(f"{run.url}/_/ready").json()["checks"]
    assert checks == dict.fromkeys(["functions", "relay", "connector", "scheduler", "start-up"], True)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("times", [1, 2])
@pytest.mark.parametrize("to_group", [False, True])
def test_a_signal_stops_everything_in_order_and_leaves_no_process(start, number, times, to_group):
    run = start()
    assert run.comes_up()
    for _ in range(times):
        (os.killpg if to_group else os.kill)(run.process.pid, number)
        time.sleep(0.05)
    assert run.is_gone()
    assert run.process.returncode == 0
    stopped = [line.split()[1] for line in run.said().splitlines() if line.endswith("stopped")]
    assert stopped == ["front", "scheduler", "connector", "relay", "mongodb"]
    assert run.said().count("stopping everything") == 1


@pytest.mark.parametrize("moment", ["Freehold starts", "mongodb     ready", "schema", "relay       ready"])
def test_a_signal_while_it_starts_stops_what_was_started(start, moment):
    run = start()
    assert wait_for(lambda: run.says(moment))
    run.process.send_signal(signal.SIGINT)
    assert run.is_gone()
    assert run.process.returncode == 0
    assert "Traceback" not in run.said()


def test_every_part_that_is_killed_comes_back_and_nothing_is_lost(start):
    run = start()
    assert run.comes_up()
    assert register(run, "ada@example.org") == 201
    for name, words in PARTS.items():
        old = run.part(words)
        old.kill()
        assert wait_for(lambda name=name: run.says(f"{name:<12}ended unexpectedly (killed by SIGKILL)"))
        assert wait_for(run.is_ready), name
        assert run.part(words).pid != old.pid
    assert signs_in(run, "ada@example.org")


def test_ready_is_false_while_a_part_does_not_work_and_says_which(start):
    run = start()
    assert run.comes_up()
    for name in ("scheduler", "connector", "relay"):
        part = run.part(PARTS[name])
        part.suspend()
        answer = httpx.get(f"{run.url}/_/ready", timeout=20)
        assert answer.status_code == 503
        assert [part for part, works in answer.json()["checks"].items() if not works] == [name]
        part.resume()
        assert wait_for(run.is_ready)


def test_ready_is_false_while_the_database_does_not_answer(start):
    run = start()
    assert run.comes_up()
    part = run.part(PARTS["mongodb"])
    part.suspend()
    answer = httpx.get(f"{run.url}/_/ready", timeout=60)
    assert answer.status_code == 503
    assert answer.json()["checks"]["functions"] is False
    part.resume()
    assert wait_for(run.is_ready)


@pytest.mark.parametrize("whom", ["supervisor", "everything"])
def test_state_survives_a_kill_and_nothing_is_left(start, whom):
    run = start()
    assert run.comes_up()
    assert register(run, "ada@example.org") == 201
    victims = [run.process] if whom == "supervisor" else [run.process, *run.processes()]
    for victim in victims:
        victim.send_signal(signal.SIGKILL)
    assert run.is_gone(limit_s=15)
    again = start()
    assert again.comes_up()
    assert signs_in(again, "ada@example.org")
    again.process.send_signal(signal.SIGTERM)
    assert again.is_gone()


def test_state_survives_an_ordinary_restart_also_when_the_database_gets_another_port(start):
    run = start()
    assert run.comes_up()
    assert register(run, "ada@example.org") == 201
    run.process.send_signal(signal.SIGTERM)
    assert run.is_gone()
    (Path(run.home) / "mongodb" / "port").unlink()
    again = start()
    assert again.comes_up()
    assert signs_in(again, "ada@example.org")
