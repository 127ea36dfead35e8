"""What a function's docstring tells a programmer, said as an API tells it to a client: codes in place of exceptions."""

import re
from collections.abc import Iterable, Iterator
from typing import Final

from freehold.domain.errors import Refused
from freehold.edge.declare import Declaration, ErrorClass
from freehold.edge.problems import Problem

_RAISES: Final = re.compile(r"\bRaises\b[^.]*")
_CLASS_NAME: Final = re.compile(r"\b[A-Z][a-z]+(?:[A-Z][a-z]+)*\b")
_WHO: Final = {"anyone": "Open to anyone.", "user": "For anybody who is signed in."}


class UndeclaredError(Exception):
    """A docstring says that a function raises what its declaration does not name; the message says which."""


def summary_of(item: Declaration) -> str:
    """Give the first sentence, without its full stop."""
    return item.summary.partition(". ")[0].rstrip(".")


def description_of(item: Declaration, documented: Iterable[ErrorClass]) -> str:
    """Give the other sentences, with the codes of what is raised, and who may call. Raises UndeclaredError."""
    rest = item.summary.partition(". ")[2]
    text = "\n\n".join(part for part in (rest, item.description, _who(item)) if part)
    codes = {error.__name__: error.code for error in documented}
    return _RAISES.sub(lambda match: _with_codes(item, match[0], codes), text)


def _who(item: Declaration) -> str:
    return _WHO.get(item.auth, f"For the role `{item.auth}`.")


def _with_codes(item: Declaration, sentence: str, codes: dict[str, str]) -> str:
    every = {kind.__name__ for kind in _all_errors()}

    def code_for(match: re.Match[str]) -> str:
        name = match[0]
        if name not in every:
            return name
        if name not in codes:
            raise UndeclaredError(f"{item.name} says that it raises {name}; add it to its errors, or take it out of the text")
        return f"`{codes[name]}`"

    return _CLASS_NAME.sub(code_for, sentence.replace("Raises", "Answers", 1))


def _all_errors() -> Iterator[type[Problem] | type[Refused]]:
    pending: list[type[Problem | Refused]] = [Problem, Refused]
    while pending:
        kind = pending.pop()
        yield kind
        pending.extend(kind.__subclasses__())
