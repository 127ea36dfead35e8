"""Comparing what we know of a command with what its gateway knows, and our clearing accounts with its balances. Pure."""

from typing import Final, Literal

from msgspec import Struct

from freehold.domain.settlement import Report

DifferenceCode = Literal[
    "missing_at_gateway", "outcome_differs", "amount_differs", "fee_differs", "stuck", "balance_differs", "gateway_unreachable",
]  # fmt: skip
MOVED: Final[frozenset[str]] = frozenset({"done", "returned"})
"""Outcomes after which money has moved."""


class Difference(Struct, frozen=True, kw_only=True):
    """Something in which the gateway and we do not agree, for a person. `subject` is a command's key, or an account."""

    code: DifferenceCode
    gateway: str
    currency: str
    subject: str
    detail: str


class ComparedBalance(Struct, frozen=True, kw_only=True):
    """What the ledger says lies at a gateway and what the gateway says, in minor units (null: it could not be asked).

    `in_flight` is the sum of what was under way meanwhile: by so much the two may differ.
    """

    gateway: str
    currency: str
    ledger: int
    reported: int | None
    in_flight: int

    @property
    def agrees(self) -> bool:
        """Whether what was under way explains the difference, if there is one."""
        return self.reported is not None and abs(self.reported - self.ledger) <= self.in_flight


def difference_between(ours: Report | None, theirs: Report | None) -> DifferenceCode | None:
    """Say in what a command's end as we took it in (`ours`) differs from the gateway's word, once that has had its effect."""
    if ours is None or ours.outcome not in MOVED:
        return None if theirs is None or theirs.outcome not in MOVED else "outcome_differs"
    if theirs is None:
        return "missing_at_gateway"
    if theirs.outcome not in MOVED:
        return "outcome_differs"
    if theirs.money != ours.money:
        return "amount_differs"
    return None if theirs.fee == ours.fee else "fee_differs"


def words_for(ours: Report | None, theirs: Report | None) -> str:
    """Say what each side knows, in a line for a person."""
    return f"{_said(ours)} by our books, {_said(theirs)} by the gateway"


def _said(report: Report | None) -> str:
    if report is None:
        return "nothing"
    return f"{report.outcome} {report.money.amount} {report.money.currency} (fee {report.fee})"
