"""`PUT /api/projects/{id}`."""

import msgspec
from msgspec import UNSET, Struct, UnsetType

from freehold.documents import Project, TimeEntry, Version
from freehold.documents.hiring import ProposedTerms
from freehold.domain.contracts import ContractStep, NothingProposed, require_step
from freehold.domain.errors import Fault, refuse_faults
from freehold.domain.hours import WeeklyLimit, most_of_a_week, rate_faults
from freehold.domain.money import Money
from freehold.domain.process import NotInThisState
from freehold.edge import Call, endpoint
from freehold.edge.problems import NotFound, StaleVersion
from freehold.events import ProjectCompleted, ProjectTermsAnswered, ProjectTermsProposed
from freehold.ids import ProjectPath
from freehold.store.timesheets import meet, side_of, stop_timer
from freehold.views.projects import ProjectView, view_project


class ProjectChange(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A `transition` of an hourly project, with the `version` that the caller saw.

    Beside `propose_terms` stand a `rate` and a `weekly_limit_minutes`: all that is to hold from then on.
    """

    transition: ContractStep
    version: Version
    rate: Money | UnsetType = UNSET
    weekly_limit_minutes: WeeklyLimit | UnsetType = UNSET


@endpoint("PUT /api/projects/{id}", auth="user", errors=[NotFound, StaleVersion, NotInThisState, NothingProposed])
async def update_project(call: Call, path: ProjectPath, body: ProjectChange) -> ProjectView:
    """End an hourly project, or propose other terms and answer a proposal, as either side.

    Agreed terms hold for the weeks that begin after that: a week in which somebody has worked keeps its own. What was worked
    until the end is still reviewed and billed; a running timer is stopped. Raises NotInThisState for a fixed project or one
    that is over, NothingProposed.
    """
    project = await call.unit.require(Project, path.id)
    side_of(project, call.caller.user_id)
    refuse_faults(*_faults(project, body))
    require_step(
        body.transition,
        kind=project.kind,
        state=project.state,
        proposed_by=project.proposed_terms.by if project.proposed_terms else None,
        viewer_id=call.caller.user_id,
    )
    if body.version != project.version:
        raise StaleVersion(f"The project is at version {project.version}.")
    match body.transition:
        case "end":
            after = await _end(call, project)
        case "propose_terms":
            after = await _propose(call, project, body)
        case _:
            after = await _answer(call, project, body.transition)
    return view_project(after, viewer_id=call.caller.user_id)


def _faults(project: Project, body: ProjectChange) -> list[Fault]:
    given = {"rate": body.rate, "weekly_limit_minutes": body.weekly_limit_minutes}
    if body.transition != "propose_terms":
        return [Fault(name, f"nothing beside {body.transition}") for name, value in given.items() if value is not UNSET]
    missing = [Fault(name, "what is proposed") for name, value in given.items() if value is UNSET]
    currency = project.terms.amount.currency
    return [*missing, *(rate_faults(body.rate, currency=currency) if body.rate is not UNSET else ())]


async def _end(call: Call, project: Project) -> Project:
    await meet(call.unit, project.freelancer_id)
    ended = msgspec.structs.replace(project, state="completed", completed_at=call.now, proposed_terms=None)
    after = await call.unit.update(project, ended, deadlines={"review_deadline": call.settings.review_window_s})
    running = await call.unit.first(TimeEntry, {"project_id": project.id, "state": "running"})
    if running is not None:
        await stop_timer(call.unit, running, by="clock", clock=await call.unit.database_now())
    event = ProjectCompleted(
        project_id=after.id, client_id=after.client_id, freelancer_id=after.freelancer_id, title=after.title
    )
    call.unit.emit(event, after)
    return after


async def _propose(call: Call, project: Project, body: ProjectChange) -> Project:
    if body.rate is UNSET or body.weekly_limit_minutes is UNSET:
        raise AssertionError("refused")
    proposed = ProposedTerms(
        by=call.caller.user_id, rate=body.rate, weekly_limit_minutes=body.weekly_limit_minutes, at=call.now
    )
    after = await call.unit.update(project, msgspec.structs.replace(project, proposed_terms=proposed))
    event = ProjectTermsProposed(
        project_id=after.id,
        client_id=after.client_id,
        freelancer_id=after.freelancer_id,
        title=after.title,
        by=proposed.by,
        rate=proposed.rate,
        weekly_limit_minutes=proposed.weekly_limit_minutes,
    )
    call.unit.emit(event, after)
    return after


async def _answer(call: Call, project: Project, step: ContractStep) -> Project:
    proposed, terms = project.proposed_terms, project.terms
    if step == "accept_terms" and proposed is not None:
        limit = proposed.weekly_limit_minutes
        terms = msgspec.structs.replace(
            terms,
            number=terms.number + 1,
            amount=most_of_a_week(proposed.rate, limit),
            rate=proposed.rate,
            weekly_limit_minutes=limit,
        )
    after = await call.unit.update(project, msgspec.structs.replace(project, terms=terms, proposed_terms=None))
    event = ProjectTermsAnswered(
        project_id=after.id,
        client_id=after.client_id,
        freelancer_id=after.freelancer_id,
        title=after.title,
        by=call.caller.user_id,
        answer=step.removesuffix("_terms"),
        number=terms.number,
    )
    call.unit.emit(event, after)
    return after
