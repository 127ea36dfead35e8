"""Making mutants: every place of a module where one of mutmut's operators applies, changed there and nowhere else.

mutmut itself changes only undecorated functions. Here its operators go over whole modules, for much of the money core is
properties (`holding`, `legs`) and tables (`money_process`, `ledger`). Left out is what no rule reads: texts for a person.
"""

import ast
import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import libcst as cst
from libcst.matchers import Call, Name, matches
from libcst.metadata import ByteSpanPositionProvider, CodeSpan, MetadataWrapper, PositionProvider
from mutmut.mutation.mutators import mutation_operators

from tests.mutants.changed import ROOT

_FOR_A_PERSON: Final = {"description", "examples", "title"}
"""Keywords of `Meta`, which only documentation reads."""


@dataclass(frozen=True)
class Mutant:
    """One change of one file. `name` says where; `was` and `became` are the piece of code that differs."""

    path: Path
    line: int
    name: str
    was: str
    became: str
    start: int

    @property
    def key(self) -> str:
        """Stand for this change of this very file: another file, other keys."""
        return hashlib.sha256(f"{self.path.relative_to(ROOT)}\0{self.name}".encode() + self.source).hexdigest()[:24]

    @property
    def source(self) -> bytes:
        """The whole file, changed."""
        source = self.path.read_bytes()
        return source[: self.start] + self.became.encode() + source[self.start + len(self.was.encode()) :]

    @property
    def is_another_program(self) -> bool:
        """Whether the changed file is Python at all, and does not say the same as before."""
        try:
            return ast.dump(ast.parse(self.source)) != ast.dump(ast.parse(self.path.read_bytes()))
        except SyntaxError:
            return False


def mutants_of(path: Path) -> list[Mutant]:
    """List every mutant of a file, each change once."""
    source, shown = path.read_bytes(), path.relative_to(ROOT)
    changes = {(span.start, span.length, became): line for line, span, became in _changes(source)}
    return [
        Mutant(path, line, f"{shown}:{line}#{number}", source[start : start + length].decode(), became, start)
        for number, ((start, length, became), line) in enumerate(changes.items())
    ]


def _changes(source: bytes) -> list[tuple[int, CodeSpan, str]]:
    visitor = _Visitor()
    MetadataWrapper(cst.parse_module(source)).visit(visitor)
    return visitor.found


class _Visitor(cst.CSTVisitor):
    """Collects what the operators make of each node: on which line, instead of which bytes, which code."""

    METADATA_DEPENDENCIES = (PositionProvider, ByteSpanPositionProvider)

    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[int, CodeSpan, str]] = []

    def on_visit(self, node: cst.CSTNode) -> bool:
        if _is_left_out(node):
            return False
        for kind, operator in mutation_operators:
            if isinstance(node, kind):
                for changed in _distinct(node, operator(node)):
                    line = self.get_metadata(PositionProvider, node).start.line
                    span = self.get_metadata(ByteSpanPositionProvider, node)
                    self.found.append((line, span, cst.Module(body=[]).code_for_node(changed)))
        return True


def _is_left_out(node: cst.CSTNode) -> bool:
    """Skip types, decorators, docstrings, lists of names, and what is said to a person: texts of refusals, descriptions."""
    if isinstance(node, cst.Annotation | cst.Decorator | cst.Raise | cst.Import | cst.ImportFrom):
        return True
    if isinstance(node, cst.Assign) and matches(node.targets[0].target, Name("__all__")):
        return True
    if isinstance(node, cst.Arg) and node.keyword is not None and node.keyword.value in _FOR_A_PERSON:
        return True
    return isinstance(node, cst.Expr) and isinstance(node.value, cst.SimpleString | cst.ConcatenatedString)


def _distinct(node: cst.CSTNode, changed: Iterable[cst.CSTNode]) -> Iterable[cst.CSTNode]:
    """Of a text only take one change (in capitals or not, it is another text); of a `Meta` only what is within its parts."""
    if matches(node, Call(func=Name("Meta"))):
        return ()
    return list(changed)[:1] if isinstance(node, cst.SimpleString) else changed
