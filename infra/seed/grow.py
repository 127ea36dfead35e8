"""Carrying the plan out through the public API, so that everything in the marketplace has obeyed every rule.

Each write has a key of its own. An interrupted seeding is simply run again: what was done answers as it did the first time.
"""

import asyncio
from collections.abc import Awaitable, Iterable
from datetime import datetime, timedelta
from typing import Any, Final, TypeVar

from infra.client import Api, Json, Person, Refused, until
from infra.seed.content import PASSWORD, Employer, Freelancer, Job, Marketplace, address_of
from infra.seed.plan import Bid, Plan, Side, Step, Venture, split_in_two
from infra.wire import Application, Milestone, Milestones, Seen

T = TypeVar("T")

AT_ONCE: Final = 20
SETTLE_LIMIT_S: Final = 90.0
SETTLING: Final = frozenset({"funding", "releasing"})
_METHODS: Final[dict[str, str]] = {"fund": "card", "fund_refused": "card_declined", "fund_later": "never_paid"}
_WORDS: Final[dict[Side, tuple[str, ...]]] = {
    "client": (
        "Kept every date, asked early, and left notes that we still use.",
        "Good work and a clear head. One round of changes, done within a day.",
        "Did what was agreed and told us where we had not thought it through.",
    ),
    "freelancer": (
        "A clear task, quick answers, and the money was there from the start.",
        "Knew what they wanted and said so kindly. I would work for them again.",
        "Fair about the one thing that turned out larger than planned.",
    ),
}


class Grower:
    """One seeding. `people` are those who have joined, by name."""

    def __init__(self, api: Api, content: Marketplace, plan: Plan) -> None:
        self.people: dict[str, Person] = {}
        self._api = api
        self._content = content
        self._plan = plan
        self._slots = asyncio.Semaphore(AT_ONCE)

    async def grow(self) -> None:
        """Do all of the plan."""
        await self._all(self._join(each, ("employer",)) for each in self._content.employers)
        await self._all(self._join(each, ("freelancer",)) for each in self._content.freelancers)
        today = await self._first_day()
        jobs = await self._all(self._post(number, job, today) for number, job in enumerate(self._content.jobs))
        applications = await self._all(self._apply(bid, jobs[bid.job]) for bid in self._plan.bids)
        await self._all(self._venture(each, applications[self._plan.bids.index(each.bid)]) for each in self._plan.ventures)

    async def _all(self, works: Iterable[Awaitable[T]]) -> list[T]:
        async def in_turn(work: Awaitable[T]) -> T:
            async with self._slots:
                return await work

        return await asyncio.gather(*(in_turn(work) for work in works))

    async def _join(self, somebody: Employer, roles: tuple[str, ...]) -> None:
        person = await self._api.join(name=somebody.name, email=address_of(somebody.name), password=PASSWORD, roles=roles)
        self.people[somebody.name] = person
        change = {"profile": _profile(somebody)}
        await person.put(f"/api/users/{person.id}", change, into=Seen, key=f"seed-profile-{person.id}")

    async def _first_day(self) -> datetime:
        """Give the day on which the first account was made, so that a later run computes the same dates."""
        first = self.people[self._content.employers[0].name]
        made = await first.get(f"/api/users/{first.id}", into=Seen)
        return datetime.fromisoformat(made.created_at).replace(hour=18, minute=0, second=0, microsecond=0)

    async def _post(self, number: int, job: Job, today: datetime) -> Seen:
        body: Json = {
            "title": job.title,
            "description": job.description,
            "kind": "fixed" if job.budget else "hourly",
            "category": job.category,
            "skills": job.skills,
            "budget": job.budget,
            "hourly": job.hourly,
            "deadline": today + timedelta(days=job.days_open) if job.days_open else None,
        }
        return await self.people[job.employer].post("/api/jobs", body, into=Seen, key=f"seed-job-{number}")

    async def _apply(self, bid: Bid, job: Seen) -> Application:
        offer: Json = {"budget": bid.price}
        if bid.weekly_limit_minutes is not None:
            offer = {"rate": bid.price, "weekly_limit_minutes": bid.weekly_limit_minutes}
        body = {"job_id": job.id, "proposal": bid.proposal, "timeline_days": bid.timeline_days, **offer}
        freelancer = self.people[bid.freelancer]
        application = await freelancer.post("/api/applications", body, into=Application, key=f"seed-bid-{job.id}")
        if bid.end != "open":
            decides = freelancer if bid.end == "withdrawn" else self._employer_of(bid)
            await self._answer(decides, application, "withdraw" if bid.end == "withdrawn" else "decline")
        return application

    async def _answer(self, person: Person, application: Application, transition: str) -> Application:
        change = {"transition": transition, "version": application.version}
        path = f"/api/applications/{application.id}"
        return await person.put(path, change, into=Application, key=f"seed-{transition}-{application.id}")

    async def _venture(self, venture: Venture, application: Application) -> None:
        client, freelancer = self._employer_of(venture.bid), self.people[venture.bid.freelancer]
        accepted = await self._answer(client, application, "accept")
        if accepted.project_id is None:
            raise RuntimeError(f"{accepted.id} was accepted without a project")
        project = _Project(client, freelancer, accepted.project_id)
        parts = split_in_two(venture.bid.price)
        planned = [
            await project.plan(number, title, amount)
            for number, (title, amount, _) in enumerate(
                zip(("First part", "The rest, and the hand-over"), parts, venture.story.milestones, strict=False)
            )
        ]
        await asyncio.gather(
            *(project.go_through(milestone, steps) for milestone, steps in zip(planned, venture.story.milestones, strict=True))
        )
        for side in venture.story.reviews:
            await project.review(side, sum(map(ord, project.id[-6:])))

    def _employer_of(self, bid: Bid) -> Person:
        return self.people[self._content.jobs[bid.job].employer]


class _Project:
    """A project that is under way, with its two people."""

    def __init__(self, client: Person, freelancer: Person, project_id: str) -> None:
        self.id = project_id
        self._client = client
        self._freelancer = freelancer

    async def plan(self, number: int, title: str, amount: object) -> Milestone:
        """Plan a milestone."""
        body = {"project_id": self.id, "title": title, "amount": amount}
        return await self._client.post("/api/milestones", body, into=Milestone, key=f"seed-milestone-{number}-{self.id}")

    async def go_through(self, milestone: Milestone, steps: tuple[Step, ...]) -> None:
        """Take these steps of a milestone, one after the other."""
        for number, step in enumerate(steps):
            await self._take(milestone, step, key=f"seed-{number}-{milestone.id}")

    async def review(self, side: Side, seed: int) -> None:
        """Write one side's review, once the project is completed."""
        person = self._client if side == "client" else self._freelancer
        await until(
            lambda: person.get(f"/api/projects/{self.id}", into=Seen),
            lambda project: project.state == "completed",
            what=f"the project {self.id} is completed",
            limit_s=SETTLE_LIMIT_S,
        )
        axes = ("quality", "communication", "timeliness", "fairness")
        scores = {axis: 5 - (seed >> shift) % 3 // 2 for shift, axis in enumerate(axes)}
        words = _WORDS[side]
        body = {"project_id": self.id, "scores": scores, "comment": words[seed % len(words)]}
        await person.post("/api/reviews", body, into=Seen, key=f"seed-review-{self.id}")

    async def _take(self, milestone: Milestone, step: Step, *, key: str) -> None:
        """Take one step, and wait until its money is where it belongs."""
        if step in _METHODS:
            body = {"milestone_id": milestone.id, "method": _METHODS[step]}
            await self._client.post("/api/escrow/deposit", body, into=Milestone, key=key)
        else:
            person = self._freelancer if step == "submit" else self._client
            version = (await self._now(milestone)).version
            change = {"version": version, **_beside(step, milestone)}
            await _once(person.put(f"/api/milestones/{milestone.id}", change, into=Milestone, key=key))
        if step in {"fund", "release", "release_half"}:
            await self._settled(milestone)

    async def _settled(self, milestone: Milestone) -> None:
        await until(
            lambda: self._now(milestone),
            lambda now: now.state not in SETTLING,
            what=f"the money of {milestone.id} has settled",
            limit_s=SETTLE_LIMIT_S,
        )

    async def _now(self, milestone: Milestone) -> Milestone:
        found = await self._client.get(f"/api/milestones/{self.id}", into=Milestones)
        return next(each for each in found.items if each.id == milestone.id)


async def _once(work: Awaitable[Any]) -> None:
    """Do a step that names a version; the key says when an earlier run has done it, at a version of that time."""
    try:
        await work
    except Refused as refused:
        if refused.problem.code != "idempotency_key_reused":
            raise


def _beside(step: Step, milestone: Milestone) -> Json:
    match step:
        case "submit":
            return {"transition": "submit", "note": "It is in the shared folder, with a page that says how to check it."}
        case "request_changes":
            return {"transition": "request_changes", "reason": "The second table does not add up yet. The rest is fine."}
        case "release_half":
            half = {"amount": milestone.amount.amount // 2, "currency": milestone.amount.currency}
            return {"transition": "release", "amount": half}
        case _:
            return {"transition": step}


def _profile(somebody: Employer) -> Json:
    common: Json = {"headline": somebody.headline, "country": somebody.country, "time_zone": somebody.time_zone}
    if not isinstance(somebody, Freelancer):
        return common
    return common | {
        "skills": somebody.skills,
        "hourly_rate": somebody.hourly_rate,
        "availability_hours_per_week": somebody.hours_per_week,
        "languages": [
            {"tag": tag, "level": "native" if number == 0 else "fluent"} for number, tag in enumerate(somebody.languages)
        ],
    }
