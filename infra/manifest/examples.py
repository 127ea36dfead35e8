"""Examples in the documents: made from the schemas, with believable values for the names that occur in them.

A name that is not known here gets a value that only fits its type; whether every example fits is tested.
"""

import re
from collections.abc import Mapping
from typing import Any, Final

from infra.manifest.schemas import Schema, Schemas

_ID: Final = "01975f3e7c8a7b30a1d2c4e6f8091a2b"
_ID_PATTERN: Final = re.compile(r"^\^([a-z]{3})_\[")
_MOST_NESTING: Final = 8
_PARTY: Final[Schema] = {
    "name": "Ada Byron",
    "street": "Via Po 1",
    "postal_code": "10123",
    "city": "Turin",
    "country": "IT",
    "vat_id": "IT00743110157",
    "tax_number": None,
}

BY_STRUCT: Final[dict[str, Schema]] = {
    "Money": {"amount": 40_000, "currency": "USD"},
    "Party": _PARTY,
    "TaxProfileBody": {**_PARTY, "language": "en"},
    "JobChange": {"transition": "close", "version": 3},
    "ApplicationChange": {"transition": "accept", "version": 1},
    "MilestoneChange": {"transition": "submit", "version": 4, "note": "The first forty pages, as agreed."},
    "DisputeChange": {"transition": "offer", "version": 2, "to_freelancer": {"amount": 12_000, "currency": "USD"}},
    "Mediation": {
        "transition": "propose",
        "version": 4,
        "to_freelancer": {"amount": 12_000, "currency": "USD"},
        "reasons": "Sixty of the hundred pages are as agreed.",
    },
    "UserChange": {"profile": {"headline": "Technical translator", "skills": ["Italian", "English"]}},
    "NotificationView": {
        "id": f"ntf_{_ID}",
        "kind": "milestoneUpdate",
        "data": {
            "notification_id": f"ntf_{_ID}",
            "project_id": f"prj_{_ID}",
            "milestone_id": f"mst_{_ID}",
            "title": "The first forty pages",
            "state": "submitted",
            "amount": {"amount": 20_000, "currency": "USD"},
            "auto_release_at": "2026-03-16T09:30:00.000Z",
        },
        "created_at": "2026-03-02T09:30:00.000Z",
        "read_at": None,
    },
    "NewPayoutAccount": {"password": "correct horse battery staple", "country": "IT", "currency": "EUR"},
    "PayoutAccountChange": {"password": "correct horse battery staple", "currency": "USD"},
    "NewJob": {
        "title": "Translate a manual",
        "description": "Forty pages about a coffee machine, from Italian to English.",
        "kind": "fixed",
        "category": "Translation",
        "skills": ["Italian", "English"],
        "budget": {"amount": 40_000, "currency": "USD"},
    },
}
"""Whole values, by the name of the struct (and only for one that has these fields): those whose fields depend on each other."""

BY_FIELD: Final[dict[str, Any]] = {
    "email": "ada@example.org",
    "password": "correct horse battery staple",
    "name": "Ada Byron",
    "roles": ["freelancer"],
    "role": "freelancer",
    "device": "laptop",
    "title": "Translate a manual",
    "job_title": "Translate a manual",
    "description": "Forty pages about a coffee machine, from Italian to English.",
    "category": "Translation",
    "skills": ["Italian", "English"],
    "skill": "Italian",
    "proposal": "I was born in Turin and have translated for twelve years.",
    "comment": "Clear, kind and on time.",
    "note": "The first forty pages, as agreed.",
    "reason": None,
    "statement": "Pages 40 to 100 were translated by a machine.",
    "reasons": "Sixty of the hundred pages are as agreed.",
    "content": "UGFnZSA0MSByZWFkcyAnd2F0ZXIgcmFtJyBmb3IgaHlkcmF1bGljIHJhbS4K",
    "country": "Italy",
    "city": "Turin",
    "currency": "USD",
    "timeline_days": 10,
    "inspection_period_s": 1_209_600,
    "headline": "Technical translator",
    "about": "Manuals, patents, standards.",
    "time_zone": "Europe/Rome",
    "version": 1,
    "access_token": "eyJhbGciOiJFZERTQSIsInR5cCI6ImF0K2p3dCJ9.eyJzdWIiOiJ1c3JfIn0.c2lnbmF0dXJl",
    "refresh_token": f"ses_{_ID}.1.Zm9yIGV4YW1wbGUgb25seSwgbm90IGEgcmVhbCBvbmU",
    "expires_in_s": 600,
    "url": "https://relay.example.org",
    "tag": "it",
    "gateway": "sandbox",
    "method": "card",
    "next_cursor": None,
    "trace_id": "4bf92f3577b34da6a3ce929d0e0e4736",
}
"""Values by the name of a field, used wherever they fit the field's type."""

_PEOPLE: Final = {
    "employer_id",
    "freelancer_id",
    "client_id",
    "author_id",
    "subject_id",
    "user_id",
    "mediator_id",
    "filed_by_id",
    "by_id",
}
_KINDS: Final = {
    "job": "job",
    "application": "app",
    "project": "prj",
    "milestone": "mst",
    "review": "rev",
    "notification": "ntf",
    "dispute": "dsp",
    "file": "fil",
}
_OWN_KINDS: Final = {
    "JobView": "job",
    "ApplicationView": "app",
    "ProjectView": "prj",
    "MilestoneView": "mst",
    "UserView": "usr",
    "ReviewView": "rev",
    "ReadNotification": "ntf",
    "Movement": "jrn",
    "InvoiceView": "inv",
    "MailView": "mal",
    "DisputeView": "dsp",
    "MediatedDispute": "dsp",
    "EvidenceView": "fil",
}
"""What stands in the field `id`, by the name of the struct."""


class Examples:
    """Makes examples of the types that `schemas` knows."""

    def __init__(self, schemas: Schemas) -> None:
        self._schemas = schemas

    def of(self, schema: Mapping[str, Any], *, whole: bool) -> Any:  # noqa: ANN401 - any JSON
        """Make an example: of a request with what it must have, of an answer (`whole`) with all of its fields."""
        return self._value(schema, name="", owner="", whole=whole, depth=0)

    def _value(self, schema: Mapping[str, Any], *, name: str, owner: str, whole: bool, depth: int) -> Any:  # noqa: ANN401
        if "anyOf" in schema:
            return self._choice(schema["anyOf"], name=name, owner=owner, whole=whole, depth=depth)
        found = self._schemas.resolve(schema)
        if found.get("type") == "object" and "properties" in found:
            return self._struct(found, whole=whole, depth=depth)
        if name in BY_FIELD and _fits(BY_FIELD[name], found):
            return BY_FIELD[name]
        if found.get("type") == "array":
            item = found.get("items")
            return [self._value(item, name="", owner=owner, whole=whole, depth=depth + 1)] if item else []
        return _plain(found, name=name, owner=owner)

    def _struct(self, found: Mapping[str, Any], *, whole: bool, depth: int) -> Schema:
        title = found.get("title", "")
        known = BY_STRUCT.get(title)
        if known is not None and set(found.get("required", ())) <= known.keys() <= found["properties"].keys():
            return known
        if depth > _MOST_NESTING:
            return {}
        names = found["properties"] if whole else found.get("required", ())
        return {
            name: self._value(found["properties"][name], name=name, owner=title, whole=whole, depth=depth + 1) for name in names
        }

    def _choice(self, kinds: list[Schema], *, name: str, owner: str, whole: bool, depth: int) -> Any:  # noqa: ANN401
        if {"type": "null"} in kinds and (name not in BY_FIELD or BY_FIELD[name] is None):
            return None
        return self._value(kinds[0], name=name, owner=owner, whole=whole, depth=depth)


def _plain(schema: Mapping[str, Any], *, name: str, owner: str) -> Any:  # noqa: ANN401, PLR0911 - a line per type
    if "examples" in schema:
        return schema["examples"][0]
    if "enum" in schema:
        return schema["enum"][0]
    if "const" in schema:
        return schema["const"]
    match schema.get("type"):
        case "integer":
            return max(schema.get("minimum", 1), 1)
        case "number":
            return max(schema.get("minimum", 1), 1)
        case "boolean":
            return True
        case "object":
            return {}
        case "string":
            return _text(schema, name=name, owner=owner)
    return None


def _text(schema: Mapping[str, Any], *, name: str, owner: str) -> str:
    if schema.get("format") == "date-time":
        return "2026-03-02T09:30:00.000Z"
    match = _ID_PATTERN.match(schema.get("pattern", ""))
    if match is not None:
        return f"{match[1]}_{_ID}"
    if name in _PEOPLE:
        return f"usr_{_ID}"
    kind = _OWN_KINDS.get(owner) if name == "id" else _KINDS.get(name.removesuffix("_id"))
    return f"{kind}_{_ID}" if kind else "text"


def _fits(value: Any, schema: Mapping[str, Any]) -> bool:  # noqa: ANN401
    kinds = {"string": str, "integer": int, "array": list, "boolean": bool}
    kind = kinds.get(str(schema.get("type")))
    return kind is not None and isinstance(value, kind) and "enum" not in schema
