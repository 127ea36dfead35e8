"""Four schedulers, two with wrong clocks, over replicas and a connector that are killed while money comes due.

Everything is released once and paid out once, and nothing before its time by the database's clock.
"""

import os
import random
import signal
import time
from datetime import datetime
from typing import Any

from freehold.store.audit import audit_ledger
from tests.api import Api
from tests.connector.world import ROOT, Door, eventually
from tests.escrow import Work, overdue
from tests.fault.books import Books
from tests.fault.fleet import Fleet

IS_FULL = os.environ.get("FREEHOLD_FAULTS") == "full"
MILESTONES, KILLS = (120, 24) if IS_FULL else (24, 6)
IN_A_PROJECT = 12
SPREAD_S = 25.0 if IS_FULL else 12.0
SKEWS_S = (0, 0, 4, -4)
"""Wrong by less than is forgiven; one that is wrong by more is let in nowhere (tests/jobs_scheduler/test_ticking.py)."""
PATIENCE_S = 150.0


class Due:
    """Milestones that come due, and what the database's clock said when each was first seen to have moved."""

    def __init__(self, api: Api) -> None:
        self.api = api
        works = [Work.begun(api, agreed=10_000_000) for _ in range(MILESTONES // IN_A_PROJECT)]
        self.ids = [work.submitted()["id"] for work in works for _ in range(IN_A_PROJECT)]
        self.due: dict[str, datetime] = {}
        self.early: list[tuple[str, datetime, datetime]] = []

    def begin(self) -> None:
        """Let them come due one after the other, from three seconds on."""
        for number, milestone_id in enumerate(self.ids):
            overdue(self.api, milestone_id, "auto_release_at", by_s=-(3 + SPREAD_S * number / MILESTONES))
        self.due = {row["_id"]: row["auto_release_at"] for row in self._look()}

    def left(self) -> int:
        """Say how many are not paid out; note those that moved too soon."""
        rows = self._look()
        moved = [row for row in rows if row["state"] in {"releasing", "released"}]
        self.early += [(row["_id"], self.due[row["_id"]], row["now"]) for row in moved if row["now"] < self.due[row["_id"]]]
        return sum(row["state"] != "released" for row in rows)

    def _look(self) -> list[dict[str, Any]]:
        shown = {"state": 1, "auto_release_at": 1, "now": "$$NOW"}
        pipeline = [{"$match": {"_id": {"$in": self.ids}}}, {"$project": shown}]

        async def rows() -> list[dict[str, Any]]:
            return await (await self.api.store.database["milestones"].aggregate(pipeline)).to_list()

        return self.api.run(rows())


def test_what_comes_due_is_released_and_paid_out_once_whoever_dies(deployed: Api, fleet: Fleet):
    due = Due(deployed)
    dice = random.Random(7)
    fleet.start([ROOT, ROOT])
    doors = [("connector", 0, fleet.door("connector", ROOT))]
    doors += [("jobs_scheduler", by_s, fleet.door("jobs_scheduler", ROOT, skewed_by_s=by_s)) for by_s in SKEWS_S]
    due.begin()
    kills, give_up_at = 0, time.monotonic() + PATIENCE_S
    while due.left():
        assert time.monotonic() < give_up_at, f"{due.left()} are left"
        time.sleep(dice.uniform(0.1, 0.5))
        if kills < KILLS:
            kill_one(fleet, doors, dice, of_functions=kills % 2 == 0)
            kills += 1
    assert due.early == []
    assert kills >= KILLS // 2
    books = Books(deployed)
    for milestone_id in due.ids:
        assert books.keys(milestone_id) == ["deposit", "release", "transfer"]
        assert books.moved(milestone_id) == ["payment", "transfer"]
    outbox = deployed.store.database["outbox"]
    eventually(lambda: deployed.run(outbox.count_documents({"sent": None})) == 0, what="rest")
    assert deployed.run(audit_ledger(deployed.store)).violations == ()


def kill_one(fleet: Fleet, doors: list[tuple[str, int, Door]], dice: random.Random, *, of_functions: bool) -> None:
    """Kill a replica of the functions or a door, and start another one in its place."""
    if of_functions:
        fleet.crash(dice.choice(fleet.replicas))
        return
    module, by_s, door = doors.pop(dice.randrange(len(doors)))
    door.stop(signal.SIGKILL)
    doors.append((module, by_s, fleet.door(module, ROOT, skewed_by_s=by_s)))
