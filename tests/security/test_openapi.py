"""docs/openapi.json against the running functions: schemathesis finds no 500, no undocumented answer, none of another form."""

import os
import re
import subprocess
import sys
import time
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import httpx
import pytest
import schemathesis
from hypothesis import HealthCheck, settings
from schemathesis.checks import not_a_server_error
from schemathesis.generation.feedback import FeedbackSources
from schemathesis.pytest._test_builder import build_operation_test
from schemathesis.specs.openapi.checks import (
    allow_header_conformance,
    content_type_conformance,
    negative_data_rejection,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from infra.local.ports import free_port
from tests.security.calls import send
from tests.security.people import ROLES
from tests.security.table import ENDPOINTS, RECIPES, Request, declaration_of
from tests.security.world import World

ROOT: Final = Path(__file__).parents[2]
EXAMPLES: Final = 25
CHECKS: Final = [
    not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance,
    response_headers_conformance, negative_data_rejection, allow_header_conformance,
]  # fmt: skip
FAULTY: Final = {400, 405, 415, 422}
"""What a request that is wrong in itself is answered, whoever sends it."""
ENDS_SESSIONS: Final = {"auth-logout", "users-update-user"}
_ID: Final = re.compile(r"^([a-z]{3})_[0-9a-f]{32}$")
subjects: dict[str, Request] = {}
"""A valid request for each operation: most of the ids and versions that are generated are replaced by those in it."""

schema = schemathesis.openapi.from_path(ROOT / "docs" / "openapi.json")
schema.config.generation.update(deterministic=True, with_security_parameters=False, database="none")


@schema.hook
def map_path_parameters(context: Any, parameters: Any) -> Any:
    """Let most paths name what exists."""
    subject = subjects.get(name_of(context.operation))
    if subject and subject.id and _ID.match(str(parameters.get("id"))) and _spread(repr(parameters), 4):
        return {"id": subject.id}
    return parameters


@schema.hook
def map_body(context: Any, body: Any) -> Any:
    """Let most bodies name what exists, at its version."""
    subject = subjects.get(name_of(context.operation))
    if not isinstance(body, dict) or not subject or not subject.body or not _spread(repr(body), 4):
        return body
    valid = {name: value for name, value in body.items() if _ID.match(str(value)) or (name == "version" and _is_version(value))}
    return {**body, **{name: subject.body[name] for name in valid if name in subject.body}}


@pytest.fixture(scope="session")
def people(world: World) -> World:
    """Give people who are this module's own: what schemathesis does to them harms no other test."""
    return World(world.api, world.fragile)


@pytest.fixture(scope="session")
def server(world: World, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Serve every endpoint in a process of its own, over the world's database."""
    port = free_port()
    environ = {
        "PATH": os.environ["PATH"],
        "FUNCTION": ",".join(ENDPOINTS),
        "FREEHOLD_SECRETS": str(world.api.keys),
        "FREEHOLD_ENVIRONMENT": "sandbox",
        "FREEHOLD_MONGODB_DATABASE": world.api.store.database.name,
        "FREEHOLD_PORT": str(port),
        "FREEHOLD_INSPECTION_FLOOR_S": "1",
        **{f"FREEHOLD_RATE_{rate}_PER_MINUTE": "1000000" for rate in ("READ", "WRITE", "AUTH")},
    }
    with (tmp_path_factory.mktemp("server") / "log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "freehold.edge.server"], cwd=ROOT, env=environ, stdout=log, stderr=log
        )
        try:
            _wait(f"http://127.0.0.1:{port}/_/ready")
            yield f"http://127.0.0.1:{port}"
        finally:
            process.terminate()
            process.wait(30)


@pytest.mark.parametrize("name", ENDPOINTS)
def test_every_answer_is_as_documented(name: str, server: str, people: World) -> None:
    """Try one operation. Its cases are made here: `schema.parametrize` would make those of all of them in every worker."""
    test = build_operation_test(
        config=schema.config,
        operation=schema.find_operation_by_id(name),
        test_func=answers_as_documented,
        given_kwargs={},
        feedback=FeedbackSources(),
        explicit_settings=settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck)),
    )
    test(server=server, people=people)


def answers_as_documented(case: Any, server: str, people: World) -> None:
    name, others = name_of(case.operation), [None, *ROLES]
    owner = RECIPES[name].owner
    if name not in subjects:
        subjects[name] = RECIPES[name].make(people)
    another = others[_spread(repr((case.path_parameters, case.query, case.body)), len(others))]
    for person in dict.fromkeys((owner, another)):
        response = case.call(base_url=server, headers={} if person is None else people[person].headers)
        case.validate_response(response, checks=CHECKS)
        assert people.leaks(person or "anonymous", response.text_lossy()) == []
        if response.status_code in FAULTY:
            break
        if name in ENDS_SESSIONS and person is not None and response.status_code < 300:
            people.sign_in_again(person)


@pytest.mark.parametrize("name", RECIPES)
def test_what_is_answered_to_a_valid_request_is_as_documented(world: World, name: str):
    request, declared = RECIPES[name].make(world), declaration_of(name)
    operation = schema[declared.path][declared.method]
    response = send(world, name, request, as_=RECIPES[name].owner)
    assert response.status_code == declared.status, response.text
    operation.validate_response(response)
    refused = send(world, name, request, headers={"Authorization": "Bearer x"})
    operation.validate_response(refused)
    assert {str(each.status_code) for each in (response, refused)} <= set(operation.definition.raw["responses"])


def test_every_endpoint_is_in_the_document():
    told = {name_of(operation.ok()) for operation in schema.get_all_operations()}
    assert told == set(ENDPOINTS)


def name_of(operation: Any) -> str:
    return str(operation.definition.raw["operationId"])


def _is_version(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 1


def _spread(text: str, places: int) -> int:
    return zlib.crc32(text.encode(errors="replace")) % places


def _wait(url: str) -> None:
    gives_up_at = time.monotonic() + 60
    while time.monotonic() < gives_up_at:
        try:
            if httpx.get(url).status_code == 200:
                return
        except httpx.TransportError:
            pass
        time.sleep(0.05)
    pytest.fail("the functions did not start")
