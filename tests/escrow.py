"""What tests of money start from: two people with a project, and milestones that got as far as the test needs."""

from dataclasses import dataclass
from typing import Any

from freehold.documents import Milestone
from freehold.domain.holding import faults_of
from tests.api import Api, Person
from tests.hiring import new_application, new_job

USD = "USD"


def usd(amount: int) -> dict[str, Any]:
    """Give an amount in cents as clients write it."""
    return {"amount": amount, "currency": USD}


@dataclass
class Work:
    """A project, its two people, and the ways to take its milestones further over the API."""

    api: Api
    client: Person
    freelancer: Person
    project: dict[str, Any]

    @classmethod
    def begun(cls, api: Api, *, inspection_period_s: int = 3_600, agreed: int = 38_000) -> "Work":
        """Open a project of 380.00 USD (or of `agreed` cents) between two new people."""
        client, freelancer = api.register(roles=["employer"], name="Client"), api.register(name="Freelancer")
        job = client.post("/api/jobs", new_job(inspection_period_s=inspection_period_s))
        application = freelancer.post("/api/applications", new_application(job, budget=usd(agreed)))
        answer = {"transition": "accept", "version": application["version"]}
        after = client.put(f"/api/applications/{application['id']}", answer)
        return cls(api, client, freelancer, client.get(f"/api/projects/{after['project_id']}"))

    def created(self, amount: int = 19_005, **fields: Any) -> dict[str, Any]:
        """Plan a milestone."""
        body = {"project_id": self.project["id"], "title": "First half", "amount": usd(amount), **fields}
        return self.client.post("/api/milestones", body)

    def funding(self, amount: int = 19_005, *, method: str = "never_paid") -> dict[str, Any]:
        """Ask to pay for a milestone."""
        milestone = self.created(amount)
        return self.client.post("/api/escrow/deposit", {"milestone_id": milestone["id"], "method": method}, status=202)

    def funded(self, amount: int = 19_005, *, method: str = "card") -> dict[str, Any]:
        """Pay for a milestone and let the gateway answer."""
        milestone = self.funding(amount, method=method)
        self.api.settle()
        return self.read(milestone["id"])

    def submitted(self, amount: int = 19_005) -> dict[str, Any]:
        """Submit the work of a funded milestone."""
        return self.take(self.freelancer, self.funded(amount), "submit", note="Here it is.")

    def take(self, person: Person, milestone: dict[str, Any], transition: str, *, status: int = 200, **fields: Any) -> Any:
        """Take a step by `PUT /api/milestones/{id}`."""
        body = {"transition": transition, "version": milestone["version"], **fields}
        return person.put(f"/api/milestones/{milestone['id']}", body, status=status)

    def read(self, milestone_id: str, person: Person | None = None) -> dict[str, Any]:
        """Read a milestone as one of its parties (the client), and check its money."""
        items = (person or self.client).get(f"/api/milestones/{self.project['id']}?limit=100")["items"]
        (found,) = [item for item in items if item["id"] == milestone_id]
        stored = self.api.run(self.api.store.require(Milestone, milestone_id))
        assert faults_of(stored.held()) == ()
        return found

    def actions(self, milestone_id: str, person: Person) -> list[str]:
        """Say what a person may do with a milestone now."""
        return self.read(milestone_id, person)["actions"]


def amounts(milestone: dict[str, Any]) -> dict[str, int]:
    """Give the figures of a milestone's money that are not zero."""
    return {name: money["amount"] for name, money in milestone["money"].items() if money["amount"]}


def overdue(api: Api, milestone_id: str, deadline: str, *, by_s: float = 1) -> None:
    """Move a milestone's deadline into the past of the database's clock (or the future, by a number below zero)."""
    passed = {"$dateAdd": {"startDate": "$$NOW", "unit": "millisecond", "amount": round(-by_s * 1000)}}
    change = [{"$set": {deadline: passed, "version": {"$add": ["$version", 1]}}}]
    api.run(api.store.database["milestones"].update_one({"_id": milestone_id}, change))


def settle_payment(api: Api, milestone_id: str, **fields: Any) -> None:
    """Change the sandbox's own payment for a milestone, as a provider does in its own time."""
    objects = api.store.database["sandbox_objects"]
    api.run(objects.update_one({"group": milestone_id, "kind": "payment"}, {"$set": {"state": "done", **fields}}))


def resume(api: Api) -> int:
    """Let every paused or abandoned command come due, tick the sweep that takes them up, and carry what follows."""
    api.run(
        api.store.database["commands"].update_many({"state": {"$in": ["waiting", "claimed"]}}, [{"$set": {"due_at": "$$NOW"}}])
    )
    response = api.tick("payments-resume-commands")
    assert response.status_code == 200, response.text
    api.settle()
    return int(response.json()["done"])


def tick(api: Api, name: str) -> int:
    """Tick a sweep; say how many it did."""
    response = api.tick(name)
    assert response.status_code == 200, response.text
    return int(response.json()["done"])


def let_gateway_live(api: Api) -> None:
    """Let the sandbox's next time come (of all that it has planned), and carry what follows."""
    planned = {"settles_at": {"$type": "date"}}
    api.run(api.store.database["sandbox_objects"].update_many(planned, [{"$set": {"settles_at": "$$NOW"}}]))
    tick(api, "payments-run-sandbox")
    tick(api, "payments-run-sandbox")
    api.settle()
