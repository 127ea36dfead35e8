"""AsyncAPI 3.0 from the events: what happens inside (the outbox and its reactions), and what the relay tells people live."""

import inspect
from collections.abc import Iterable
from typing import Any, Final

import freehold
from freehold.edge.declare import Declaration
from freehold.events import Event, all_events
from freehold.realtime_events import RelayEvent, all_relay_events
from infra.manifest.schemas import Schema, Schemas

TICKET: Final = (
    "A socket.io v4 client connects with `auth: {ticket}`; a ticket is good once, for 30 s, and comes from "
    "`POST /api/realtime/tickets`."
)


def asyncapi_of(declarations: Iterable[Declaration]) -> Schema:
    """Describe all events: a channel for each kind of domain event, one for each namespace of the relay."""
    events, relay_events = all_events(), all_relay_events()
    schemas = Schemas([*events.values(), *relay_events.values()])
    reactions = [item for item in declarations if item.kind == "reaction"]
    namespaces = sorted({kind.namespace for kind in relay_events.values()})
    return {
        "asyncapi": "3.0.0",
        "info": {"title": "Freehold", "version": freehold.__version__, "description": TICKET},
        "servers": {
            "relay": {
                "host": "{relayHost}",
                "protocol": "socket.io",
                "variables": {"relayHost": {"default": "127.0.0.1:8001"}},
            },
            "connector": {"host": "internal", "protocol": "http", "description": "Events travel from the outbox to functions."},
        },
        "channels": {
            **{name: _event_channel(kind) for name, kind in events.items()},
            **{space: _namespace_channel(space, relay_events) for space in namespaces},
        },
        "operations": {
            **{f"{item.name}--{name.replace('.', '-')}": _reaction(item, name) for item in reactions for name in item.events},
            **{f"tell{space.replace('/', '-')}": _telling(space) for space in namespaces},
        },
        "components": {
            "messages": {
                **{name: _message(name, kind, schemas) for name, kind in events.items()},
                **{name: _message(name, kind, schemas) for name, kind in relay_events.items()},
            },
            "schemas": dict(sorted(schemas.components.items())),
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


def _reaction(item: Declaration, event: str) -> Schema:
    return {"action": "receive", "channel": {"$ref": f"#/channels/{event}"}, "summary": item.summary}


def _telling(space: str) -> Schema:
    return {"action": "send", "channel": {"$ref": f"#/channels/{space.replace('/', '~1')}"}, "summary": "Tell people live."}


def _message(name: str, kind: type[Event] | type[RelayEvent], schemas: Schemas) -> Schema:
    message: dict[str, Any] = {
        "name": name,
        "summary": _text(kind),
        "contentType": "application/json",
        "payload": schemas.of(kind),
    }
    if issubclass(kind, Event):
        message["x-schema-version"] = kind.schema_version
    return message


def _text(kind: type[Any]) -> str:
    return inspect.cleandoc(kind.__doc__ or "")
