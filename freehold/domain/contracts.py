"""Hourly contracts between two sides: other terms, proposed by one and answered by the other; and an end by either.

A fixed contract ends when it is paid, and has none of these steps.
"""

from typing import ClassVar, Final, Literal

from freehold.domain.errors import Refused
from freehold.domain.process import NotInThisState

ContractStep = Literal["end", "propose_terms", "accept_terms", "decline_terms", "withdraw_terms"]
BY_THE_OTHER: Final[tuple[ContractStep, ...]] = ("accept_terms", "decline_terms")
"""Answers to a proposal that the other side has made."""


class NothingProposed(Refused):
    """There is no proposal that this side could answer, or take back."""

    code: ClassVar[str] = "nothing_proposed"


def steps_open(*, kind: str, state: str, proposed_by: str | None, viewer_id: str) -> tuple[ContractStep, ...]:
    """Name the steps that one side may take now; `proposed_by` made the proposal that is open (null: there is none)."""
    if kind != "hourly" or state != "active":
        return ()
    if proposed_by is None:
        return ("propose_terms", "end")
    return ("propose_terms", "withdraw_terms", "end") if proposed_by == viewer_id else ("propose_terms", *BY_THE_OTHER, "end")


def require_step(step: ContractStep, *, kind: str, state: str, proposed_by: str | None, viewer_id: str) -> None:
    """Raise NotInThisState or NothingProposed unless this side may take the step now."""
    if step in steps_open(kind=kind, state=state, proposed_by=proposed_by, viewer_id=viewer_id):
        return
    if kind != "hourly" or state != "active":
        raise NotInThisState(f"the project is {kind} and {state}; to {step}, it must be hourly and active")
    raise NothingProposed("the other side has proposed nothing" if step in BY_THE_OTHER else "you have proposed nothing")
