"""What a newcomer does: `make run`, a look around, `make demo`, ctrl-C; and what the demo says when a figure is wrong."""

import os
import signal
import subprocess
import sys
from collections import Counter

import httpx
import pytest
from pymongo import MongoClient

from infra.demo.report import Report, WrongFigure
from infra.seed.content import ADMIN_NAME, PASSWORD, address_of
from tests.local.processes import ROOT, LocalRun, wait_for

SEEDED_RUN = (sys.executable, "-m", "infra.local")
SEEDED = {"users": 40, "jobs": 60, "applications": 135, "projects": 20, "reviews": 14}


def counts(database) -> dict[str, int]:
    return {name: database[name].count_documents({}) for name in SEEDED}


def connect(run: LocalRun) -> MongoClient:
    return MongoClient((run.home / "secrets" / "mongodb-uri").read_text())


def demo(run: LocalRun) -> subprocess.CompletedProcess[str]:
    ports = {"FREEHOLD_PORT": run.url.rpartition(":")[2], "FREEHOLD_RELAY_PORT": run.relay_port}
    return subprocess.run(
        [sys.executable, "-m", "infra.demo"], cwd=ROOT, env={**os.environ, **ports}, capture_output=True, text=True, check=False
    )


def test_the_whole_first_hour(start):
    run = start("make", "run")
    assert run.comes_up(), run.said()
    with connect(run) as client:
        database = client["freehold"]
        assert counts(database) == SEEDED
        states = Counter(row["state"] for row in database["milestones"].find())
        assert {"created", "funding", "funded", "submitted", "released"} <= set(states)
        assert Counter(row["state"] for row in database["reviews"].find()) == {"published": 12, "sealed": 2}
        assert database["deliveries"].count_documents({"state": "parked"}) == 0
        shown = [demo(run), demo(run)]
        assert [each.returncode for each in shown] == [0, 0], shown[-1].stderr + shown[0].stderr
        assert "the ledger is verified" in shown[1].stdout
        assert "1,800.00" in shown[1].stdout
        database["journals"].update_one({}, {"$inc": {"lines.0.amount": 1}})
        wrong = demo(run)
        assert wrong.returncode == 1
        assert "A figure is wrong. violations in the ledger" in wrong.stderr
    assert_accounts_work(run)
    os.killpg(run.process.pid, signal.SIGINT)
    assert run.is_gone()


def assert_accounts_work(run: LocalRun) -> None:
    """Sign in with every account that the console has printed."""
    lines = [line.split() for line in run.said().splitlines() if f"password {PASSWORD}" in line]
    assert [line[0] for line in lines] == ["employer", "freelancer", "admin"]
    assert lines[-1][1] == address_of(ADMIN_NAME)
    for role, email, *_ in lines:
        signed_in = httpx.post(f"{run.url}/api/auth/login", json={"email": email, "password": PASSWORD}, timeout=30).json()
        assert signed_in["roles"] == [role]


def test_a_seeding_that_was_killed_goes_on_and_makes_nothing_twice(start):
    run = start()
    assert run.comes_up()
    run.process.send_signal(signal.SIGTERM)
    assert run.is_gone()
    for collection, enough in (("jobs", 20), ("milestones", 12)):
        run = start(*SEEDED_RUN)
        assert wait_for(lambda: has_seeded(run, collection, enough), 120), run.said()  # noqa: B023 - called at once
        for process in [run.process, *run.processes()]:
            process.send_signal(signal.SIGKILL)
        assert run.is_gone()
    run = start(*SEEDED_RUN)
    assert run.comes_up(), run.said()
    with connect(run) as client:
        assert counts(client["freehold"]) == SEEDED
        assert len(client["freehold"]["jobs"].distinct("title")) == SEEDED["jobs"]
    run.process.send_signal(signal.SIGTERM)
    assert run.is_gone()
    again = start(*SEEDED_RUN)
    assert again.comes_up()
    assert again.says("there since an earlier start")


def has_seeded(run: LocalRun, collection: str, enough: int) -> bool:
    if not run.says("looking whether the marketplace is empty"):
        return False
    with connect(run) as client:
        return client["freehold"][collection].count_documents({}) >= enough


def test_without_a_running_instance_the_demo_says_what_to_start(start):
    stopped = start(*SEEDED_RUN, "--help")
    assert stopped.process.wait(60) == 0
    shown = demo(stopped)
    assert shown.returncode == 1
    assert "`make run`" in shown.stderr
    assert "Traceback" not in shown.stderr


def test_a_report_refuses_a_wrong_figure():
    with pytest.raises(WrongFigure, match="held: it is 1, it must be 2"):
        Report().check("held", 1, 2)
