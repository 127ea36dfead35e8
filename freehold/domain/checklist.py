"""The acceptance checklist of a milestone: what must be true of the work, agreed before it is paid for.

The client writes it while the milestone is only planned. The freelancer says of each item that it is done, and can submit once
all are; the client says of each that it is accepted. Asking for changes opens what was not accepted again.
"""

from collections.abc import Iterable
from typing import Annotated, ClassVar, Final

import msgspec
from msgspec import Meta, Struct

from freehold.domain.errors import Fault, InvalidFields, Refused
from freehold.domain.money_process import Party, State
from freehold.domain.process import NotInThisState
from freehold.domain.text import line, required_text

CHECKLIST_ITEMS: Final = 30
_MARKED_IN: Final[dict[Party, frozenset[State]]] = {
    "freelancer": frozenset({"funded"}),
    "client": frozenset({"funded", "submitted"}),
}


class ChecklistOpen(Refused):
    """Not every item of the checklist is done yet."""

    code: ClassVar[str] = "checklist_open"


class ChecklistItem(Struct, frozen=True, kw_only=True):
    """What must be true of the work; whether the freelancer says so, and whether the client has accepted it."""

    text: str
    done: bool = False
    accepted: bool = False


Checklist = tuple[ChecklistItem, ...]
ChecklistTexts = Annotated[tuple[Annotated[str, required_text(300)], ...], Meta(max_length=CHECKLIST_ITEMS)]
"""A checklist as the client writes it."""


class Mark(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A tick set or taken away: items are numbered from 1 in their order."""

    number: Annotated[int, Meta(ge=1, le=CHECKLIST_ITEMS)]
    checked: bool


def written(texts: Iterable[str]) -> Checklist:
    """Make a checklist of which nothing is done."""
    return tuple(ChecklistItem(text=line(text)) for text in texts)


def marked(checklist: Checklist, marks: Iterable[Mark], *, by: Party, state: State) -> Checklist:
    """Set a party's ticks. Raises NotInThisState, InvalidFields for an item that is not there or is named twice."""
    if state not in _MARKED_IN[by]:
        raise NotInThisState(f"the milestone is {state}; its checklist is not the {by}'s to mark now")
    items, seen = list(checklist), set[int]()
    for place, mark in enumerate(marks):
        if not 1 <= mark.number <= len(items) or mark.number in seen:
            raise InvalidFields([Fault(f"items[{place}].number", f"a number from 1 to {len(items)}, each once")])
        seen.add(mark.number)
        ticks = {"done": mark.checked} if by == "freelancer" else {"accepted": mark.checked}
        items[mark.number - 1] = msgspec.structs.replace(items[mark.number - 1], **ticks)
    return tuple(items)


def require_done(checklist: Checklist) -> None:
    """Raise ChecklistOpen unless the freelancer has said of every item that it is done."""
    if left := sum(not item.done for item in checklist):
        raise ChecklistOpen(f"{left} of {len(checklist)} items of the checklist are not done")


def reopened(checklist: Checklist) -> Checklist:
    """Give the checklist after changes were asked for: what was not accepted is to be done again."""
    return tuple(msgspec.structs.replace(item, done=item.accepted) for item in checklist)
