"""Posting a job: what creating and editing one share. What a job may look like, and the form in which it is kept."""

from datetime import datetime
from typing import Annotated, Final

import msgspec
from msgspec import Meta

from freehold.documents import Job
from freehold.documents.hiring import Place
from freehold.documents.people import Skill
from freehold.domain.errors import Fault
from freehold.domain.hiring import LONGEST_INSPECTION_S, inspection_faults, price_faults
from freehold.domain.instants import in_utc
from freehold.domain.text import distinct_lines, folded, line, prose, required_text

MOST_SKILLS: Final = 20

JobTitle = Annotated[str, required_text(200)]
JobDescription = Annotated[str, required_text(10_000)]
Category = Annotated[str, required_text(80)]
JobSkills = Annotated[tuple[Skill, ...], Meta(max_length=MOST_SKILLS)]
InspectionPeriod = Annotated[
    int, Meta(ge=1, le=LONGEST_INSPECTION_S, description="How long the client may look at submitted work, in seconds.")
]


def kept(job: Job) -> Job:
    """Give the form in which a job is kept: texts normalised, what is filtered by beside them."""
    skills = distinct_lines(job.skills)
    price = job.budget if job.hourly is None else job.hourly.most
    return msgspec.structs.replace(
        job,
        title=line(job.title),
        description=prose(job.description),
        category=line(job.category),
        category_folded=folded(job.category),
        skills=skills,
        skills_folded=tuple(folded(skill) for skill in skills),
        price_amount=None if price is None else price.amount,
        price_currency=None if price is None else price.currency,
        deadline=_kept_deadline(job.deadline),
        place=Place(remote=job.place.remote, country=line(job.place.country), city=line(job.place.city)),
        country_folded=folded(job.place.country),
    )


def faults_of(job: Job, *, inspection_floor_s: int) -> tuple[Fault, ...]:
    """Say what is wrong with a job whose fields are each of the right type."""
    least, most = (job.hourly.least, job.hourly.most) if job.hourly else (None, None)
    return (
        *price_faults(job.kind, budget=job.budget, least=least, most=most),
        *inspection_faults(job.inspection_period_s, floor_s=inspection_floor_s),
    )


def _kept_deadline(deadline: datetime | None) -> datetime | None:
    return None if deadline is None else in_utc(deadline)
