"""A project ends when all that was agreed is released and nothing is under way; then its reviews are open."""

import asyncio

import msgspec

from freehold.documents import Project
from freehold.events import EventEnvelope
from tests.api import Api
from tests.escrow import Work, usd


def project_of(api: Api, work: Work):
    return api.run(api.store.require(Project, work.project["id"]))


def test_a_project_is_paid_with_its_first_release_and_completed_with_its_last(api: Api):
    work = Work.begun(api)
    first, second = work.submitted(19_000), work.funded(19_000)
    work.take(work.client, first, "release")
    api.settle()
    paid = project_of(api, work)
    assert (paid.state, paid.paid_at is not None, paid.completed_at, paid.review_deadline) == ("active", True, None, None)
    work.take(work.client, second, "release")
    before = api.run(api.store.database_now())
    api.settle()
    done = project_of(api, work)
    assert (done.state, done.paid_at) == ("completed", paid.paid_at)
    lasts_s = api.app.services.settings.review_window_s
    assert 0 <= done.review_deadline.timestamp() - before.timestamp() - lasts_s < 60
    scores = {"quality": 5, "communication": 5, "timeliness": 5, "fairness": 5}
    work.freelancer.post("/api/reviews", {"project_id": work.project["id"], "scores": scores})


def test_a_project_goes_on_while_another_milestone_is_under_way(api: Api):
    work = Work.begun(api)
    under_way = work.funding(500)
    work.take(work.client, work.funded(38_000), "release")
    api.settle()
    assert project_of(api, work).state == "active"
    work.take(work.client, work.read(under_way["id"]), "cancel")
    api.settle()
    assert project_of(api, work).state == "completed"


def test_a_part_does_not_complete_a_project(api: Api):
    work = Work.begun(api)
    work.take(work.client, work.funded(50_000), "release", amount=usd(40_000))
    api.settle()
    project = project_of(api, work)
    assert (project.state, project.paid_at is not None) == ("active", True)


def test_less_than_agreed_does_not_complete_a_project(api: Api):
    work = Work.begun(api)
    work.take(work.client, work.funded(37_999), "release")
    api.settle()
    assert project_of(api, work).state == "active"


def test_two_last_releases_at_once_complete_a_project_once(api: Api):
    work = Work.begun(api)
    milestones = [work.funded(19_000), work.funded(19_000)]
    for milestone in milestones:
        work.take(work.client, milestone, "release")
    api.settle()
    rows = api.run(api.store.database["outbox"].find({"type": "project.completed", "aggregate": work.project["id"]}).to_list())
    assert len(rows) == 1
    assert project_of(api, work).state == "completed"


def unsent(api: Api, **filter_):
    rows = api.run(api.store.database["outbox"].find({"sent": None, **filter_}).to_list())
    return [msgspec.convert({**row, "id": row["_id"]}, EventEnvelope) for row in rows]


def test_a_deposit_and_the_projects_end_never_pass_each_other(api: Api):
    for _ in range(5):
        work = Work.begun(api)
        waiting = work.created(500)
        work.take(work.client, work.funded(38_000), "release")
        for asked in unsent(api, type={"$regex": "^payment"}):
            assert api.deliver("payments-carry-out-command", asked).is_success
        (released,) = unsent(api, type="milestone.released")
        deposit, completion = api.run(both_at_once(api, work, waiting, released))
        assert completion.status_code in {200, 503}
        state, milestone = project_of(api, work).state, work.read(waiting["id"])["state"]
        assert (deposit.status_code, state, milestone) in {(202, "active", "funding"), (409, "completed", "created")}
        api.settle()


async def both_at_once(api: Api, work: Work, waiting, released):
    return await asyncio.gather(
        api.client.post("/api/escrow/deposit", json={"milestone_id": waiting["id"]}, headers=work.client.headers),
        api.delivery("projects-complete-paid-project", released),
    )
