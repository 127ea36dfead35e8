"""Double entry: accounts, lines and journals as values, and the templates that journals are made from.

A line's amount is in minor units, debits above zero and credits below, so that a journal is right when its lines sum to
zero in each currency. What stands in a template is data: account, side, and the name of the amount.
Not here: when a journal is written (`money_process`), where it is kept (`freehold.store.ledger`).
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Final, Literal, get_args

from msgspec import Struct

from freehold.domain.errors import Refused

GuardedAccount = Literal["escrow", "disputed", "payable", "refund_due"]
FoldedAccount = Literal["clearing", "fees", "tax_payable", "gateway_fees", "platform_funds"]
Account = GuardedAccount | FoldedAccount
Amount = Literal["paid", "gross", "net", "fee", "tax", "gateway_fee"]

GUARDED_ACCOUNTS: Final[tuple[GuardedAccount, ...]] = get_args(GuardedAccount)
"""Held for one milestone: `escrow:mst_...`. Credit balances, kept on the milestone itself, never below zero."""

PER_GATEWAY: Final[frozenset[Account]] = frozenset({"clearing"})
"""Held for one payment gateway: `clearing:sandbox`."""


class Unbalanced(Refused):
    """A journal's lines do not sum to zero in some currency: a bug, and nothing is written."""

    code = "journal_unbalanced"


class Overdrawn(Refused):
    """More would leave a held balance than is in it."""

    code = "balance_overdrawn"


class Line(Struct, frozen=True):
    """One side of a journal: `amount` minor units, debit above zero, credit below."""

    account: str
    amount: int
    currency: str


class Journal(Struct, frozen=True):
    """Lines that are written together or not at all. `key` is unique in the ledger: it names the happening."""

    key: str
    lines: tuple[Line, ...]


class Entry(Struct, frozen=True):
    """One line of a template: which account, and which of the step's amounts."""

    account: Account
    amount: Amount


class Template(Struct, frozen=True):
    """What a journal is made from. `key` may name {milestone}, {leg} and {payment}."""

    key: str
    debits: tuple[Entry, ...]
    credits: tuple[Entry, ...]


class Balances(Struct, frozen=True):
    """What is held for one milestone, in minor units of its currency; all of them credit balances, none below zero."""

    escrow: int = 0
    disputed: int = 0
    payable: int = 0
    refund_due: int = 0


DEPOSIT: Final = Template("deposit:{payment}", (Entry("clearing", "paid"),), (Entry("escrow", "paid"),))
UNMATCHED_DEPOSIT: Final = Template("deposit:{payment}", (Entry("clearing", "paid"),), (Entry("refund_due", "paid"),))
GATEWAY_FEE: Final = Template("gwfee:{payment}", (Entry("gateway_fees", "gateway_fee"),), (Entry("clearing", "gateway_fee"),))
RELEASE: Final = Template(
    "release:{milestone}:{leg}",
    (Entry("escrow", "gross"),),
    (Entry("payable", "net"), Entry("fees", "fee"), Entry("tax_payable", "tax")),
)
TRANSFER: Final = Template("transfer:{milestone}:{leg}", (Entry("payable", "net"),), (Entry("clearing", "net"),))
RESERVE: Final = Template("reserve:{milestone}:{leg}", (Entry("escrow", "gross"),), (Entry("refund_due", "gross"),))
REFUND: Final = Template("refund:{milestone}:{leg}", (Entry("refund_due", "gross"),), (Entry("clearing", "gross"),))

TEMPLATES: Final[tuple[Template, ...]] = (DEPOSIT, UNMATCHED_DEPOSIT, GATEWAY_FEE, RELEASE, TRANSFER, RESERVE, REFUND)


def account_name(account: Account, *, milestone_id: str, gateway: str) -> str:
    """Name an account: `escrow:mst_...`, `clearing:sandbox`, `fees`."""
    if account in GUARDED_ACCOUNTS:
        return f"{account}:{milestone_id}"
    return f"{account}:{gateway}" if account in PER_GATEWAY else account


def balanced(journal: Journal) -> Journal:
    """Return the journal if its lines sum to zero per currency and none is empty. Raises Unbalanced."""
    off = {currency: amount for currency, amount in sums_by_currency(journal.lines).items() if amount}
    if off or not journal.lines or any(line.amount == 0 for line in journal.lines):
        raise Unbalanced(f"{journal.key} does not balance: {off}")
    return journal


def sums_by_currency(lines: Iterable[Line]) -> Mapping[str, int]:
    """Add up lines per currency."""
    sums: defaultdict[str, int] = defaultdict(int)
    for line in lines:
        sums[line.currency] += line.amount
    return sums


def post(balances: Balances, journal: Journal, *, milestone_id: str) -> Balances:
    """Replay one journal on a milestone's held balances. Raises Overdrawn when one would fall below zero."""
    after = {account: getattr(balances, account) for account in GUARDED_ACCOUNTS}
    for line in journal.lines:
        account, _, owner = line.account.partition(":")
        if account in after and owner == milestone_id:
            after[account] -= line.amount
    below = [account for account, amount in after.items() if amount < 0]
    if below:
        raise Overdrawn(f"{journal.key} takes more from {below[0]} than is in it")
    return Balances(**after)
