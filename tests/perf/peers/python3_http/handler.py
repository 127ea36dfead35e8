"""The same work as `POST /api/jobs` and `GET /api/jobs`, as a handler of the template: PyJWT, checks by hand, PyMongo."""

import base64
import hashlib
import json
import os
import uuid
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import jwt
from jwt.algorithms import OKPAlgorithm
from pymongo import MongoClient, ReadPreference, WriteConcern
from pymongo.read_concern import ReadConcern

PAGE = 20
NO_JSON = {"body": {"code": "not_found"}, "statusCode": 404}
REQUIRED = {"title": 200, "description": 10_000, "category": 80}
JOURNALLED = WriteConcern(w="majority", j=True)

_jwks = json.loads(Path(os.environ["JWKS_FILE"]).read_text())
_keys = {key["kid"]: OKPAlgorithm.from_jwk(key) for key in _jwks["keys"]}
_client = MongoClient(
    os.environ["MONGODB_URI"], maxPoolSize=64, serverMonitoringMode="poll", w="majority", journal=True, tz_aware=True
)
_database = _client[os.environ["MONGODB_DATABASE"]]


def handle(event: Any) -> dict[str, Any]:
    if event.path != "/api/jobs":
        return NO_JSON
    return _create(event) if event.method == "POST" else _list()


def _create(event: Any) -> dict[str, Any]:
    person = _signed_in(event.headers.get("Authorization", ""))
    if person is None or "employer" not in person["roles"]:
        return {"body": {"code": "unauthenticated"}, "statusCode": 401}
    body = json.loads(event.body)
    faults = _faults(body)
    if faults:
        return {"body": {"code": "invalid", "faults": faults}, "statusCode": 422}
    now = datetime.now(UTC)
    job = _job(body, person["sub"], now)
    answer = json.dumps(_view(job), separators=(",", ":"))
    row = {
        "_id": f"evt_{uuid.uuid4().hex}", "version": 1, "type": "job.posted", "aggregate": job["_id"], "aggregate_version": 1,
        "n": 0, "body": {"job_id": job["_id"], "employer_id": job["employer_id"]}, "trace_id": None,
        "created_at": now, "sent": None,
    }  # fmt: skip
    record = {
        "_id": f"{person['sub']}:jobs-create-job:{event.headers['Idempotency-Key']}", "version": 1, "status": 201,
        "payload_hash": hashlib.sha256(event.body).digest(), "answer": answer.encode(), "created_at": now,
    }  # fmt: skip

    def write(session: Any) -> None:
        _database["jobs"].insert_one(job, session=session)
        _database["outbox"].insert_one(row, session=session)
        _database["idempotency"].insert_one(record, session=session)

    with _client.start_session() as session:
        session.with_transaction(write, ReadConcern("snapshot"), JOURNALLED, ReadPreference.PRIMARY)
    return {"body": answer, "statusCode": 201, "headers": {"Content-Type": "application/json"}}


def _list() -> dict[str, Any]:
    found = list(_database["jobs"].find({"state": "open"}, sort=[("posted_at", -1), ("_id", -1)], limit=PAGE + 1))
    items = [_view(job) for job in found[:PAGE]]
    last = f"{items[-1]['posted_at']},{items[-1]['id']}" if len(found) > PAGE else None
    cursor = base64.urlsafe_b64encode(last.encode()).decode() if last else None
    return {"body": {"items": items, "next_cursor": cursor}}


def _signed_in(header: str) -> dict[str, Any] | None:
    try:
        token = header.removeprefix("Bearer ")
        key = _keys[jwt.get_unverified_header(token)["kid"]]
        return jwt.decode(token, key, algorithms=["EdDSA"], audience="freehold-api", issuer="freehold", leeway=5)
    except (jwt.InvalidTokenError, KeyError):
        return None


def _faults(body: dict[str, Any]) -> list[str]:
    faults = [name for name, longest in REQUIRED.items() if not 0 < len(str(body.get(name, "")).strip()) <= longest]
    faults += [] if body.get("kind") in {"fixed", "hourly"} else ["kind"]
    faults += [] if len(body.get("skills", [])) <= PAGE else ["skills"]
    budget = body.get("budget")
    if budget is not None and not (isinstance(budget.get("amount"), int) and budget["amount"] > 0):
        faults.append("budget.amount")
    return faults


def _job(body: dict[str, Any], employer_id: str, now: datetime) -> dict[str, Any]:
    price = body["hourly"]["most"] if body.get("hourly") else body.get("budget")
    place = {"remote": True, "country": "", "city": "", **body.get("place", {})}
    return {
        "_id": f"job_{uuid.uuid4().hex}", "version": 1, "employer_id": employer_id, "title": body["title"].strip(),
        "description": body["description"].strip(), "kind": body["kind"], "category": body["category"],
        "category_folded": body["category"].casefold(), "skills": body.get("skills", []),
        "skills_folded": [skill.casefold() for skill in body.get("skills", [])], "budget": body.get("budget"),
        "hourly": body.get("hourly"), "price_amount": price["amount"] if price else None,
        "price_currency": price["currency"] if price else None, "deadline": None, "place": place,
        "country_folded": place["country"].casefold(), "inspection_period_s": body.get("inspection_period_s", 14 * 86_400),
        "state": "open", "application_count": 0, "created_at": now, "posted_at": now, "updated_at": now,
    }  # fmt: skip


def _view(job: dict[str, Any]) -> dict[str, Any]:
    hidden = {"_id", "category_folded", "skills_folded", "price_amount", "price_currency", "country_folded"}
    shown = {
        name: value.isoformat() if isinstance(value, datetime) else value for name, value in job.items() if name not in hidden
    }
    return {"id": job["_id"], **shown, "actions": []}
