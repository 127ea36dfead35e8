"""The catalogue: every function with its route, its events, its period. Generated; the doors read it, nobody edits it."""

from collections import defaultdict
from collections.abc import Iterable
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Final, Literal

import msgspec
from msgspec import Struct

GROUP: Final = "group:"


class InvalidCatalogue(Exception):  # noqa: N818 - the name says what it is
    """A catalogue cannot be read; the message is for an operator."""


class FunctionEntry(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One function: `name` is what OpenFaaS calls it, `group` the process that serves it in the Community Edition profile."""

    name: str
    module: str
    group: str
    kind: Literal["endpoint", "reaction", "sweep"]
    method: str | None = None
    path: str | None = None
    events: tuple[str, ...] = ()
    every_s: float | None = None
    timeout_s: float = 10.0
    secrets: tuple[str, ...] = ()

    def deployed_as(self, profile: Literal["standard", "ce"]) -> str:
        """Name the OpenFaaS function that serves this one in a profile."""
        return self.group if profile == "ce" else self.name


class Catalogue(Struct, frozen=True):
    """All functions."""

    functions: tuple[FunctionEntry, ...]

    @classmethod
    def load(cls, file: str = "") -> "Catalogue":
        """Read the generated file from this package, or another one in its place. Raises InvalidCatalogue."""
        return _load(file)

    @property
    def sweeps(self) -> tuple[FunctionEntry, ...]:
        """The functions that the scheduler ticks."""
        return tuple(entry for entry in self.functions if entry.kind == "sweep")

    def expand(self, names: Iterable[str]) -> list[str]:
        """Put in the place of each `group:NAME` the functions of that group; other names stay as they are."""
        groups: defaultdict[str, list[str]] = defaultdict(list)
        for entry in self.functions:
            groups[f"{GROUP}{entry.group}"].append(entry.name)
        return [each for name in names for each in groups.get(name, [name])]

    def reactions_to(self, event_type: str) -> tuple[FunctionEntry, ...]:
        """Find the functions that want events of this type."""
        return tuple(entry for entry in self.functions if entry.kind == "reaction" and event_type in entry.events)


@cache
def _load(file: str) -> Catalogue:
    generated = Path(file) if file else files("freehold") / "catalogue.json"
    try:
        return msgspec.json.decode(generated.read_bytes(), type=Catalogue)
    except (OSError, msgspec.DecodeError) as error:
        raise InvalidCatalogue(f"the catalogue {generated} cannot be read: {error}") from error
