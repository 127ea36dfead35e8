"""The generated OpenAPI document: valid, complete, honest; and what the API serves is the same."""

import json
from pathlib import Path
from typing import Any

import msgspec
import pytest
from jsonschema import Draft202012Validator
from openapi_spec_validator import OpenAPIV31SpecValidator

from freehold.edge.declare import Declaration
from freehold.edge.decoding import decode_body
from freehold.edge.discovery import find_all
from freehold.edge.pagination import PageQuery
from freehold.edge.problems import Problem
from freehold.realtime_events import all_relay_events
from infra.manifest.openapi import UnclearEndpoint, openapi_of
from infra.manifest.words import UndeclaredError
from tests.api import Api

ROOT = Path(__file__).parents[2]
Json = dict[str, Any]


@pytest.fixture(scope="module")
def document() -> Json:
    return json.loads((ROOT / "docs/openapi.json").read_bytes())


def endpoints() -> list[Declaration]:
    return [item for item in find_all() if item.kind == "endpoint"]


def operation(document: Json, item: Declaration) -> Json:
    return document["paths"][item.path][item.method.lower()]


def faults(document: Json, schema: Json, value: Any) -> list[str]:
    """Validate a value against a schema of the document."""
    validator = Draft202012Validator({**schema, "components": document["components"]})
    return [f"{list(error.path)}: {error.message}" for error in validator.iter_errors(value)]


def test_the_document_is_openapi_3_1(document: Json):
    assert [str(error) for error in OpenAPIV31SpecValidator(document).iter_errors()] == []


def test_the_validator_would_notice_a_path_parameter_that_is_not_declared(document: Json):
    broken = json.loads(json.dumps(document))
    broken["paths"]["/api/jobs/{id}"]["get"]["parameters"] = []
    assert list(OpenAPIV31SpecValidator(broken).iter_errors())


def test_operations_and_types_are_told_apart_by_their_names(document: Json):
    names = [found["operationId"] for operations in document["paths"].values() for found in operations.values()]
    assert len(names) == len(set(names)) == len(endpoints())
    assert [name for name in document["components"]["schemas"] if "." in name] == []


def test_every_endpoint_is_described_and_nothing_else(document: Json):
    described = {(method.upper(), path) for path, operations in document["paths"].items() for method in operations}
    assert described == {(item.method, item.path) for item in endpoints()}


def test_the_api_serves_the_document(api: Api, document: Json):
    response = api.call("GET", "/api/openapi.json")
    assert (response.status_code, response.headers["content-type"]) == (200, "application/json")
    assert response.json() == document


@pytest.mark.parametrize("item", endpoints(), ids=lambda item: item.name)
def test_each_operation_says_what_its_declaration_says(document: Json, item: Declaration):
    found = operation(document, item)
    responses = found["responses"]
    assert str(item.status) in responses
    assert ("content" in responses[str(item.status)]) == (item.answer_type is not type(None))
    assert ("requestBody" in found) == (item.body_type is not None or item.takes_raw)
    assert found["summary"]
    names = [parameter["name"] for parameter in found["parameters"]]
    assert ("Idempotency-Key" in names) == item.idempotent
    assert {"accessToken": []} in found["security"]
    assert ({} in found["security"]) == (item.auth == "anyone")


@pytest.mark.parametrize("item", endpoints(), ids=lambda item: item.name)
def test_each_declared_error_is_documented_with_its_code(document: Json, item: Declaration):
    responses = operation(document, item)["responses"]
    codes = {
        code
        for response in responses.values()
        for media_type, content in response.get("content", {}).items()
        if media_type == "application/problem+json"
        for code in content["schema"]["properties"]["code"]["enum"]
    }
    assert {error.code for error in item.errors} <= codes
    for error in item.errors:
        status = error.status if issubclass(error, Problem) else 409
        assert str(status) in responses


@pytest.mark.parametrize("item", endpoints(), ids=lambda item: item.name)
def test_each_example_fits_its_schema_and_is_accepted_by_the_edge(document: Json, item: Declaration):
    found = operation(document, item)
    contents = [found["requestBody"]["content"]] if "requestBody" in found else []
    contents += [response["content"] for response in found["responses"].values() if "content" in response]
    for media_type in (each for content in contents for each in content.values()):
        if "example" in media_type:
            assert faults(document, media_type["schema"], media_type["example"]) == []
    if item.body_type is not None:
        example = found["requestBody"]["content"]["application/json"]["example"]
        assert decode_body(msgspec.json.encode(example), item.body_type)


@pytest.mark.parametrize("item", endpoints(), ids=lambda item: item.name)
def test_each_request_body_refuses_unknown_fields_in_writing(document: Json, item: Declaration):
    if item.body_type is None:
        assert ("requestBody" in operation(document, item)) == item.takes_raw
        return
    schema = operation(document, item)["requestBody"]["content"]["application/json"]["schema"]
    name = schema["$ref"].rpartition("/")[2]
    assert document["components"]["schemas"][name]["additionalProperties"] is False


def test_lists_are_described_with_limit_and_cursor(document: Json):
    lists = [item for item in endpoints() if item.query_type is not None and issubclass(item.query_type, PageQuery)]
    assert lists
    for item in lists:
        names = {parameter.get("name") for parameter in operation(document, item)["parameters"]}
        assert {"limit", "cursor"} <= names
        assert "400" in operation(document, item)["responses"]


def test_parameters_are_never_null(document: Json):
    parameters = [
        parameter
        for operations in document["paths"].values()
        for found in operations.values()
        for parameter in found.get("parameters", ())
        if "schema" in parameter
    ]
    assert parameters
    assert [each["name"] for each in parameters if '"null"' in json.dumps(each["schema"])] == []


def test_two_endpoints_of_one_method_and_path_are_refused():
    item = next(item for item in endpoints() if item.path == "/api/jobs" and item.method == "GET")
    with pytest.raises(UnclearEndpoint, match="GET /api/jobs is declared twice"):
        openapi_of([item, msgspec.structs.replace(item, name="jobs-list-again")])


def test_a_path_that_names_other_parameters_than_its_struct_is_refused():
    item = next(item for item in endpoints() if item.path == "/api/jobs/{id}")
    with pytest.raises(UnclearEndpoint, match="different parameters"):
        openapi_of([msgspec.structs.replace(item, path="/api/jobs/{job_id}")])


def test_what_is_raised_is_told_to_clients_by_its_code(document: Json):
    text = operation(document, next(item for item in endpoints() if item.name == "jobs-create-job"))["description"]
    assert "Answers `quota_exceeded` when" in text
    assert "QuotaExceeded" not in json.dumps(document)
    assert "Raises" not in json.dumps(document)


def test_a_docstring_that_names_an_error_which_is_not_declared_is_refused():
    item = next(item for item in endpoints() if item.name == "jobs-create-job")
    with pytest.raises(UndeclaredError, match="jobs-create-job says that it raises QuotaExceeded"):
        openapi_of([msgspec.structs.replace(item, errors=())])


def test_a_summary_is_one_sentence_and_the_rest_is_not_lost(document: Json):
    item = next(item for item in endpoints() if item.name == "jobs-delete-job")
    assert ". " in item.summary
    found = operation(document, item)
    assert found["summary"] == "Remove a draft, or a job that nobody has applied to"
    assert "`job_has_applications`" in found["description"]


def test_an_example_of_a_notification_holds_the_live_event_that_its_kind_names(document: Json):
    item = next(item for item in endpoints() if item.name == "notifications-list-notifications")
    page = operation(document, item)["responses"]["200"]["content"]["application/json"]["example"]
    (entry,) = page["items"]
    payload = msgspec.convert(entry["data"], all_relay_events()[entry["kind"]])
    assert payload.notification_id == entry["id"]
