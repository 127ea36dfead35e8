"""The care of parts, with little parts: ordered ends, new starts, giving up, nothing left behind."""

import json
import os
import signal
import subprocess
import sys

import psutil
import pytest

from tests.local.processes import LocalRun, wait_for


@pytest.fixture
def start(tmp_path):  # little parts instead of the whole
    runs = []

    def start_run(*parts):
        runs.append(LocalRun(tmp_path / "home", {}, sys.executable, "-m", "tests.local.little_run", *parts))
        return runs[-1]

    yield start_run
    for run in runs:
        run.clean_up()


def notes(run):
    file = run.home / "notes"
    return file.read_text().splitlines() if file.exists() else []


def test_parts_end_in_the_reverse_order_of_their_start(start):
    run = start("mongodb:steady", "connector:steady", "front:steady")
    assert wait_for(lambda: run.says("all ready"))
    run.process.send_signal(signal.SIGTERM)
    assert run.is_gone()
    assert run.process.returncode == 0
    assert [line for line in notes(run) if "asked" in line] == [
        "front asked to end", "connector asked to end", "mongodb asked to end",
    ]  # fmt: skip


def test_a_killed_part_is_started_again_and_reported(start):
    run = start("connector:steady")
    assert wait_for(lambda: run.says("all ready"))
    run.part("connector steady").send_signal(signal.SIGKILL)
    assert wait_for(lambda: notes(run).count("connector listens") == 2)
    assert run.says("ended unexpectedly (killed by SIGKILL)")
    assert run.process.poll() is None


def test_a_part_that_keeps_ending_ends_the_run_with_its_last_words(start):
    run = start("mongodb:steady", "relay:failing")
    assert run.is_gone()
    assert run.process.returncode == 1
    assert run.says("The relay keeps ending (exit code 1). Its last words: this cannot work: the frobnicator is missing")
    assert notes(run).count("relay started") == 5
    assert notes(run)[-1] == "mongodb asked to end"


def test_a_part_that_does_not_hear_is_ended_by_force(start):
    run = start("mongodb:steady", "scheduler:stubborn")
    assert wait_for(lambda: run.says("all ready"))
    run.process.send_signal(signal.SIGTERM)
    assert run.is_gone()
    assert run.says("did not stop when asked; ended by force")
    assert notes(run)[-1] == "mongodb asked to end"


def test_a_killed_supervisor_leaves_no_part_behind(start):
    run = start("mongodb:steady", "scheduler:stubborn")
    assert wait_for(lambda: run.says("all ready"))
    run.process.kill()
    assert run.is_gone(limit_s=10)


def test_parts_have_sessions_of_their_own_so_that_a_terminal_cannot_reach_them(start):
    run = start("front:steady")
    assert wait_for(lambda: run.says("all ready"))
    part = run.part("front steady")
    assert {process.pid for process in run.processes()} == {run.process.pid, part.pid}
    assert os.getsid(part.pid) == part.pid


def test_what_an_earlier_run_left_behind_is_stopped_first(start):
    run = start("front:steady")
    assert wait_for(lambda: run.says("all ready"))
    run.process.send_signal(signal.SIGTERM)
    assert run.is_gone()
    orphan = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"], start_new_session=True)
    try:
        started_at = psutil.Process(orphan.pid).create_time()
        note_processes(run, [{"name": "connector", "pid": orphan.pid, "started_at": started_at}])
        again = start("front:steady")
        assert orphan.wait(30) == -signal.SIGTERM
        assert wait_for(lambda: again.says("left behind: connector"))
    finally:
        orphan.kill()


def test_a_stranger_that_has_the_number_of_an_old_part_is_left_alone(start):
    stranger = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"], start_new_session=True)
    try:
        run = start("front:steady")
        assert wait_for(lambda: run.says("all ready"))
        run.process.kill()
        assert run.is_gone()
        note_processes(run, [{"name": "connector", "pid": stranger.pid, "started_at": 1.0}])
        again = start("front:steady")
        assert wait_for(lambda: again.says("all ready"))
        assert stranger.poll() is None
    finally:
        stranger.kill()
        stranger.wait()


def note_processes(run, processes):
    (run.home / "processes.json").write_text(json.dumps(processes))
