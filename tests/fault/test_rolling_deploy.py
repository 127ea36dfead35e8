"""A rolling deploy of functions and doors, and back, under load: what clients and events see of it is nothing that lasts.

Replicas of today's code and of a later version (`later_version.patch`: new fields in documents, in parts of them and in
events, a new event with a new reaction, a changed index) work side by side behind nginx, on one database.
"""

from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from freehold.catalogue import Catalogue
from freehold.store.audit import audit_ledger
from tests.api import Api
from tests.connector.world import ROOT, Door, eventually
from tests.fault.fleet import Fleet, later_version
from tests.fault.shoppers import Shopper

SHOPPERS = 3


@pytest.fixture
def later(tmp_path: Path) -> Path:
    """Give the later version's tree."""
    return later_version(tmp_path / "later")


class Doors:
    """The connector and the scheduler of a deployment, which are replaced like replicas: the new one first."""

    def __init__(self, fleet: Fleet) -> None:
        self.fleet = fleet
        self.running: list[Door] = []

    def roll_to(self, tree: Path) -> None:
        new = [self.fleet.door(module, tree) for module in ("connector", "jobs_scheduler")]
        for old in self.running:
            assert old.stop() == 0
        self.running = new


def test_functions_and_doors_are_replaced_and_put_back_under_load(deployed: Api, fleet: Fleet, later: Path):
    fleet.start([ROOT, ROOT])
    doors = Doors(fleet)
    doors.roll_to(ROOT)
    shoppers = [Shopper(fleet.url) for _ in range(SHOPPERS)]
    for shopper in shoppers:
        shopper.start()
    fleet.apply_schema(later)
    for tree in (later, ROOT):  # out, and back again
        fleet.replace(fleet.replicas[0], tree)
        work_on(shoppers)  # both versions side by side
        fleet.replace(fleet.replicas[0], tree)
        doors.roll_to(tree)
        work_on(shoppers)
    fleet.replace(fleet.replicas[0], later)  # the events of the time before the rollback wait for their new reaction
    doors.roll_to(later)
    work_on(shoppers)
    for shopper in shoppers:
        shopper.end()
    assert [shopper.failure for shopper in shoppers if shopper.failure] == []
    look = Look(deployed)
    eventually(look.is_at_rest, what="rest")
    for shopper in shoppers:
        look.at_work_of(shopper)
    look.at_events(Catalogue.load(str(later / "freehold" / "catalogue.json")))
    look.at_what_the_later_version_wrote()
    assert deployed.run(audit_ledger(deployed.store)).violations == ()


def work_on(shoppers: list[Shopper]) -> None:
    """Wait until each has done one more round from beginning to end."""
    before = [shopper.rounds for shopper in shoppers]

    def done() -> bool:
        return all(shopper.failure or shopper.rounds >= then + 2 for shopper, then in zip(shoppers, before, strict=True))

    eventually(done, what="a round of everybody")


class Look:
    """What is stored in the end."""

    def __init__(self, api: Api) -> None:
        self.api = api
        self.database = api.store.database

    def all(self, collection: str, which: dict[str, Any]) -> list[dict[str, Any]]:
        return self.api.run(self.database[collection].find(which).to_list())

    def is_at_rest(self) -> bool:
        open_ = {"outbox": {"sent": None}, "deliveries": {"state": {"$ne": "done"}}, "commands": {"state": {"$ne": "settled"}}}
        counts = [self.api.run(self.database[name].count_documents(which)) for name, which in open_.items()]
        return not any(counts)

    def at_work_of(self, shopper: Shopper) -> None:
        """Every acknowledged write is there once, and nothing else."""
        jobs = self.all("jobs", {"employer_id": shopper.me.id})
        assert {job["title"]: job["_id"] for job in jobs} == shopper.posted
        assert len(jobs) == len(shopper.posted)
        assert {job["_id"] for job in jobs if job["place"]["city"]} == shopper.edited
        milestones = {each["_id"]: each for each in self.all("milestones", {"client_id": shopper.me.id})}
        assert set(milestones) == set(shopper.deposited)
        moved = Counter(
            (row["group"], row["kind"]) for row in self.all("sandbox_objects", {"group": {"$in": shopper.deposited}})
        )
        expected = [(each, "payment") for each in shopper.deposited] + [(each, "transfer") for each in shopper.released]
        assert moved == Counter(expected)
        states = {each: milestone["state"] for each, milestone in milestones.items()}
        assert states == {each: "released" if each in shopper.released else "funded" for each in shopper.deposited}

    def at_events(self, catalogue: Catalogue) -> None:
        """Every event has had its effect on each of its reactions; the new reaction has had exactly one."""
        inbox = {row["_id"] for row in self.all("inbox", {})}
        events = self.all("outbox", {})
        expected = {f"{row['_id']}:{entry.name}" for row in events for entry in catalogue.reactions_to(row["type"])}
        assert inbox == expected
        headlined = Counter(row["body"]["job_id"] for row in events if row["type"] == "job.headlined")
        told = Counter(row["data"]["job_id"] for row in self.all("notifications", {"kind": "jobHeadlined"}))
        assert told == headlined
        assert len(headlined) >= SHOPPERS

    def at_what_the_later_version_wrote(self) -> None:
        """No older replica has dropped a field that it does not know, whatever it has changed beside it."""
        written = {row["body"]["job_id"] for row in self.all("outbox", {"type": "job.headlined"})}
        kept = self.all("jobs", {"headline": {"$type": "string"}, "place.region": {"$type": "string"}})
        assert {job["_id"] for job in kept} == written
        labelled = self.all("milestones", {"label": {"$type": "string"}})
        assert [each["_id"] for each in labelled if each["holding"].get("purpose") != "work"] == []
        assert len(labelled) >= SHOPPERS
