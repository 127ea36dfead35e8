"""JSON Schemas of our structs, shared by OpenAPI and AsyncAPI."""

from collections.abc import Iterable, Sequence
from typing import Any, Final

import msgspec
from msgspec import Struct

Schema = dict[str, Any]

REFERENCE: Final = "#/components/schemas/{name}"


class Schemas:
    """The schemas of all these types: `of` gives one (a reference where it has a name), `components` the named ones."""

    def __init__(self, types: Iterable[Any]) -> None:
        self._types = list(dict.fromkeys(types))
        schemas, self.components = msgspec.json.schema_components(self._types, ref_template=REFERENCE)
        self._schemas: dict[Any, Schema] = dict(zip(self._types, schemas, strict=True))

    def of(self, kind: Any) -> Schema:  # noqa: ANN401 - any type that msgspec knows
        """Give the schema of one of the types."""
        return self._schemas[kind]

    def fields_of(self, kind: type[Struct]) -> Sequence[tuple[str, Schema, bool]]:
        """Give each field of a struct: its name, its schema, whether it must be there."""
        name = self._schemas[kind]["$ref"].rpartition("/")[2]
        schema = self.components[name]
        return [(field, each, field in schema.get("required", ())) for field, each in schema["properties"].items()]
