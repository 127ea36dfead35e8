"""The transition function of a milestone's money: from what is held and what happens, to what is held next.

Pure: the same in tests, in functions, in sweeps. It reads the process table and decides; the store writes all that it
returns in one transaction. Deadlines are not judged here: the store's filter compares them with the database's clock.
Here: `facts` (what a step is told and gives back), `guards` and `refusals`, `noting` (payments, disputes, chargebacks),
`movements`, `exchanging` and `taking` (legs), `letting_go`, `entries` (journals), `steps` (all of it together).
"""

from freehold.domain.escrow.facts import Command, Facts, Step
from freehold.domain.escrow.letting_go import LETS_GO, let_go
from freehold.domain.escrow.refusals import (
    ChargebackNotExpected,
    ChargebackOpen,
    DisputeNotOpen,
    DisputeOpen,
    LegNotPending,
    LegsPending,
    NoProposal,
    PartNotCovered,
    PaymentNotExpected,
    PayoutOnHold,
    QuoteNotFitting,
    TooManyDisputes,
    TooManyParts,
)
from freehold.domain.escrow.steps import actions_of, command_key, due_row, take

__all__ = [
    "LETS_GO",
    "ChargebackNotExpected",
    "ChargebackOpen",
    "Command",
    "DisputeNotOpen",
    "DisputeOpen",
    "Facts",
    "LegNotPending",
    "LegsPending",
    "NoProposal",
    "PartNotCovered",
    "PaymentNotExpected",
    "PayoutOnHold",
    "QuoteNotFitting",
    "Step",
    "TooManyDisputes",
    "TooManyParts",
    "actions_of",
    "command_key",
    "due_row",
    "let_go",
    "take",
]
