"""Variables in a stack file, filled in the way faas-cli does it.

faas-cli runs github.com/drone/envsubst over the whole text, comments too, before it reads the YAML: `${NAME}`, and
`${NAME:-default}` where an empty variable counts as none. `$NAME` is left alone and `$${` becomes `${`. That library has
more forms, some of which mean something else than in a shell (`:+` and `:?` are defaults there), so they are refused here.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Final

from msgspec import Struct

from infra.deploy_check.findings import Finding, fault, warning

_PLACE: Final = re.compile(r"\$\$\{|\$\{(?P<inside>[^}\n]*)(?P<end>\}?)")
_FORM: Final = re.compile(r"(?P<name>[A-Za-z_][A-Za-z0-9_]*)(?:(?::-|:=|=)(?P<default>[^${}]*))?")


class Filled(Struct, frozen=True):
    """The text as faas-cli reads it, and what was found on the way."""

    text: str
    findings: list[Finding]


def fill_in(text: str, environ: Mapping[str, str], examples: Mapping[str, str]) -> Filled:
    """Put the variables of who deploys into the text. `examples` stand in for those that are not exported."""
    return _Substitution(environ, examples).run(text)


class _Substitution:
    def __init__(self, environ: Mapping[str, str], examples: Mapping[str, str]) -> None:
        self._environ = environ
        self._examples = examples
        self._told: set[str] = set()

    def run(self, text: str) -> Filled:
        lines: list[str] = []
        findings: list[Finding] = []
        for number, line in enumerate(text.splitlines(), start=1):
            pieces: list[str] = []
            position = 0
            for match in _PLACE.finditer(line):
                pieces += [line[position : match.start()], self._value(match)]
                position = match.end()
                findings += self._findings(match, number)
            lines.append("".join([*pieces, line[position:]]))
        return Filled(text="\n".join(lines) + "\n", findings=findings)

    def _value(self, match: re.Match[str]) -> str:
        form = _form(match)
        if form is None:
            return "${" if match["inside"] is None else ""
        given = self._environ.get(form["name"], "") or (form["default"] or "") or self._examples.get(form["name"], "")
        return given.replace("\n", " ")

    def _findings(self, match: re.Match[str], line: int) -> Iterator[Finding]:
        if match["inside"] is None:
            return
        form = _form(match)
        if form is None:
            yield fault(
                (),
                f"{match[0]!r} is no variable that faas-cli fills in as a shell would.",
                "Write ${NAME} or ${NAME:-default}; for a plain ${ write $${.",
                line,
            )
        elif form["name"] not in self._told:
            self._told.add(form["name"])
            yield from self._of_variable(form, line)

    def _of_variable(self, form: re.Match[str], line: int) -> Iterator[Finding]:
        name = form["name"]
        if "\n" in self._environ.get(name, ""):
            yield fault(
                (), f"The variable {name} has a line break in it.", "faas-cli would read broken YAML. Export one line.", line
            )
        if self._environ.get(name) or form["default"] is not None:
            return
        if name in self._examples:
            example = self._examples[name]
            yield warning(
                (),
                f"{name} is not exported; {example} stood in for it.",
                f"Export {name} before you deploy: it has no default.",
                line,
            )
            return
        yield fault(
            (), f"{name} is not exported and has no default: faas-cli would put in nothing.", f"export {name}=...", line
        )


def _form(match: re.Match[str]) -> re.Match[str] | None:
    return _FORM.fullmatch(match["inside"]) if match["inside"] is not None and match["end"] else None
