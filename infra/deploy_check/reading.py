"""Reading a stack file: its text into plain values, each with its line, and sentences for what is no stack file at all."""

from collections.abc import Iterator, Mapping
from pathlib import Path as File
from typing import Any, Final

import yaml
from msgspec import Struct

from infra.deploy_check.findings import Finding, Path, fault, warning
from infra.deploy_check.substitution import fill_in

LARGEST_BYTES: Final = 4_194_304
DEEPEST: Final = 20
_LOADER: Final = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # the one in C is six times as fast, where it is built
TEXT_MAPS: Final = ("environment", "labels", "annotations", "limits", "requests")
"""Fields of a function whose values are all text."""


class Document(Struct, frozen=True):
    """A stack file's values after faas-cli's substitution, and the line of each."""

    file: str
    data: Any
    lines: Mapping[Path, int]
    findings: list[Finding]


class Unreadable(Exception):  # noqa: N818 - its finding is the message
    """The file is no YAML that can be judged further."""

    def __init__(self, finding: Finding) -> None:
        super().__init__(finding.says)
        self.finding = finding


def read(file: str, environ: Mapping[str, str], examples: Mapping[str, str]) -> Document:
    """Read a stack file the way faas-cli does. Raises Unreadable."""
    filled = fill_in(_text(file), environ, examples)
    reader = _Reader()
    try:
        _refuse_what_is_not_plain(filled.text)
        data = reader.value(yaml.compose(filled.text, _LOADER), ())
    except yaml.YAMLError as error:
        raise Unreadable(_sentence(error, filled.text)) from error
    return Document(file=file, data=data, lines=reader.lines, findings=[*filled.findings, *reader.findings])


def _text(file: str) -> str:
    try:
        if File(file).stat().st_size > LARGEST_BYTES:
            raise Unreadable(fault((), f"The file is larger than {LARGEST_BYTES:,} bytes.", "This is no stack file."))
        text = File(file).read_text(encoding="utf-8")
    except OSError as error:
        raise Unreadable(fault((), f"The file cannot be read: {error.strerror}.", "Check the path.")) from error
    except UnicodeDecodeError as error:
        raise Unreadable(fault((), "The file is no UTF-8 text.", "Save it as UTF-8.")) from error
    if not text.strip():
        raise Unreadable(fault((), "The file is empty.", "Make it with `python -m infra.manifest`."))
    return text


def _refuse_what_is_not_plain(text: str) -> None:
    """Refuse what hides what is deployed (anchors, tags, a second document), or nests without end. Raises Unreadable."""
    depth = documents = 0
    for event in yaml.parse(text, _LOADER):
        line = event.start_mark.line + 1 if event.start_mark else None
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        documents += isinstance(event, yaml.DocumentStartEvent)
        if documents > 1:
            raise Unreadable(fault((), "There is a second document (---); faas-cli reads only the first.", "Remove it.", line))
        if depth > DEEPEST:
            raise Unreadable(fault((), f"Values are nested more than {DEEPEST} deep.", "This is no stack file.", line))
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
            raise Unreadable(
                fault(
                    (),
                    "There is an anchor (&) or an alias (*).",
                    "Write the values out, so that each function says it all.",
                    line,
                )
            )
        if tag := getattr(event, "tag", None):
            raise Unreadable(fault((), f"There is a tag ({tag}).", "Write a plain value.", line))


def _sentence(error: yaml.YAMLError, text: str) -> Finding:
    mark = getattr(error, "problem_mark", None)
    problem = getattr(error, "problem", None) or getattr(error, "reason", None) or "it cannot be read"
    line = text.splitlines()[mark.line] if mark and mark.line < len(text.splitlines()) else ""
    advice = (
        "Indent with spaces, not with tabs." if "\t" in line else "Mend it, or make the file with `python -m infra.manifest`."
    )
    return fault((), f"This is no YAML: {problem}.", advice, mark.line + 1 if mark else None)


class _Reader:
    """Turns nodes into values; keeps the line of each, and what was odd about it."""

    def __init__(self) -> None:
        self.lines: dict[Path, int] = {}
        self.findings: list[Finding] = []
        self._loader = yaml.SafeLoader("")

    def value(self, node: yaml.Node | None, path: Path) -> Any:  # noqa: ANN401 - YAML holds anything
        if node is None:
            return None
        self.lines[path] = node.start_mark.line + 1
        if isinstance(node, yaml.MappingNode):
            return dict(self._members(node, path))
        if isinstance(node, yaml.SequenceNode):
            return [self.value(child, (*path, str(index))) for index, child in enumerate(node.value)]
        return self._scalar(node, path)

    def _members(self, node: yaml.MappingNode, path: Path) -> Iterator[tuple[str, Any]]:
        seen: set[str] = set()
        for key_node, value_node in node.value:
            line = key_node.start_mark.line + 1
            if not isinstance(key_node, yaml.ScalarNode):
                self.findings.append(fault(path, "A key is a list or a map.", "Write a name before the colon.", line))
                continue
            key = str(key_node.value)
            if key in seen:
                self.findings.append(
                    fault((*path, key), "This key stands here twice.", "Remove one; only one would count.", line)
                )
            seen.add(key)
            yield key, self.value(value_node, (*path, key))
            self.lines[(*path, key)] = line

    def _scalar(self, node: yaml.Node, path: Path) -> Any:  # noqa: ANN401 - YAML holds anything
        try:
            value = self._loader.construct_object(node)
        except (yaml.YAMLError, ValueError):
            value = str(node.value)
        if isinstance(value, str) or not _wants_text(path):
            return value
        text = str(node.value) if value is not None else ""
        self.findings.append(
            warning(path, f"{text} is no text to YAML; faas-cli takes it as one.", f"Quote it: '{text}'.", self.lines[path])
        )
        return text


def _wants_text(path: Path) -> bool:
    of_a_function = path[:1] == ("functions",) and len(path) > 3 and path[2] in TEXT_MAPS  # noqa: PLR2004 - functions, name, field
    return of_a_function or path == ("version",)
