"""Stripe's forms: `metadata[key]=value`, `expand[0]=...`, read into what the description says is there."""

import re
from typing import Any
from urllib.parse import parse_qsl

from tests.payments.stripe_fake.spec import Schema, faults, resolved


def read(text: str, schema: Schema) -> dict[str, Any]:
    """Read a form or a query, each value as the kind that the schema says."""
    tree: dict[str, Any] = {}
    for name, value in parse_qsl(text, keep_blank_values=True):
        first, *rest = re.findall(r"[^\[\]]+", name)
        place, steps = tree, [first, *rest]
        for step in steps[:-1]:
            place = place.setdefault(step, {})
        place[steps[-1]] = value
    return _typed(schema, tree)


def _typed(schema: Schema, value: Any) -> Any:
    schema = resolved(schema)
    if "anyOf" in schema:
        tried = [_typed(each, value) for each in schema["anyOf"]]
        return next((found for each, found in zip(schema["anyOf"], tried, strict=True) if not faults(each, found)), value)
    kind = schema.get("type")
    if kind == "array" and isinstance(value, dict):
        return [_typed(schema["items"], value[number]) for number in sorted(value, key=int)]
    if kind == "object" and isinstance(value, dict):
        properties, further = schema.get("properties", {}), schema.get("additionalProperties")
        rest = further if isinstance(further, dict) else {}
        return {name: _typed(properties.get(name, rest), item) for name, item in value.items()}
    if kind == "integer" and isinstance(value, str) and re.fullmatch(r"-?\d+", value):
        return int(value)
    if kind == "boolean" and value in {"true", "false"}:
        return value == "true"
    return value
