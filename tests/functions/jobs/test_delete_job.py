"""`DELETE /api/jobs/{id}`."""

import pytest

from tests.api import Api
from tests.hiring import new_application, new_job, together


@pytest.mark.parametrize("state", ["draft", "open"])
def test_a_job_that_nobody_applied_to_is_removed(api: Api, state):
    employer = api.register(roles=["employer"])
    job = employer.post("/api/jobs", new_job(state=state))
    employer.delete(f"/api/jobs/{job['id']}")
    employer.get(f"/api/jobs/{job['id']}", status=404)
    employer.delete(f"/api/jobs/{job['id']}", status=404)


def test_a_job_that_somebody_applied_to_stays_and_is_to_be_closed(api: Api):
    employer, freelancer = api.register(roles=["employer"]), api.register()
    job = employer.post("/api/jobs", new_job())
    application = freelancer.post("/api/applications", new_application(job))
    problem = employer.delete(f"/api/jobs/{job['id']}", status=409)
    assert problem["code"] == "job_has_applications"
    assert "close it instead" in problem["detail"]
    withdraw = {"transition": "withdraw", "version": application["version"]}
    freelancer.put(f"/api/applications/{application['id']}", withdraw)
    employer.delete(f"/api/jobs/{job['id']}", status=409)
    employer.put(f"/api/jobs/{job['id']}", {"transition": "close", "version": 1})
    assert "it is closed already" in employer.delete(f"/api/jobs/{job['id']}", status=409)["detail"]


def test_nobody_else_removes_a_job(api: Api):
    employer, other = api.register(roles=["employer"]), api.register(roles=["employer"])
    job = employer.post("/api/jobs", new_job())
    other.delete(f"/api/jobs/{job['id']}", status=404)
    assert api.call("DELETE", f"/api/jobs/{job['id']}").status_code == 401
    assert employer.get(f"/api/jobs/{job['id']}") == job


def test_of_applying_and_removing_at_once_one_wins(api: Api):
    employer, freelancer = api.register(roles=["employer"]), api.register()
    outcomes = set()
    for _ in range(6):
        job = employer.post("/api/jobs", new_job())
        applying = (freelancer, "POST", "/api/applications", new_application(job))
        removing = (employer, "DELETE", f"/api/jobs/{job['id']}", None)
        applied, removed = together(api, applying, removing)
        outcomes.add((applied.status_code, removed.status_code))
        left = api.run(api.store.database["applications"].count_documents({"job_id": job["id"]}))
        there = api.run(api.store.database["jobs"].count_documents({"_id": job["id"]}))
        assert (left, there) in {(1, 1), (0, 0)}
    assert outcomes <= {(201, 409), (404, 204), (409, 204)}
