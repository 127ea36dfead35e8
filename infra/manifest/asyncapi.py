"""AsyncAPI 3.0 from the events: what happens inside (the outbox and its reactions), and what the relay tells people live."""

import inspect
from collections.abc import Iterable
from typing import Any, Final

import freehold
from freehold.edge.declare import Declaration
from freehold.events import Event, EventEnvelope, all_events
from freehold.realtime_events import RelayEvent, all_relay_events
from infra.manifest.examples import Examples
from infra.manifest.schemas import Schema, Schemas

DESCRIPTION: Final = """\
What happens on a Freehold marketplace, as it happens.

**Domain events** travel inside: a function stores them with its change (the outbox), the connector carries each to the
reactions that subscribe to it. They come at least once, and in the order of `aggregate_version` and `n` they may be sorted;
a reaction's effect of one event happens once. Their bodies gain fields over time: ignore what you do not know.

**Live events** reach people. A stock socket.io client (v4, transport websocket) connects to the relay's namespace with
`auth: {ticket}`; a ticket is good once, for 30 s, and comes from `POST /api/realtime/tickets`. Each event is also an entry of
`GET /api/notifications`: dedupe by `notification_id`."""
TICKET: Final[Schema] = {
    "type": "userPassword",
    "description": "The ticket of `POST /api/realtime/tickets`, given as `auth: {ticket}` when the namespace is joined.",
}


def asyncapi_of(declarations: Iterable[Declaration]) -> Schema:
    """Describe all events: a channel for each kind of domain event, one for each namespace of the relay."""
    events, relay_events = all_events(), all_relay_events()
    schemas = Schemas([EventEnvelope, *events.values(), *relay_events.values()])
    reactions = [item for item in declarations if item.kind == "reaction"]
    namespaces = sorted({kind.namespace for kind in relay_events.values()})
    return {
        "asyncapi": "3.0.0",
        "info": {"title": "Freehold", "version": freehold.__version__, "description": DESCRIPTION},
        "servers": {
            "relay": {
                "host": "{relayHost}",
                "pathname": "/socket.io/",
                "protocol": "socket.io",
                "variables": {"relayHost": {"default": "127.0.0.1:8001"}},
                "security": [{"$ref": "#/components/securitySchemes/ticket"}],
            },
            "connector": {"host": "internal", "protocol": "http", "description": "Events travel from the outbox to functions."},
        },
        "channels": {
            **{name: _event_channel(kind) for name, kind in events.items()},
            **{space: _namespace_channel(space, relay_events) for space in namespaces},
        },
        "operations": {
            **{f"emit--{name.replace('.', '-')}": _emitting(kind) for name, kind in events.items()},
            **{f"{item.name}--{name.replace('.', '-')}": _reaction(item, name) for item in reactions for name in item.events},
            **{f"tell{space.replace('/', '-')}": _telling(space) for space in namespaces},
        },
        "components": {
            "messages": {
                **{name: _event_message(kind, schemas) for name, kind in events.items()},
                **{name: _relay_message(kind, schemas) for name, kind in relay_events.items()},
            },
            "schemas": dict(sorted(schemas.components.items())),
            "securitySchemes": {"ticket": TICKET},
        },
    }


def _event_channel(kind: type[Event]) -> Schema:
    return {
        "address": kind.type,
        "description": _text(kind),
        "servers": [{"$ref": "#/servers/connector"}],
        "messages": {kind.type: {"$ref": f"#/components/messages/{kind.type}"}},
    }


def _namespace_channel(space: str, relay_events: dict[str, type[RelayEvent]]) -> Schema:
    names = [name for name, kind in relay_events.items() if kind.namespace == space]
    return {
        "address": space,
        "description": f"The Socket.IO namespace {space}; each person hears what concerns them.",
        "servers": [{"$ref": "#/servers/relay"}],
        "messages": {name: {"$ref": f"#/components/messages/{name}"} for name in names},
    }


def _emitting(kind: type[Event]) -> Schema:
    return {
        "action": "send",
        "channel": {"$ref": f"#/channels/{kind.type}"},
        "summary": "Stored with the change that it tells of.",
    }


def _reaction(item: Declaration, event: str) -> Schema:
    return {"action": "receive", "channel": {"$ref": f"#/channels/{event}"}, "summary": item.summary}


def _telling(space: str) -> Schema:
    return {"action": "send", "channel": {"$ref": f"#/channels/{space.replace('/', '~1')}"}, "summary": "Tell people live."}


def _event_message(kind: type[Event], schemas: Schemas) -> Schema:
    """Describe an event as it travels: the envelope, with this type and this body in it."""
    exact = {"type": {"const": kind.type}, "body": schemas.of(kind)}
    message = _message(kind.type, kind, {"allOf": [schemas.of(EventEnvelope)], "properties": exact})
    return {**message, "x-schema-version": kind.schema_version}


def _relay_message(kind: type[RelayEvent], schemas: Schemas) -> Schema:
    payload = schemas.of(kind)
    return {**_message(kind.name, kind, payload), "examples": [{"payload": Examples(schemas).of(payload, whole=True)}]}


def _message(name: str, kind: type[Any], payload: Schema) -> Schema:
    summary, _, description = _text(kind).partition("\n\n")
    message = {"name": name, "summary": summary, "contentType": "application/json", "payload": payload}
    return {**message, "description": description} if description else message


def _text(kind: type[Any]) -> str:
    return inspect.cleandoc(kind.__doc__ or "")
