"""What tests of hiring start from: bodies that are accepted, and people who got as far as the test needs."""

import asyncio
from collections.abc import Coroutine, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx

from tests.api import Api, Person


def new_job(**fields: Any) -> dict[str, Any]:
    """Give a body for `POST /api/jobs`; `fields` replace what it says, None leaves one out."""
    body = {
        "title": "Translate a manual",
        "description": "Forty pages about a coffee machine, from Italian to English.",
        "kind": "fixed",
        "category": "Translation",
        "skills": ["Italian", "English"],
        "budget": {"amount": 40_000, "currency": "USD"},
    }
    return {name: value for name, value in {**body, **fields}.items() if value is not None}


def new_application(job: dict[str, Any], **fields: Any) -> dict[str, Any]:
    """Give a body for `POST /api/applications`."""
    budget = {"amount": 38_000, "currency": "USD"}
    return {"job_id": job["id"], "proposal": "I was born in Turin.", "budget": budget, "timeline_days": 10, **fields}


def accepted(employer: Person, freelancer: Person, **fields: Any) -> dict[str, Any]:
    """Take two people from a job through an application to the project; give the project."""
    job = employer.post("/api/jobs", new_job(**fields))
    application = freelancer.post("/api/applications", new_application(job))
    answer = {"transition": "accept", "version": application["version"]}
    after = employer.put(f"/api/applications/{application['id']}", answer)
    return employer.get(f"/api/projects/{after['project_id']}")


def completed(api: Api, project: dict[str, Any], *, review_window_s: float = 3_600) -> None:
    """Make a project completed and paid, as the money side does when the last milestone is released."""
    ends_at = {"$dateAdd": {"startDate": "$$NOW", "unit": "millisecond", "amount": round(review_window_s * 1000)}}
    done = {"state": "completed", "paid_at": "$$NOW", "completed_at": "$$NOW", "review_deadline": ends_at}
    change = [{"$set": {**done, "version": {"$add": ["$version", 1]}}}]
    api.run(api.store.database["projects"].update_one({"_id": project["id"]}, change))


def together(
    api: Api, *calls: tuple[Person, str, str, dict[str, Any] | None], beside: Sequence[Coroutine[Any, Any, httpx.Response]] = ()
) -> list[httpx.Response]:
    """Make these calls (person, method, path, body), and what is done `beside` them, at the same time."""

    async def all_at_once() -> list[httpx.Response]:
        requests = [api.client.request(method, path, json=body, headers=person.headers) for person, method, path, body in calls]
        return await asyncio.gather(*requests, *beside)

    return api.run(all_at_once())


def pages(person: Person, path: str, *, limit: int) -> list[list[str]]:
    """Walk a list to its end; give the ids on each page."""
    walked: list[list[str]] = []
    cursor = ""
    while cursor is not None:
        page = person.get(f"{path}{'&' if '?' in path else '?'}limit={limit}{cursor and f'&cursor={cursor}'}")
        walked.append([item["id"] for item in page["items"]])
        cursor = page["next_cursor"]
        assert len(walked) < 50, "a list without end"
    return walked


def in_days(days: float) -> str:
    """Give a time so many days from now, as clients write it."""
    return (datetime.now(UTC) + timedelta(days=days)).isoformat()


def fields_at_fault(problem: dict[str, Any]) -> list[str]:
    """Name the fields that a problem complains of."""
    assert problem["status"] == 422, problem
    return sorted(fault["field"] for fault in problem["faults"])
