"""The demo's story, step by step. Each act checks what it says; nothing is taken for granted."""

import asyncio
from datetime import datetime, timedelta
from typing import Final

from msgspec import Struct

from freehold.domain.money import Money
from infra.client import Person, Refused, until
from infra.demo.cast import Cast
from infra.demo.live import Listener
from infra.demo.report import Report
from infra.wire import Application, Escrow, Milestone, Milestones, Notifications, Project, Reviews, Seen, User

CURRENCY: Final = "USD"
AGREED: Final = 200_000
PARTS: Final = (123_456, 76_544)
"""Two milestones that sum to what was agreed, each with a fee that has to be rounded."""

INSPECTION_S: Final = 4
"""How long the client may look at submitted work: agreed, and short, so that the demo does not take two weeks."""

CLOCKS_APART_S: Final = 1.0
FUTURE_S: Final = 60.0


class Sockets(Struct, frozen=True):
    """The sockets that are open during the showing."""

    client: Listener
    printer: Listener
    translator: Listener


class Showing:
    """One showing of the whole loop."""

    def __init__(self, cast: Cast, sockets: Sockets, report: Report) -> None:
        self.cast = cast
        self.sockets = sockets
        self.report = report

    async def post_job(self) -> Seen:
        """Post the job; who can do it is told live, who cannot is not."""
        body = {
            "title": "Wedding cards, printed by hand",
            "description": "Sixty cards on cotton paper, two colours, from our drawing. A proof first, then the whole run.",
            "kind": "fixed",
            "category": "Print",
            "skills": self.cast.skills,
            "budget": Money(AGREED, CURRENCY),
            "inspection_period_s": INSPECTION_S,
        }
        job = await self.cast.client.post("/api/jobs", body, into=Seen)
        self.report.step(f"{self.cast.client.name} posts a job: 2,000.00 USD, {INSPECTION_S} s to look at submitted work")
        await self.sockets.printer.wait_for("newJob", job_id=job.id)
        self.report.step(f"{self.cast.printer.name}, who prints by hand, is told of it live")
        told = [event for event in self.sockets.translator.heard if event.name == "newJob"]
        self.report.check("jobs that the translator was told of", len(told), 0)
        return job

    async def hire(self, job: Seen) -> Project:
        """Let all three apply, accept one; the others are declined."""
        freelancers = (self.cast.printer, self.cast.translator, self.cast.gardener)
        applications = await asyncio.gather(*(self._apply(each, job) for each in freelancers))
        for application in applications:
            await self.sockets.client.wait_for("applicationStatusUpdate", application_id=application.id, status="submitted")
        self.report.step(f"all three apply; {self.cast.client.name} is told of each live")
        chosen = applications[0]
        change = {"transition": "accept", "version": chosen.version}
        accepted = await self.cast.client.put(f"/api/applications/{chosen.id}", change, into=Application)
        await self.sockets.printer.wait_for("applicationStatusUpdate", application_id=chosen.id, status="accepted")
        await self.sockets.translator.wait_for("applicationStatusUpdate", application_id=applications[1].id, status="declined")
        self.report.step(f"{self.cast.printer.name} is accepted and told live; the others are declined")
        project = await self.cast.printer.get(f"/api/projects/{accepted.project_id}", into=Project)
        self.report.check("what was agreed", project.terms.amount, Money(AGREED, CURRENCY))
        self.report.check("the agreed inspection period (s)", project.terms.inspection_period_s, INSPECTION_S)
        await self._strangers_see_nothing(project)
        return project

    async def fund(self, project: Project) -> list[Milestone]:
        """Plan two milestones and pay for both; the money is held."""
        titles = ("The proof", "The whole run")
        for title, amount in zip(titles, PARTS, strict=True):
            body = {"project_id": project.id, "title": title, "amount": Money(amount, CURRENCY)}
            planned = await self.cast.client.post("/api/milestones", body, into=Milestone)
            await self.cast.client.post("/api/escrow/deposit", {"milestone_id": planned.id}, into=Milestone)
        funded = await self._milestones(project, states=("funded", "funded"))
        for milestone, amount in zip(funded, PARTS, strict=True):
            self._check_money(milestone, held=amount, released=0, fees=0)
            await self.sockets.printer.wait_for("escrowUpdate", milestone_id=milestone.id, movement="deposited")
        self.report.step("two milestones are planned and paid; the money is held")
        self.report.money("both funded", funded)
        return funded

    async def submit(self, project: Project, milestones: list[Milestone]) -> list[Milestone]:
        """Submit the first; the client releases it before anything else happens. Then submit the second."""
        await self._submit(milestones[0])
        await self.cast.client.post("/api/escrow/release", {"milestone_id": milestones[0].id}, into=Milestone)
        now = await self._milestones(project, states=("released", "funded"))
        self._check_released(now[0], PARTS[0])
        self._check_money(now[1], held=PARTS[1], released=0, fees=0)
        await self.sockets.printer.wait_for("escrowUpdate", milestone_id=now[0].id, movement="released")
        self.report.step(f"{self.cast.client.name} looks at the proof and releases it")
        self.report.money("proof released by client", now)
        await self._submit(milestones[1])
        return await self._milestones(project, states=("released", "submitted"))

    async def wait_for_the_clock(self, project: Project, milestones: list[Milestone]) -> None:
        """Let the client say nothing: when the inspection period is over, the scheduler releases the money."""
        due_at = datetime.fromisoformat(milestones[1].auto_release_at or "")
        self.report.step(f"{self.cast.client.name} says nothing; the money will be released at {due_at:%H:%M:%S} UTC")
        self.report.money("whole run submitted", milestones)
        now = await self._milestones(project, states=("released", "released"), limit_s=INSPECTION_S + FUTURE_S)
        for milestone, amount in zip(now, PARTS, strict=True):
            self._check_released(milestone, amount)
        escrow = await self.cast.printer.get(f"/api/escrow/{now[1].id}", into=Escrow)
        released_at = next(datetime.fromisoformat(each.at) for each in escrow.movements if each.kind == "release")
        in_time = due_at - timedelta(seconds=CLOCKS_APART_S) <= released_at <= due_at + timedelta(seconds=FUTURE_S)
        self.report.check(f"released at {released_at:%H:%M:%S.%f}, within a minute after {due_at:%H:%M:%S.%f}", in_time, True)
        late_s = max((released_at - due_at).total_seconds(), 0)
        self.report.step(f"the scheduler releases the whole run, {late_s:.1f} s after the inspection period has ended")
        self.report.money("whole run released by clock", now)

    async def review(self, project: Project) -> None:
        """Let both sides review; nobody reads the other's before both are in."""
        await until(
            lambda: self.cast.client.get(f"/api/projects/{project.id}", into=Project),
            lambda now: now.state == "completed",
            what="the project is completed",
        )
        await self._review(self.cast.client, project, stars=5)
        before = await self.cast.printer.get(f"/api/reviews/{self.cast.printer.id}", into=Reviews)
        self.report.check("reviews that can be read while one is missing", len(before.items), 0)
        self.report.step(f"the project is complete; {self.cast.client.name} reviews, sealed until the other side has")
        await self._review(self.cast.printer, project, stars=4)
        for person, stars in ((self.cast.printer, 5), (self.cast.client, 4)):
            user = await until(
                lambda person=person: person.get(f"/api/users/{person.id}", into=User),  # type: ignore[misc]
                lambda user: user.rating.count == 1,
                what=f"the rating of {person.name} is counted",
            )
            self.report.check(f"average rating of {person.name} (hundredths)", user.rating.average, stars * 100)
        await self.sockets.printer.wait_for("reviewPublished", project_id=project.id)
        self.report.step(f"{self.cast.printer.name} reviews too; both can be read, both profiles show the stars")

    async def count_notifications(self) -> None:
        """Compare what came live with what stands in the list."""
        page = await self.cast.printer.get("/api/notifications?limit=100", into=Notifications)
        live = sorted(str(event.payload["notification_id"]) for event in self.sockets.printer.heard)
        self.report.check("notifications that came live, against the list", live, sorted(each.id for each in page.items))
        self.report.check("unread notifications", page.unread, len(page.items))
        self.report.step(f"all {page.unread} notifications of {self.cast.printer.name} came live, each once")

    async def _apply(self, freelancer: Person, job: Seen) -> Application:
        body = {
            "job_id": job.id,
            "proposal": f"{freelancer.name.split(maxsplit=1)[0]} would like to do this, and has the time.",
            "budget": Money(AGREED, CURRENCY),
            "timeline_days": 14,
        }
        return await freelancer.post("/api/applications", body, into=Application)

    async def _strangers_see_nothing(self, project: Project) -> None:
        try:
            await self.cast.other_employer.get(f"/api/projects/{project.id}", into=Project)
            status = 200
        except Refused as refused:
            status = refused.problem.status
        self.report.check(f"what {self.cast.other_employer.name} is told of a project of others", status, 404)

    async def _submit(self, milestone: Milestone) -> None:
        now = next(each for each in (await self._all_of(milestone.project_id)) if each.id == milestone.id)
        change = {"transition": "submit", "version": now.version, "note": "It is on the table, ready to be looked at."}
        await self.cast.printer.put(f"/api/milestones/{milestone.id}", change, into=Milestone)
        await self.sockets.client.wait_for("milestoneUpdate", milestone_id=milestone.id, state="submitted")
        self.report.step(f"{self.cast.printer.name} submits “{milestone.title}”; {self.cast.client.name} is told live")

    async def _review(self, author: Person, project: Project, *, stars: int) -> None:
        scores = dict.fromkeys(("quality", "communication", "timeliness", "fairness"), stars)
        await author.post("/api/reviews", {"project_id": project.id, "scores": scores, "comment": "A pleasure."}, into=Seen)

    async def _milestones(self, project: Project, *, states: tuple[str, str], limit_s: float = FUTURE_S) -> list[Milestone]:
        return await until(
            lambda: self._all_of(project.id),
            lambda now: tuple(each.state for each in now) == states,
            what=f"the milestones are {' and '.join(states)}",
            limit_s=limit_s,
        )

    async def _all_of(self, project_id: str) -> list[Milestone]:
        return (await self.cast.client.get(f"/api/milestones/{project_id}", into=Milestones)).items

    def _check_released(self, milestone: Milestone, amount: int) -> None:
        fee = (amount * (milestone.fee_basis_points or 0) + 5_000) // 10_000
        self._check_money(milestone, held=0, released=amount - fee, fees=fee)

    def _check_money(self, milestone: Milestone, *, held: int, released: int, fees: int) -> None:
        sums, title = milestone.money, milestone.title
        self.report.check(f"deposited for “{title}”", sums.deposited, Money(held + released + fees, CURRENCY))
        self.report.check(f"held for “{title}”", sums.held, Money(held, CURRENCY))
        self.report.check(f"released to the freelancer for “{title}”", sums.released, Money(released, CURRENCY))
        self.report.check(f"platform's fees of “{title}”", sums.fees, Money(fees, CURRENCY))
        self.report.check(f"on its way for “{title}”", sums.releasing, Money(0, CURRENCY))
        self.report.check(f"given back of “{title}”", sums.refunded, Money(0, CURRENCY))
