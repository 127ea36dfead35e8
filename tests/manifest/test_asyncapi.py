"""The generated AsyncAPI document: every event that happens inside, every event that people hear, each with its reactions."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from jsonschema import Draft202012Validator

from freehold.edge.discovery import find_all
from freehold.events import EventEnvelope, all_events
from freehold.realtime_events import all_relay_events
from infra.manifest.schemas import Schemas

ROOT = Path(__file__).parents[2]
Json = dict[str, Any]

DOCUMENT_KEYS = {"asyncapi", "info", "servers", "channels", "operations", "components"}
SERVER_KEYS = {"host", "protocol", "pathname", "description", "variables", "security"}
CHANNEL_KEYS = {"address", "description", "servers", "messages"}
OPERATION_KEYS = {"action", "channel", "summary"}
MESSAGE_KEYS = {"name", "summary", "description", "contentType", "payload", "examples", "x-schema-version"}


@pytest.fixture(scope="module")
def document() -> Json:
    return json.loads((ROOT / "docs/asyncapi.json").read_bytes())


def references(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        if "$ref" in value:
            yield value["$ref"]
        for each in value.values():
            yield from references(each)
    if isinstance(value, list):
        for each in value:
            yield from references(each)


def resolve(document: Json, reference: str) -> Any:
    found: Any = document
    for part in reference.removeprefix("#/").split("/"):
        found = found[part.replace("~1", "/").replace("~0", "~")]
    return found


def payload_faults(document: Json, name: str, payload: Any) -> list[str]:
    schema = {**document["components"]["messages"][name]["payload"], "components": document["components"]}
    return [error.message for error in Draft202012Validator(schema).iter_errors(payload)]


def test_the_document_has_the_form_of_asyncapi_3_0(document: Json):
    assert document["asyncapi"] == "3.0.0"
    assert set(document) == DOCUMENT_KEYS
    assert {"title", "version"} <= set(document["info"])
    for server in document["servers"].values():
        assert {"host", "protocol"} <= set(server) <= SERVER_KEYS
    for channel in document["channels"].values():
        assert {"address", "messages"} <= set(channel) <= CHANNEL_KEYS
    for operation in document["operations"].values():
        assert {"action", "channel"} <= set(operation) <= OPERATION_KEYS
        assert operation["action"] in {"send", "receive"}
        assert operation["channel"]["$ref"].startswith("#/channels/")
    for message in document["components"]["messages"].values():
        assert {"name", "contentType", "payload"} <= set(message) <= MESSAGE_KEYS


def test_every_reference_leads_somewhere(document: Json):
    found = set(references(document))
    assert found
    assert all(resolve(document, reference) for reference in found)


def test_every_schema_is_a_schema(document: Json):
    schemas = document["components"]["schemas"]
    assert schemas
    for schema in schemas.values():
        Draft202012Validator.check_schema(schema)
    assert [name for name in schemas if "." in name] == []


def test_every_event_and_every_namespace_has_its_channel(document: Json):
    namespaces = {kind.namespace for kind in all_relay_events().values()}
    assert set(document["channels"]) == {*all_events(), *namespaces}
    for name, kind in all_relay_events().items():
        assert name in document["channels"][kind.namespace]["messages"]


def test_every_reaction_receives_exactly_its_events(document: Json):
    declared = {(item.name, event) for item in find_all() if item.kind == "reaction" for event in item.events}
    received = {
        (name.partition("--")[0], operation["channel"]["$ref"].removeprefix("#/channels/"))
        for name, operation in document["operations"].items()
        if operation["action"] == "receive"
    }
    assert received == declared


def test_every_event_is_sent_by_somebody(document: Json):
    sent = {
        operation["channel"]["$ref"].removeprefix("#/channels/").replace("~1", "/")
        for operation in document["operations"].values()
        if operation["action"] == "send"
    }
    assert sent == set(document["channels"])


def test_an_event_as_it_travels_fits_its_message_and_one_of_another_type_does_not(document: Json):
    body = {"job_id": "job_1", "employer_id": "usr_1"}
    envelope = EventEnvelope(id="evt_1", type="job.posted", aggregate="job_1", aggregate_version=1, n=0, body=body)
    travelling = msgspec.to_builtins(envelope)
    assert payload_faults(document, "job.posted", travelling) == []
    assert payload_faults(document, "job.closed", travelling) != []
    assert payload_faults(document, "job.posted", {**travelling, "body": {"job_id": "job_1"}}) != []


@pytest.mark.parametrize("name", sorted(all_relay_events()))
def test_each_example_of_a_live_event_fits_and_can_be_read(document: Json, name: str):
    for example in document["components"]["messages"][name]["examples"]:
        assert payload_faults(document, name, example["payload"]) == []
        assert msgspec.convert(example["payload"], all_relay_events()[name])


def test_types_of_one_name_in_two_modules_are_told_apart():
    schemas = Schemas([all_events()["review.published"], all_relay_events()["reviewPublished"]])
    assert set(schemas.components) == {"HiringReviewPublished", "RealtimeEventsReviewPublished"}
    assert schemas.of(all_events()["review.published"]) == {"$ref": "#/components/schemas/HiringReviewPublished"}
