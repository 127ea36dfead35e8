"""What tests of hours start from: an hourly project, time slots in an open week, and clocks that are moved."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from freehold.documents import PaymentMethod, TimeEntry, WorkWeek
from freehold.domain.weeks import week_of
from freehold.ids import new_id
from freehold.store import now
from freehold.store.mapping import to_bson
from tests.api import Api, Person
from tests.escrow import tick, usd
from tests.hiring import new_job

RATE = 4_500
LIMIT = 600
ROOM = timedelta(hours=10)
"""The slots of a test lie in the first ten hours of a week; until they have passed, of last week, whose hours are open then."""


def open_week() -> datetime:
    """Give the Monday of a week of which ten hours have passed and whose hours may still be changed."""
    clock = datetime.now(UTC)
    return (
        week_of(clock).starts_at if clock - week_of(clock).starts_at >= ROOM else week_of(clock).starts_at - timedelta(days=7)
    )


def week_name(instant: datetime) -> str:
    """Name the week of a time by ISO 8601."""
    return instant.strftime("%G-W%V")


def at(minute: int) -> str:
    """Give the time so many minutes into the open week, as clients write it."""
    return (open_week() + timedelta(minutes=minute)).isoformat()


def hourly_job(**fields: Any) -> dict[str, Any]:
    """Give a body for `POST /api/jobs` of an hourly job."""
    hourly = {"least": usd(2_000), "most": usd(6_000)}
    return new_job(**{"kind": "hourly", "budget": None, "hourly": hourly, **fields})


def hourly_application(job: dict[str, Any], **fields: Any) -> dict[str, Any]:
    """Give a body for `POST /api/applications` to an hourly job."""
    body = {"job_id": job["id"], "proposal": "By the hour.", "timeline_days": 30}
    return {**body, "rate": usd(RATE), "weekly_limit_minutes": LIMIT, **fields}


def hourly_project(client: Person, freelancer: Person, **fields: Any) -> dict[str, Any]:
    """Take two people from an hourly job to its project."""
    job = client.post("/api/jobs", hourly_job())
    application = freelancer.post("/api/applications", hourly_application(job, **fields))
    after = client.put(f"/api/applications/{application['id']}", {"transition": "accept", "version": application["version"]})
    return client.get(f"/api/projects/{after['project_id']}")


def save_method(api: Api, person: Person, method: str = "card") -> None:
    """Give somebody a saved way to pay, instead of any that they had."""
    methods = api.store.database["payment_methods"]
    saved = PaymentMethod(
        id=new_id("pme"), user_id=person.id, gateway="sandbox", method=method, state="ready", is_default=True,
        created_at=now(), updated_at=now(),
    )  # fmt: skip
    api.run(methods.delete_many({"user_id": person.id}))
    api.run(methods.insert_one(to_bson(saved)))


@dataclass
class Hours:
    """An hourly project, its two people, and the ways to take its weeks further."""

    api: Api
    client: Person
    freelancer: Person
    project: dict[str, Any]

    @classmethod
    def begun(cls, api: Api, *, method: str | None = "card", freelancer: Person | None = None, **fields: Any) -> "Hours":
        """Open a project at 45.00 USD an hour, at most ten hours a week, between two new people."""
        client = api.register(roles=["employer"], name="Client")
        freelancer = freelancer or api.register(name="Freelancer")
        if method is not None:
            save_method(api, client, method)
        return cls(api, client, freelancer, hourly_project(client, freelancer, **fields))

    def work(self, first: int, last: int, *, status: int = 201, **fields: Any) -> dict[str, Any]:
        """Write down work from one minute of the open week to another."""
        body = {"project_id": self.project["id"], "starts_at": at(first), "ends_at": at(last), "memo": "Translated.", **fields}
        return self.freelancer.post("/api/time-tracking", body, status=status)

    def start(self, *, status: int = 201, **fields: Any) -> dict[str, Any]:
        """Start a timer."""
        return self.freelancer.post("/api/time-tracking", {"project_id": self.project["id"], **fields}, status=status)

    def take(self, person: Person, entry: dict[str, Any], transition: str, *, status: int = 200, **fields: Any) -> Any:
        """Take a step of an entry."""
        body = {"transition": transition, "version": entry["version"], **fields}
        return person.put(f"/api/time-tracking/{entry['id']}", body, status=status)

    def correct(self, entry: dict[str, Any], *, status: int = 200, **fields: Any) -> Any:
        """Correct an entry."""
        return self.freelancer.put(f"/api/time-tracking/{entry['id']}", {"version": entry["version"], **fields}, status=status)

    def entries(self, query: str = "") -> list[dict[str, Any]]:
        """List the hours, as the client sees them."""
        return self.client.get(f"/api/time-tracking/{self.project['id']}?limit=100{query}")["items"]

    def weeks(self) -> list[dict[str, Any]]:
        """List the weeks, as the client sees them."""
        return self.client.get(f"/api/work-weeks/{self.project['id']}")["items"]

    def week(self, name: str | None = None) -> dict[str, Any]:
        """Give one week: this one, or the only one there is."""
        (found,) = [week for week in self.weeks() if name in {None, week["week"]}]
        return found

    def step(self, person: Person, transition: str, *, status: int = 200, **fields: Any) -> Any:
        """Take a step of the only week."""
        week = self.week()
        body = {"transition": transition, "version": week["version"], **fields}
        return person.put(f"/api/work-weeks/{week['id']}", body, status=status)

    def closed(self) -> dict[str, Any]:
        """Let Monday noon pass, and the clock tick."""
        move_clock(self.api, self.week()["id"], "edits_end_at")
        assert tick(self.api, "hours-close-due-weeks") >= 1
        return self.week()

    def billed(self) -> dict[str, Any]:
        """Let Friday pass, and the clock tick."""
        move_clock(self.api, self.week()["id"], "review_ends_at")
        assert tick(self.api, "hours-bill-due-weeks") >= 1
        return self.week()

    def stored_entry(self, entry: dict[str, Any]) -> TimeEntry:
        """Read an entry as it is stored."""
        return self.api.run(self.api.store.require(TimeEntry, entry["id"]))


def move_clock(api: Api, week_id: str, deadline: str, *, by_s: float = 1) -> None:
    """Move a week's deadline into the past of the database's clock (or the future, by a number below zero)."""
    passed = {"$dateAdd": {"startDate": "$$NOW", "unit": "millisecond", "amount": round(-by_s * 1000)}}
    change = [{"$set": {deadline: passed, "version": {"$add": ["$version", 1]}}}]
    api.run(api.store.database[WorkWeek.collection].update_one({"_id": week_id}, change))


def ran_for(api: Api, entry: dict[str, Any], minutes: int) -> None:
    """Let a timer have started so many minutes earlier, with all of its times."""
    entries = api.store.database[TimeEntry.collection]
    earlier = {
        field: {"$dateSubtract": {"startDate": f"${field}", "unit": "minute", "amount": minutes}}
        for field in ("starts_at", "stops_at")
    }
    api.run(entries.update_one({"_id": entry["id"]}, [{"$set": earlier}]))
