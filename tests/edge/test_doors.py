"""What the edge answers to the connector and the scheduler."""

import asyncio
import secrets

import msgspec
import pytest

from freehold.events import ApplicationAccepted, ApplicationSubmitted, JobPosted, body_of
from freehold.events import EventEnvelope as Envelope
from freehold.ids import new_id
from freehold.internal_calls import CallSigner
from tests.api import PASSWORD, Api


def application_event(freelancer_id: str, *, job_id: str = "job_1", accepted: bool = False, **fields) -> Envelope:
    base = {
        "application_id": "app_1",
        "job_id": job_id,
        "job_title": "t",
        "employer_id": "usr_e",
        "freelancer_id": freelancer_id,
    }
    event = ApplicationAccepted(**base, project_id="prj_1") if accepted else ApplicationSubmitted(**base)
    given = {"aggregate_version": 1, "n": 0, **fields}
    return Envelope(id=new_id("evt"), type=event.type, aggregate="app_1", body=body_of(event), **given)


def effects(api: Api, user_id: str) -> list[str]:
    rows = api.run(api.store.database["notifications"].find({"user_id": user_id}).to_list())
    return sorted(row["kind"] for row in rows)


def test_an_event_has_its_effect_once_however_often_it_comes(samples: Api):
    person = new_id("usr")
    event = application_event(person, accepted=True)
    answers = [samples.deliver("sample-count-application", event).json() for _ in range(3)]
    assert [answer[0]["result"] for answer in answers] == ["done", "duplicate", "duplicate"]
    assert effects(samples, person) == ["accepted"]


@pytest.mark.parametrize("traceparent", [None, "nonsense", f"00-{'0' * 32}-00f067aa0ba902b7-01"])
def test_an_event_without_a_place_in_a_trace_or_with_a_spoilt_one_has_its_effect_too(samples: Api, traceparent: str | None):
    person = new_id("usr")
    event = application_event(person, trace_id="trc_old", traceparent=traceparent)
    assert samples.deliver("sample-count-application", event).json()[0]["result"] == "done"
    assert effects(samples, person) == ["other"]


def test_what_a_request_emits_says_where_in_its_trace_it_happened(samples: Api):
    trace_id = secrets.token_hex(16)
    body = {"email": f"{trace_id}@example.org", "password": PASSWORD, "name": "Ada Test", "roles": ["employer"]}
    header = {"traceparent": f"00-{trace_id}-00f067aa0ba902b7-01"}
    person = samples.call("POST", "/api/auth/register", json=body, headers=header).json()["user_id"]
    row = samples.run(samples.store.database["outbox"].find_one({"aggregate": person}))
    assert (row["trace_id"], row["traceparent"]) == (trace_id, header["traceparent"])


def test_the_same_event_delivered_at_the_same_time_has_one_effect(samples: Api):
    person = new_id("usr")
    body = msgspec.json.encode([application_event(person)])
    name = "sample-count-application"

    async def storm():
        signer = CallSigner.from_jwk((samples.keys / "connector-call-key").read_text())
        token = signer.sign(function=name, method="POST", path=f"/{name}", body=body)
        headers = {"Authorization": f"Bearer {token}"}
        return await asyncio.gather(*(samples.client.post(f"/{name}", content=body, headers=headers) for _ in range(6)))

    answers = samples.run(storm())
    results = sorted(answer.json()[0]["result"] for answer in answers if answer.status_code == 200)
    assert results.count("done") == 1
    assert all(answer.status_code in {200, 503} for answer in answers)
    assert effects(samples, person) == ["other"]


def test_a_rule_that_refuses_is_for_parking_and_so_is_what_is_missing(samples: Api):
    for job in ("job_refused", "job_missing"):
        response = samples.deliver("sample-count-application", application_event(new_id("usr"), job_id=job))
        assert response.status_code == 422
        assert response.json()["detail"]


def test_a_body_with_fields_from_tomorrow_is_understood_and_one_without_its_fields_is_not(samples: Api):
    person = new_id("usr")
    event = application_event(person)
    event.body["from_tomorrow"] = {"x": 1}
    assert samples.deliver("sample-count-application", event).status_code == 200
    broken = msgspec.structs.replace(application_event(person), body={"job_id": 5})
    assert samples.deliver("sample-count-application", broken).status_code == 422
    foreign = msgspec.structs.replace(application_event(person), type="job.posted")
    assert samples.deliver("sample-count-application", foreign).status_code == 422
    assert effects(samples, person) == ["other"]


def test_a_reaction_that_wants_the_newest_skips_what_it_has_passed(samples: Api):
    person, job = new_id("usr"), new_id("job")

    def event(version: int, n: int = 0) -> Envelope:
        body = body_of(JobPosted(job_id=job, employer_id=person))
        return Envelope(id=new_id("evt"), type="job.posted", aggregate=job, aggregate_version=version, n=n, body=body)

    results = [samples.deliver("sample-keep-newest", each).json()[0]["result"] for each in (event(2), event(1), event(2, 1))]
    assert results == ["done", "duplicate", "done"]
    assert effects(samples, person) == ["newest", "newest"]


def test_a_tick_answers_what_was_done_and_whether_there_is_more(samples: Api):
    assert samples.tick("sample-sweep-nothing").json() == {"done": 2, "more": True, "readings": []}


@pytest.mark.parametrize("flaw", ["no_token", "other_function", "other_body", "persons_token", "wrong_key"])
def test_only_a_door_with_the_right_token_may_call(samples: Api, flaw: str):
    name, body = "sample-sweep-nothing", b"{}"
    signer = CallSigner.from_jwk((samples.keys / "scheduler-call-key").read_text())
    signed = {
        "no_token": None,
        "other_function": signer.sign(function="sample-keep-newest", method="POST", path=f"/{name}", body=body),
        "other_body": signer.sign(function=name, method="POST", path=f"/{name}", body=b"{ }"),
        "persons_token": samples.register().signed_in["access_token"],
        "wrong_key": CallSigner("connector", signer.key).sign(function=name, method="POST", path=f"/{name}", body=body),
    }[flaw]
    headers = {} if signed is None else {"Authorization": f"Bearer {signed}"}
    assert samples.call("POST", f"/{name}", content=body, headers=headers).status_code == 401


def test_an_internal_name_is_no_public_path(samples: Api):
    assert samples.call("GET", "/sample-sweep-nothing").status_code == 404
