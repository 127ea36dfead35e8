"""What tests of disputes start from: two people who do not agree about a milestone, and an operator who mediates."""

from dataclasses import dataclass
from typing import Any

from freehold.documents import Dispute, Milestone
from freehold.domain.holding import faults_of
from tests.api import Api, Person
from tests.escrow import Work, usd

A = 19_005
"""What is held for the milestone, in cents."""


def complaint(milestone: dict[str, Any], amount: int = A, **fields: Any) -> dict[str, Any]:
    """Give a body for `POST /api/disputes`."""
    return {
        "milestone_id": milestone["id"],
        "amount": usd(amount),
        "reason": "quality",
        "statement": "The translation was made by a machine.",
        **fields,
    }


@dataclass
class Quarrel:
    """A dispute, its two sides, and the ways to take it further over the API."""

    work: Work
    milestone: dict[str, Any]
    dispute: dict[str, Any]
    mediator: Person

    @classmethod
    def filed(
        cls, api: Api, amount: int = A, *, by: str = "client", submitted: bool = True, method: str = "card", **fields: Any
    ) -> "Quarrel":
        """File a dispute about a part of a milestone of two new people, paid for with `method`."""
        work = Work.begun(api)
        milestone = work.funded(A, method=method)
        if submitted:
            milestone = work.take(work.freelancer, milestone, "submit", note="Here it is.")
        dispute = getattr(work, by).post("/api/disputes", complaint(milestone, amount, **fields))
        return cls(work, milestone, dispute, api.admin())

    @property
    def filer(self) -> Person:
        """Whoever has filed."""
        return self.work.client if self.dispute["filer"] == "client" else self.work.freelancer

    @property
    def respondent(self) -> Person:
        """The other side."""
        return self.work.freelancer if self.dispute["filer"] == "client" else self.work.client

    def take(self, person: Person, transition: str, *, status: int = 200, **fields: Any) -> dict[str, Any]:
        """Take a step as a party, or as the mediator; keep the dispute as it is afterwards."""
        place = "/api/admin/disputes" if person is self.mediator else "/api/disputes"
        body = {"transition": transition, "version": self.dispute["version"], **fields}
        answer = person.put(f"{place}/{self.dispute['id']}", body, status=status)
        if status == 200:
            self.dispute = answer
        return answer

    def negotiating(self) -> "Quarrel":
        """Contest the claim."""
        self.take(self.respondent, "contest", statement="I wrote every word of it.")
        return self

    def mediated(self) -> "Quarrel":
        """Go on to mediation."""
        self.negotiating().take(self.filer, "escalate")
        return self

    def proposed(self, to_freelancer: int = 9_000) -> "Quarrel":
        """Let the mediator propose."""
        self.mediated().take(self.mediator, "propose", to_freelancer=usd(to_freelancer), reasons="Half of it is good.")
        return self

    def to_be_ruled(self) -> "Quarrel":
        """Refuse the mediator's proposal."""
        self.proposed().take(self.respondent, "refuse_proposal")
        return self

    def read(self, person: Person | None = None) -> dict[str, Any]:
        """Read the dispute as one of its parties (the filer), and check the milestone's money."""
        self.dispute = (person or self.filer).get(f"/api/disputes/{self.dispute['id']}")
        assert faults_of(self.stored_milestone().held()) == ()
        return self.dispute

    def stored(self) -> Dispute:
        """Give what is stored of the dispute."""
        return self.work.api.run(self.work.api.store.require(Dispute, self.dispute["id"]))

    def stored_milestone(self) -> Milestone:
        """Give what is stored of the milestone."""
        return self.work.api.run(self.work.api.store.require(Milestone, self.milestone["id"]))

    def overdue(self, field: str = "due_at", *, by_s: float = 1) -> None:
        """Move a deadline of the dispute into the past of the database's clock."""
        passed = {"$dateAdd": {"startDate": "$$NOW", "unit": "millisecond", "amount": round(-by_s * 1000)}}
        disputes = self.work.api.store.database["disputes"]
        self.work.api.run(disputes.update_one({"_id": self.dispute["id"]}, [{"$set": {field: passed}}]))

    def tick(self) -> dict[str, Any]:
        """Let the clock do what is due, and read what has become of it."""
        assert self.work.api.tick("disputes-take-due-steps").status_code == 200
        return self.read()
