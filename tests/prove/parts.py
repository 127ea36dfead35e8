"""What is proved, and how much of it fits into ten minutes on two cores."""

from dataclasses import dataclass, field
from typing import Final


@dataclass(frozen=True)
class Part:
    """A promise: its number in docs/status.md, what is done to show it, the tests that do it, and how large."""

    number: str
    promise: str
    tests: tuple[str, ...]
    size: dict[str, str] = field(default_factory=dict)
    select: str = ""
    shares: int = 1
    """In so many processes at once, each with a seed of its own."""


PARTS: Final = (
    Part("R1", "state machine over the pure money engine, all invariants after each step",
         ("tests/domain/test_money_machine.py",), {"FREEHOLD_EXAMPLES": "10000", "FREEHOLD_STEPS": "20"}, shares=2),
    Part("R2", "the same histories on the real MongoDB and a naive oracle, equal after each command",
         ("tests/payments/test_histories.py",), {"FREEHOLD_HISTORIES": "24"}),
    Part("R4", "500 funded milestones, raced for by 30 at once: one outcome each", ("tests/fault/test_money_races.py",)),
    Part("R5", "kill -9 before each command of a payout and a refund", ("tests/fault/test_kill_at_every_step.py",),
         select="paying_out or giving"),
    Part("R6", "idempotency of the money endpoints: replay, mutated replay, at once, after a crash",
         ("tests/security/test_idempotency.py", "tests/security/test_crashes.py"), select="escrow or milestones"),
    Part("R7", "one contract suite over every payment gateway", ("tests/payments/test_gateway_contract.py",)),
    Part("R13", "every record of an export flipped, dropped, swapped, truncated, forked: detected", ("tests/tools",)),
)  # fmt: skip
