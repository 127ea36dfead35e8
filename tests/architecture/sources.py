"""The repository's own Python, parsed: what the rules of this folder look at. A planted counter-example is a Source as well."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path

ROOT = Path(__file__).parents[2]
ROOMS = ("connector", "freehold", "functions", "gateway", "infra", "jobs_scheduler", "realtime")


@dataclass(frozen=True)
class Source:
    """One file: where it stands (`freehold/ids.py`), and what it says."""

    path: str
    text: str

    @cached_property
    def tree(self) -> ast.Module:
        return ast.parse(self.text)

    @cached_property
    def nodes(self) -> tuple[ast.AST, ...]:
        return tuple(ast.walk(self.tree))

    @property
    def module(self) -> str:
        return self.path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")

    def imports(self) -> Iterator[tuple[int, str]]:
        """Give (line, imported module) for every import, also those inside of functions."""
        for node in self.nodes:
            if isinstance(node, ast.Import):
                yield from ((node.lineno, alias.name) for alias in node.names)
            elif isinstance(node, ast.ImportFrom):
                yield node.lineno, node.module or ""

    def names_imported(self) -> Iterator[tuple[str, str]]:
        """Give (module, name) for every `from module import name`."""
        for node in self.nodes:
            if isinstance(node, ast.ImportFrom):
                yield from ((node.module or "", alias.name) for alias in node.names)


@cache
def sources(*folders: str) -> tuple[Source, ...]:
    """Read every Python file below these folders, in the order of their paths."""
    files = [file for folder in folders for file in sorted((ROOT / folder).rglob("*.py"))]
    return tuple(Source(file.relative_to(ROOT).as_posix(), file.read_text(encoding="utf-8")) for file in files)


def product() -> tuple[Source, ...]:
    """Everything that is delivered."""
    return sources(*ROOMS)


def everything() -> tuple[Source, ...]:
    """The product and its tests."""
    return sources(*ROOMS, "tests")


def is_within(module: str, *homes: str) -> bool:
    """Say whether a module is one of these, or inside of one."""
    return any(module == home or module.startswith(f"{home}.") for home in homes)
