"""JSON Schemas of our structs, shared by OpenAPI and AsyncAPI."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

import msgspec
from msgspec import Struct

Schema = dict[str, Any]

REFERENCE: Final = "#/components/schemas/{name}"
_PREFIX: Final = "#/components/schemas/"


class Schemas:
    """The schemas of all these types: `of` gives one (a reference where it has a name), `components` the named ones."""

    def __init__(self, types: Iterable[Any]) -> None:
        self._types = list(dict.fromkeys(types))
        derived, components = msgspec.json.schema_components(self._types, ref_template=REFERENCE)
        schemas, self.components = _public_names(derived, components)
        self._schemas: dict[Any, Schema] = dict(zip(self._types, schemas, strict=True))

    def of(self, kind: Any) -> Schema:  # noqa: ANN401 - any type that msgspec knows
        """Give the schema of one of the types."""
        return self._schemas[kind]

    def resolve(self, schema: Mapping[str, Any]) -> Mapping[str, Any]:
        """Follow a reference, if it is one."""
        reference = schema.get("$ref")
        return schema if reference is None else self.components[reference.removeprefix(_PREFIX)]

    def fields_of(self, kind: type[Struct]) -> Sequence[tuple[str, Schema, bool]]:
        """Give each field of a struct: its name, its schema, whether it must be there."""
        name = self._schemas[kind]["$ref"].rpartition("/")[2]
        schema = self.components[name]
        return [(field, each, field in schema.get("required", ())) for field, each in schema["properties"].items()]


def _public_names(schemas: Sequence[Schema], components: dict[str, Schema]) -> tuple[Sequence[Schema], dict[str, Schema]]:
    """Name types of one name by their modules' last word (`EventsReviewPublished`): msgspec shows whole module paths."""
    names = {name: _public_name(name) for name in components}
    renamed = {name: new for name, new in names.items() if new != name}
    text = msgspec.json.encode([schemas, {names[name]: schema for name, schema in components.items()}]).decode()
    for name, new in renamed.items():
        text = text.replace(f'"{_PREFIX}{name}"', f'"{_PREFIX}{new}"')
    found: tuple[list[Schema], dict[str, Schema]] = msgspec.json.decode(text, type=tuple[list[Schema], dict[str, Schema]])
    return found


def _public_name(name: str) -> str:
    *modules, last = name.split(".")
    return "".join(word.capitalize() for word in modules[-1].split("_")) + last if modules else name
