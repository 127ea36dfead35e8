"""What happens in the seed's marketplace: who applies where, for how much, and how each project goes. Pure, from a fixed seed.

The same content gives the same plan each time, so that an interrupted seeding goes on where it was.
"""

import random
from typing import Final, Literal

from msgspec import Struct

from freehold.domain.money import Money
from infra.seed.content import Freelancer, Job, Marketplace

Step = Literal["fund", "fund_refused", "fund_later", "submit", "request_changes", "release", "release_half"]
Side = Literal["client", "freelancer"]

_SEED: Final = 20_260
_STEP_MINOR: Final = 500
_HOUR_STEP_MINOR: Final = 100
_MOST_APPLICANTS: Final = 5


class Story(Struct, frozen=True):
    """How a project goes: the steps of each of its milestones, and who has written a review."""

    milestones: tuple[tuple[Step, ...], ...]
    reviews: tuple[Side, ...] = ()


_DONE: Final[tuple[Step, ...]] = ("fund", "submit", "release")
_BOTH: Final[tuple[Side, ...]] = ("client", "freelancer")
STORIES: Final[tuple[Story, ...]] = (
    *[Story((_DONE, _DONE), _BOTH)] * 6,
    Story((_DONE, _DONE), ("client",)),
    Story((_DONE, ("fund", "submit", "request_changes", "submit", "release")), ("freelancer",)),
    Story((_DONE, _DONE)),
    Story((_DONE, ("fund",))),
    Story((_DONE, ("fund", "submit"))),
    Story((("fund", "submit"), ())),
    Story((("fund", "submit", "request_changes"), ())),
    Story((("fund", "release_half"), ())),
    Story((("fund",), ("fund",))),
    Story((("fund",), ())),
    Story((("fund_refused",), ())),
    Story((("fund_later",), ())),
    Story(((), ())),
    Story(()),
)
"""Every state that a project and its money can be in, and more of those that one likes to see."""


class Bid(Struct, frozen=True, kw_only=True):
    """An application to be made. `price` is the whole one of a fixed job, an hour's of one with `weekly_limit_minutes`."""

    job: int
    freelancer: str
    proposal: str
    price: Money
    weekly_limit_minutes: int | None = None
    timeline_days: int
    end: Literal["open", "declined", "withdrawn"] = "open"


class Venture(Struct, frozen=True):
    """A bid that is accepted, and what comes of it."""

    bid: Bid
    story: Story


class Plan(Struct, frozen=True):
    """All that happens. Every venture's bid is among `bids`."""

    bids: tuple[Bid, ...]
    ventures: tuple[Venture, ...]


def make_plan(content: Marketplace) -> Plan:
    """Plan the marketplace."""
    chance = random.Random(_SEED)  # noqa: S311 - a plan that is the same each time is the point
    by_job = {number: _bids(chance, number, job, content.freelancers) for number, job in enumerate(content.jobs)}
    fixed = [number for number, job in enumerate(content.jobs) if job.budget and by_job[number]]
    ventures = tuple(
        Venture(by_job[number][0], story) for number, story in zip(chance.sample(fixed, len(STORIES)), STORIES, strict=True)
    )
    return Plan(bids=tuple(bid for bids in by_job.values() for bid in bids), ventures=ventures)


def split_in_two(amount: Money) -> tuple[Money, Money]:
    """Split what was agreed into a first milestone of two fifths and the rest."""
    first = amount.amount * 2 // 5
    return Money(first, amount.currency), Money(amount.amount - first, amount.currency)


def _bids(chance: random.Random, number: int, job: Job, freelancers: tuple[Freelancer, ...]) -> list[Bid]:
    """Let those apply who have a skill that the job asks for, the best fit first; a later one may end early."""
    fitting = [each for each in freelancers if set(each.skills) & set(job.skills)]
    fitting.sort(key=lambda each: (-len(set(each.skills) & set(job.skills)), each.name))
    bids = [_bid(chance, number, job, each) for each in fitting[:_MOST_APPLICANTS] if chance.random() < 0.9]  # noqa: PLR2004
    return [bids[0], *(_maybe_ended(chance, bid) for bid in bids[1:])] if bids else []


def _bid(chance: random.Random, number: int, job: Job, freelancer: Freelancer) -> Bid:
    days = chance.randrange(7, 45)
    return Bid(
        job=number,
        freelancer=freelancer.name,
        proposal=_proposal(chance, job, freelancer, days),
        price=_price(chance, job),
        weekly_limit_minutes=None if job.hourly is None else chance.randrange(10, 41, 5) * 60,
        timeline_days=days,
    )


def _price(chance: random.Random, job: Job) -> Money:
    if job.budget is not None:
        base = job.budget.amount * chance.randrange(85, 109) // 100
        return Money(max(base // _STEP_MINOR, 1) * _STEP_MINOR, job.budget.currency)
    if job.hourly is not None:
        hour = chance.randrange(job.hourly.least.amount, job.hourly.most.amount)
        return Money(max(hour // _HOUR_STEP_MINOR, 1) * _HOUR_STEP_MINOR, job.hourly.least.currency)
    raise ValueError(f"{job.title} has no price")


def _maybe_ended(chance: random.Random, bid: Bid) -> Bid:
    end: Literal["open", "declined", "withdrawn"] = chance.choices(("open", "declined", "withdrawn"), (85, 10, 5))[0]
    return Bid(
        job=bid.job,
        freelancer=bid.freelancer,
        proposal=bid.proposal,
        price=bid.price,
        weekly_limit_minutes=bid.weekly_limit_minutes,
        timeline_days=bid.timeline_days,
        end=end,
    )


_OPENINGS: Final = (
    'I have read "{title}" twice and would like to do it.',
    'Your description of "{title}" is clear, which I take as a good sign.',
    '"{title}" is close to what I finished last spring.',
    'I can start on "{title}" next Monday.',
)
_MIDDLES: Final = (
    "What I bring: {skills}. I would begin with the part that is hardest to change later and show it to you early.",
    "Most of my work is {skills}. I send something you can look at every few days, so that nothing surprises you at the end.",
    "I work with {skills} every week. First I would write down on one page what is in and what is out, for you to sign.",
    "My side of it: {skills}. If something turns out larger than it looks, you hear of it the same day.",
)
_ENDS: Final = (
    "About {days} days, two milestones, the first one small.",
    "{days} days is realistic; I have left room for one round of changes.",
    "I would need {days} days and one short call at the start.",
)


def _proposal(chance: random.Random, job: Job, freelancer: Freelancer, days: int) -> str:
    shared = [skill for skill in freelancer.skills if skill in job.skills]
    parts = (chance.choice(_OPENINGS), chance.choice(_MIDDLES), chance.choice(_ENDS))
    return " ".join(parts).format(title=job.title, skills=" and ".join(shared), days=days)
