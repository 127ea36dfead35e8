"""The world that the security tests walk through: people, what they own, and what nobody else may see of it."""

import base64
import itertools
import secrets
import time
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import Any, Final

import msgspec

from freehold.documents import Ticket
from freehold.edge.tokens import ACCESS_LIFETIME_S
from freehold.events import EventEnvelope
from freehold.ids import new_id
from tests.api import PASSWORD, Api, Person
from tests.escrow import Work, usd
from tests.hiring import completed, new_application, new_job
from tests.hours import Hours, hourly_project, move_clock, save_method
from tests.quarrels import complaint
from tests.security.interruptions import Fragile
from tests.security.people import ROLES, dead_tokens, gathered

LONG_AGO: Final = datetime(2020, 1, 1, tzinfo=UTC)
DISPUTING: Final = ("client", "freelancer", "admin")
SCORES: Final = {"quality": 5, "communication": 4, "timeliness": 3, "fairness": 5}


def tax_profile(name: str | None = None) -> dict[str, Any]:
    """Give a tax profile, each time of somebody else."""
    place = {"street": "Lindenstr. 1", "city": "Berlin", "country": "DE", "vat_id": "DE136695976"}
    return {"name": name or f"Ada {secrets.token_hex(4)}", **place}


class World:
    """People, and ways to make what they own over the API. Whatever is private is noted with those who may see it."""

    def __init__(self, api: Api, fragile: Fragile) -> None:
        self.api = api
        self.fragile = fragile
        api.run(api.store.database[Ticket.collection].drop_indexes())  # so that the database removes nothing by age
        self.people = gathered(api)
        self._signed_in = time.monotonic()
        self._private: dict[str, frozenset[str]] = {}
        self._dead: dict[str, dict[str, str]] = {}
        self._numbers = itertools.count(1)
        self._minutes = itertools.count()
        for name, person in self.people.items():
            self.hide(person.email, name, "admin")

    def __getitem__(self, name: str) -> Person:
        return self.people[name]

    def hide(self, text: str, *seen_by: str) -> str:
        """Note that a text (or an id) may be shown to these people only."""
        self._private[text] = frozenset(seen_by)
        return text

    def leaks(self, name: str, text: str) -> list[str]:
        """Name what an answer to this person holds that they may not see."""
        return [private for private, seen_by in self._private.items() if private in text and name not in seen_by]

    def dead_tokens(self, name: str) -> dict[str, str]:
        """Give tokens of this person that are not good any more; made once."""
        if name not in self._dead:
            self._dead[name] = dead_tokens(self.people[name])
        return self._dead[name]

    def sign_in_again(self, name: str) -> None:
        """Give a person a new session, with the roles that they had in the beginning."""
        roles = {"$set": {"roles": list(ROLES[name])}}
        self.api.run(self.api.store.database["users"].update_one({"_id": self[name].id}, roles))
        self.people[name] = self[name].signed_in_again()

    def refresh(self) -> None:
        """Sign everybody in again before their tokens end: a world may live longer than these."""
        if time.monotonic() - self._signed_in > ACCESS_LIFETIME_S / 2:
            self.people = {name: person.signed_in_again() for name, person in self.people.items()}
            self.__dict__.pop("other_admin", None)
            self._signed_in = time.monotonic()

    def words(self, *seen_by: str) -> str:
        """Make up a text that nobody else has written."""
        return self.hide(f"Private {next(self._numbers)} {secrets.token_hex(8)}", *seen_by)

    def job(self, **fields: Any) -> dict[str, Any]:
        """Post a job of the client's."""
        return self["client"].post("/api/jobs", new_job(**fields))

    def draft(self) -> dict[str, Any]:
        """Draft a job that nobody but the client sees."""
        job = self.job(state="draft", title=self.words("client"))
        self.hide(job["id"], "client")
        return job

    def application(self, job: dict[str, Any] | None = None, by: str = "freelancer") -> dict[str, Any]:
        """Apply for a job of the client's."""
        proposal = self.words("client", by)
        made = self[by].post("/api/applications", new_application(job or self.job(), proposal=proposal))
        self.hide(made["id"], "client", by)
        return made

    def project(self, *, secret: bool = True) -> dict[str, Any]:
        """Let the client accept an application of the freelancer's."""
        application = self.application()
        answer = {"transition": "accept", "version": application["version"]}
        after = self["client"].put(f"/api/applications/{application['id']}", answer)
        project = self["client"].get(f"/api/projects/{after['project_id']}")
        if secret:  # its reviews may be published, and name it
            self.hide(project["id"], "client", "freelancer")
        return project

    def milestone(self, state: str = "created", *, checklist: Sequence[str] = ()) -> dict[str, Any]:
        """Bring a milestone of a new project into this state: created, funded or submitted."""
        work = Work(self.api, self["client"], self["freelancer"], self.project())
        milestone = work.created(title=self.words("client", "freelancer"), checklist=checklist)
        self.hide(milestone["id"], "client", "freelancer", "admin")  # it stands in the ledger
        if state != "created":
            deposit = {"milestone_id": milestone["id"], "method": "card"}
            self["client"].post("/api/escrow/deposit", deposit, status=202)
            self.carry("payment.fund_requested", "payments-carry-out-command")
            milestone = work.read(milestone["id"])
        if state == "submitted":
            milestone = work.take(self["freelancer"], milestone, "submit", note=self.words("client", "freelancer"))
        assert milestone["state"] == state, milestone
        return milestone

    def tax_profile(self, name: str) -> None:
        """Say what stands on a person's invoices; parties of an invoice see it, and nobody else."""
        self[name].put("/api/tax-profile", tax_profile(self.words("client", "freelancer", "admin")))

    def invoice(self) -> dict[str, Any]:
        """Let the freelancer invoice a milestone that is not paid; its PDF is there."""
        self.tax_profile("freelancer")
        milestone = self.milestone()
        for text in (milestone["id"], milestone["project_id"], milestone["title"]):
            self.hide(text, "client", "freelancer", "admin")  # an admin reads invoices, and these stand in them
        body = {"milestone_id": milestone["id"], "note": self.words("client", "freelancer", "admin")}
        invoice = self["freelancer"].post("/api/invoices", body)
        self.hide(invoice["id"], "client", "freelancer", "admin")
        self.carry("invoice.created", "papers-render-invoice")
        return invoice

    def hours(self) -> Hours:
        """Open an hourly project of the client's and the freelancer's."""
        save_method(self.api, self["client"])
        proposal = self.words("client", "freelancer")
        project = hourly_project(self["client"], self["freelancer"], proposal=proposal)
        self.hide(project["id"], "client", "freelancer")
        return Hours(self.api, self["client"], self["freelancer"], project)

    def free_minute(self) -> int:
        """Give a minute of the open week in which the freelancer has not worked."""
        return next(self._minutes) % 600

    def entry(self, hours: Hours | None = None, *, objected: bool = False) -> dict[str, Any]:
        """Write down work, and move it out of the way of more; perhaps let the client object to it."""
        hours, minute = hours or self.hours(), self.free_minute()
        entry = hours.work(minute, minute + 1, memo=self.words("client", "freelancer"))
        self.hide(entry["id"], "client", "freelancer")
        long_ago = {"starts_at": LONG_AGO, "ends_at": LONG_AGO + timedelta(minutes=1)}
        self.api.run(self.api.store.database["time_entries"].update_one({"_id": entry["id"]}, {"$set": long_ago}))
        if objected:
            self.reviewed(hours)
            reason = self.words("client", "freelancer")
            entry = hours.take(self["client"], hours.entries()[0], "object", reason=reason)
        return entry

    def reviewed(self, hours: Hours) -> dict[str, Any]:
        """Let a week be over, and put it before the client."""
        move_clock(self.api, hours.week()["id"], "edits_end_at", by_s=-3_600)
        return hours.step(self["freelancer"], "submit")

    def receipt(self) -> str:
        """Name the receipt of a new milestone's deposit, proven."""
        milestone = self.milestone("funded")
        self.logged()
        movement = self["client"].get(f"/api/escrow/{milestone['id']}")["movements"][0]
        return self.hide(movement["id"], "client", "freelancer", "admin")

    def logged(self, **query: str) -> dict[str, str]:
        """Append what waits to the ledger's log, a movement at least; give back what is asked of it then."""
        self.milestone("funded")
        assert self.api.tick("ledger-append-leaves").status_code == 200
        return query

    def stated(self) -> dict[str, str]:
        """State what is owed, if that is not done yet, and sign it."""
        self.logged()
        for sweep in ("liabilities-state-liabilities", "ledger-append-leaves"):
            assert self.api.tick(sweep).status_code == 200
        return {}

    def payment_method(self) -> dict[str, Any]:
        """Save a payment method of the client's, beside one that is their default."""
        for _ in range(2):
            made = self["client"].post("/api/payment-methods", {"gateway": "sandbox", "method": "card"}, status=202)
            self.hide(made["id"], "client")
            self.carry("payment_method.requested", "payments-save-payment-method")
            (found,) = [each for each in self["client"].get("/api/payment-methods")["items"] if each["id"] == made["id"]]
            if not found["is_default"]:
                break
        return found

    def payout_account(self) -> dict[str, Any]:
        """Give the freelancer's payout account, which is not their first, so that their payouts are held already."""
        body = {"password": PASSWORD, "country": "IT", "currency": "EUR"}
        payee = self["freelancer"].get("/api/payout-accounts")
        while not payee["holds"]:
            payee = self["freelancer"].post("/api/payout-accounts", body, status=202)
        (account,) = payee["accounts"]
        self.hide(account["id"], "freelancer", "admin")
        return account

    def hold(self) -> dict[str, Any]:
        """Hold the payouts of somebody new."""
        body = {"user_id": self.api.register().id, "reason": self.words("admin")}
        return self["admin"].post("/api/admin/holds", body)

    def fee_schedule(self) -> dict[str, Any]:
        """Let an operator propose a fee schedule that never comes to be."""
        body = {"basis_points": 900, "effective_at": "2999-01-01T00:00:00Z", "reason": self.words("admin")}
        return self.other_admin.post("/api/admin/fee-schedules", body)

    def adjustment(self) -> dict[str, Any]:
        """Let an operator propose to top a gateway up."""
        money = {"amount": 700, "currency": "USD"}
        body = {"kind": "top_up", "money": money, "gateway": "sandbox", "reason": self.words("admin")}
        return self.other_admin.post("/api/admin/adjustments", body)

    @cached_property
    def other_admin(self) -> Person:
        """Another operator than the one who is in the world."""
        return self.api.admin()

    def disputable(self) -> dict[str, Any]:
        """Bring a milestone to where it can be disputed; operators read disputes, and what stands in them."""
        milestone = self.milestone("submitted")
        for text in (milestone["id"], milestone["project_id"], milestone["title"]):
            self.hide(text, *DISPUTING)
        return milestone

    def dispute(self, state: str = "filed") -> dict[str, Any]:
        """Bring a dispute of the client's about a new milestone into a state: filed, negotiating, mediation, proposed, ruling.

        In a negotiation the client's first offer stands.
        """
        milestone = self.disputable()
        made = self["client"].post("/api/disputes", complaint(milestone, 10_000, statement=self.words(*DISPUTING)))
        self.hide(made["id"], *DISPUTING)
        for reached, person, change in self._on_the_way():
            if made["state"] == state:
                break
            place = "/api/admin/disputes" if person == "admin" else "/api/disputes"
            made = self[person].put(f"{place}/{made['id']}", {**change, "version": made["version"]})
            assert reached in {made["state"], "offer"}, made
        assert made["state"] == state, made
        if state == "negotiating":
            offer = {"transition": "offer", "to_freelancer": usd(1_000), "version": made["version"]}
            made = self["client"].put(f"/api/disputes/{made['id']}", offer)
        return made

    def _on_the_way(self) -> Iterator[tuple[str, str, dict[str, Any]]]:
        words = self.words(*DISPUTING)
        yield "negotiating", "freelancer", {"transition": "contest", "statement": words}
        yield "mediation", "client", {"transition": "escalate"}
        yield "proposed", "admin", {"transition": "propose", "to_freelancer": usd(2_000), "reasons": words}
        yield "ruling", "freelancer", {"transition": "refuse_proposal"}

    def segment(self) -> dict[str, Any]:
        """Let the client object to an entry; operators may look at it."""
        entry = self.entry(objected=True)
        for text in (entry["id"], entry["project_id"], entry["memo"], entry["objection"]):
            self.hide(text, *DISPUTING)
        return entry

    def evidence(self, place: str | None = None) -> dict[str, Any]:
        """Add a file of the client's to a new dispute, or to what is argued about at `place`."""
        body = {"name": "log.txt", "content": base64.b64encode(self.words(*DISPUTING).encode()).decode()}
        made = self["client"].post(f"{place or '/api/disputes/' + self.dispute()['id']}/evidence", body)
        self.hide(made["id"], *DISPUTING)
        return made

    def notification(self) -> dict[str, Any]:
        """Tell the client something; what they were told before is read."""
        older = self["client"].get("/api/notifications?limit=1")["items"]
        if older:
            self["client"].put("/api/notifications", {"read_up_to": older[0]["id"]})
        self.application()
        self.carry("application.submitted", "notifications-tell-about-application")
        entry = self["client"].get("/api/notifications?limit=1")["items"][0]
        self.hide(entry["id"], "client")
        return entry

    def sealed_review(self) -> dict[str, Any]:
        """Let the client write a review that is sealed still."""
        project = self.project()
        completed(self.api, project)
        body = {"project_id": project["id"], "scores": SCORES, "comment": self.words("client")}
        review = self["client"].post("/api/reviews", body)
        self.hide(review["id"], "client")
        return review

    def carry(self, event: str, reaction: str) -> None:
        """Carry the newest event of this type to one reaction, as the connector does."""
        row = self.api.run(self.api.store.database["outbox"].find_one({"type": event}, sort=[("_id", -1)]))
        response = self.api.deliver(reaction, msgspec.convert({**row, "id": row["_id"]}, EventEnvelope))
        assert response.json()[0]["result"] == "done", response.text

    def end_reconciliations(self) -> None:
        """Let no reconciliation be running: a second one would be refused."""
        over = {"$set": {"state": "done", "as_of": LONG_AGO}}
        self.api.run(self.api.store.database["reconciliations"].update_many({"state": "running"}, over))

    def new_reconciliation(self) -> dict[str, Any]:
        """Give what an admin asks for, another thing each time, when nothing stands in its way."""
        self.end_reconciliations()
        return {"scope": ("recent", "full")[next(self._numbers) % 2]}

    def reconciliation(self) -> dict[str, Any]:
        """Let the admin ask for a reconciliation."""
        self.end_reconciliations()
        run = self["admin"].post("/api/admin/reconciliations", {"scope": "recent"}, status=202)
        self.end_reconciliations()
        self.hide(run["id"], "admin")
        return run

    def parked_delivery(self) -> str:
        """Park an event, as the connector does after too many tries."""
        event_id = new_id("evt")
        row = {
            "_id": f"{event_id}:notifications-tell", "version": 3, "event_id": event_id, "reaction": "notifications-tell",
            "state": "parked", "event": {"id": event_id, "type": "job.posted", "body": {"said": self.words()}}, "attempts": 4,
            "fence": 4, "error": "answered 422", "due_at": LONG_AGO, "created_at": LONG_AGO, "done_at": None,
            "parked_at": LONG_AGO,
        }  # fmt: skip
        self.api.run(self.api.store.database["deliveries"].insert_one(row))
        return self.hide(row["_id"], "admin")
