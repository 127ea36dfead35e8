"""What happened to a milestone's money, as its two parties see it: every movement, and what was held after it."""

from collections.abc import Iterable

from msgspec import Struct

from freehold.documents import Instant, Journal, Milestone
from freehold.domain import ledger
from freehold.domain.ledger import Balances
from freehold.domain.money import Money
from freehold.domain.money_process import State
from freehold.views.milestones import MoneyView, view_money

OPERATORS_OWN = frozenset({"gwfee", "gwfee_back", "fxsettle"})
"""What a gateway charges the operator, and what an exchange has really brought, is no part of the parties' history."""


class Movement(Struct, frozen=True, kw_only=True):
    """One journal: `kind` is deposit, release, fx, transfer, reserve or refund; the balances are as it left them.

    Where only the currency moves that the freelancer is paid in, `amount` is of that one. `receipt` is where the receipt of it
    is, which proves itself.
    """

    id: str
    kind: str
    leg: int | None
    amount: Money
    held: Money
    releasing: Money
    refunding: Money
    receipt: str
    at: Instant


class EscrowView(Struct, frozen=True, kw_only=True):
    """A milestone's money now, and how it came there, oldest first."""

    milestone_id: str
    project_id: str
    state: State
    agreed: Money
    money: MoneyView
    movements: tuple[Movement, ...]


def view_escrow(milestone: Milestone, journals: Iterable[Journal]) -> EscrowView:
    """Show the history of a milestone's money; `journals` in their order."""
    balances, movements, exchanging = Balances(), [], 0
    account = ledger.account_name("fx", milestone_id=milestone.id, gateway="", currency=milestone.holding.amount.currency)
    for journal in journals:
        entry = ledger.Journal(key=journal.key, lines=journal.lines)
        balances = ledger.post(balances, entry, milestone_id=milestone.id)
        exchanging -= sum(line.amount for line in journal.lines if line.account == account)
        if not is_operators_own(journal):
            movements.append(_movement(milestone, journal, balances, releasing=balances.payable + exchanging))
    return EscrowView(
        milestone_id=milestone.id,
        project_id=milestone.project_id,
        state=milestone.state,
        agreed=milestone.holding.amount,
        money=view_money(milestone.holding),
        movements=tuple(movements),
    )


def kind_of(journal: Journal) -> str:
    """Say what kind of happening a journal tells of."""
    return journal.key.partition(":")[0]


def is_operators_own(journal: Journal) -> bool:
    """Say whether a journal is between the operator and a gateway, and no affair of the milestone's parties."""
    return kind_of(journal) in OPERATORS_OWN


def _movement(milestone: Milestone, journal: Journal, after: Balances, *, releasing: int) -> Movement:
    currency = milestone.holding.amount.currency
    return Movement(
        id=journal.id,
        kind=kind_of(journal),
        leg=journal.leg,
        amount=_moved(journal, currency),
        held=Money(after.escrow, currency),
        releasing=Money(releasing, currency),
        refunding=Money(after.refund_due, currency),
        receipt=f"/api/receipts/{journal.id}",
        at=journal.created_at,
    )


def _moved(journal: Journal, currency: str) -> Money:
    """Say how much a journal moves: of the milestone's currency, or of the only one that it moves."""
    if all(line.currency != currency for line in journal.lines):
        currency = journal.lines[0].currency
    return Money(sum(line.amount for line in journal.lines if line.amount > 0 and line.currency == currency), currency)
