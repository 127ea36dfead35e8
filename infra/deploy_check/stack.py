"""A stack file against its JSON Schema, and its functions as typed values for the rules."""

import re
from collections.abc import Iterator
from functools import cache
from importlib.resources import files
from typing import Any, Final

import msgspec
from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError
from msgspec import Struct

from infra.deploy_check.findings import Finding, Path, fault
from infra.deploy_check.reading import Document

NAMED: Final = {"object": "a map", "array": "a list", "string": "a text", "boolean": "true or false", "null": "nothing"}


class Resources(Struct, frozen=True):
    """Memory and CPU as Kubernetes writes them; empty when not said."""

    memory: str = ""
    cpu: str = ""


class Function(Struct, frozen=True, kw_only=True):
    """What the rules look at; the schema has seen to the rest."""

    name: str = ""
    lang: str = ""
    image: str
    skip_build: bool = False
    environment: dict[str, str] = {}
    secrets: list[str] = []
    labels: dict[str, str] = {}
    annotations: dict[str, str] = {}
    constraints: list[str] = []
    limits: Resources = Resources()
    requests: Resources = Resources()
    readonly_root_filesystem: bool = False
    namespace: str = ""

    @property
    def path(self) -> Path:
        """Where it stands in the file."""
        return ("functions", self.name)

    @property
    def serves(self) -> list[str]:
        """The names in FUNCTION, as the process splits them."""
        return [name.strip() for name in self.environment.get("FUNCTION", "").split(",") if name.strip()]

    def replicas(self, bound: str, otherwise: int) -> int:
        """Read `com.openfaas.scale.min` or `.max`; `otherwise` when it is missing or nonsense (another rule tells)."""
        found = whole_number(self.labels.get(f"com.openfaas.scale.{bound}", ""))
        return otherwise if found is None else found


class Stack(Struct, frozen=True):
    """The functions of one file that are well formed, and how many there are in all."""

    file: str
    functions: list[Function]
    count: int


def whole_number(text: str) -> int | None:
    """Read a number without a sign, of at most nine digits; None when it is none."""
    return int(text) if re.fullmatch(r"[0-9]{1,9}", text) else None


@cache
def schema() -> dict[str, Any]:
    """Read the JSON Schema of the stack file."""
    text = (files("infra") / "openfaas" / "stack.schema.json").read_bytes()
    found: dict[str, Any] = msgspec.json.decode(text)
    return found


def schema_faults(document: Document) -> list[Finding]:
    """Say what the schema does not allow, in sentences."""
    errors = Draft202012Validator(schema()).iter_errors(document.data)
    return [finding for error in errors for finding in _sentences(error)]


def stack_of(document: Document) -> Stack:
    """Take the functions that can be judged further."""
    data = document.data if isinstance(document.data, dict) else {}
    found = data.get("functions")
    functions = found if isinstance(found, dict) else {}
    return Stack(file=document.file, functions=list(_well_formed(functions)), count=len(functions))


def _well_formed(functions: dict[str, Any]) -> Iterator[Function]:
    for name, value in functions.items():
        try:
            function = msgspec.convert(value, Function)
        except msgspec.ValidationError:
            continue
        yield msgspec.structs.replace(function, name=name)


def _sentences(error: ValidationError) -> Iterator[Finding]:
    path = tuple(str(part) for part in error.absolute_path)
    schema: dict[str, Any] = error.schema if isinstance(error.schema, dict) else {}
    instance: Any = error.instance
    described, advice = schema.get("properties", {}), str(schema.get("description", "Mend it."))
    match error.validator:
        case "additionalProperties":
            for name in sorted(set(instance) - set(described)):
                says = "faas-cli knows no such key and would drop it silently."
                yield fault((*path, name), says, f"Known here: {', '.join(described)}.")
        case "required":
            for name in sorted(set(schema["required"]) - set(instance)):
                yield fault((*path, name), "This is missing.", str(described[name].get("description", "Add it.")))
        case "type":
            wanted = NAMED.get(str(error.validator_value), str(error.validator_value))
            yield fault(path, f"This must be {wanted}, and is {_kind(error.instance)}.", advice)
        case "uniqueItems":
            yield fault(path, "Something stands in this list twice.", "Remove one of them.")
        case _:
            yield fault(path, f"{str(error.instance)[:80]!r} is not allowed here.", advice)


def _kind(value: object) -> str:
    kinds = {dict: "object", list: "array", str: "string", bool: "boolean", type(None): "null"}
    return NAMED.get(kinds.get(type(value), ""), "a number")
