"""The reaction that tells freelancers of a new job that asks for their skills."""

from typing import Final

from freehold.documents import Job
from freehold.edge import Call, on_event
from freehold.events import JobPosted
from freehold.realtime_events import NewJob
from freehold.store.notices import notify
from freehold.store.people import freelancers_with_skills

MOST_PEOPLE: Final = 200
"""So many freelancers are told of one job, those who share most of its skills."""


@on_event("job.posted")
async def tell_matching_freelancers(call: Call, event: JobPosted) -> None:
    """Tell the freelancers who share a skill with the job, but not its employer, while it is open."""
    job = await call.unit.get(Job, event.job_id)
    if job is None or job.state != "open" or not job.skills_folded:
        return
    people = await freelancers_with_skills(call.unit, job.skills_folded, but_not=job.employer_id, limit=MOST_PEOPLE)
    news = NewJob(
        job_id=job.id,
        title=job.title,
        category=job.category,
        kind=job.kind,
        skills=job.skills,
        budget=job.budget,
        hourly=job.hourly,
    )
    notify(call.unit, call.now, people, news)
