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
FoldedAccount = Literal[
    "clearing", "fees", "tax_payable", "gateway_fees", "platform_funds",
    "cb_receivable", "freelancer_debt", "bad_debt", "converted", "fx", "fx_spread", "fx_gain_loss",
]  # fmt: skip
Account = GuardedAccount | FoldedAccount
Amount = Literal[
    "paid", "gateway_fee", "gross", "net", "fee", "tax", "offset", "sent", "disputed", "dispute_fee",
    "charged_back", "from_escrow", "from_disputed", "from_refund_due", "from_payable", "from_debt", "from_fees", "from_tax",
    "lost", "exchanged", "middle", "target", "spread", "received", "fx_difference", "given_back", "not_given_back",
]  # fmt: skip
"""What a step moves: of the payment, of its leg (`sent` is what really goes through the gateway), of a dispute, of a
chargeback, of what is taken back (`from_...`: out of which account), and of an exchange (`exchanged` becomes `middle`, which is
`target` + `spread`)."""
Side = Literal["source", "target"]
"""Of which currency a line is: the milestone's, or the one that its freelancer is paid in."""

GUARDED_ACCOUNTS: Final[tuple[GuardedAccount, ...]] = get_args(GuardedAccount)
"""Held for one milestone: `escrow:mst_...`. Credit balances, kept on the milestone itself, never below zero."""

PER_GATEWAY: Final[frozenset[Account]] = frozenset({"clearing"})
"""Held for one payment gateway: `clearing:sandbox`."""

PER_PAYEE: Final[frozenset[Account]] = frozenset({"freelancer_debt"})
"""Held for one person: `freelancer_debt:usr_...`."""

PER_MILESTONE: Final[frozenset[Account]] = frozenset({"converted", *GUARDED_ACCOUNTS})
"""Held for one milestone. `converted:mst_...` is what its freelancer is owed in another currency, while it is on its way."""

PER_CURRENCY: Final[frozenset[Account]] = frozenset({"fx"})
"""Held for one currency: `fx:EUR` is what is to be exchanged outside."""


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
    """One line of a template: which account, which of the step's amounts, and of which currency it is."""

    account: Account
    amount: Amount
    side: Side = "source"


TemplateKind = Literal["release", "refund", "reversal"]


class Template(Struct, frozen=True):
    """What a journal is made from. `key` may name {milestone}, {leg}, {try}, {payment}, {dispute} and {chargeback}.

    `of` is the kind of leg that it is about, where a step opens several. `{try}` is empty at a leg's first attempt and `#2`
    at its second.
    """

    key: str
    debits: tuple[Entry, ...]
    credits: tuple[Entry, ...]
    of: TemplateKind | None = None


class Balances(Struct, frozen=True):
    """What is held for one milestone, in minor units of its currency; all of them credit balances, none below zero."""

    escrow: int = 0
    disputed: int = 0
    payable: int = 0
    refund_due: int = 0


DEPOSIT: Final = Template("deposit:{payment}", (Entry("clearing", "paid"),), (Entry("escrow", "paid"),))
UNMATCHED_DEPOSIT: Final = Template("deposit:{payment}", (Entry("clearing", "paid"),), (Entry("refund_due", "paid"),))
GATEWAY_FEE: Final = Template("gwfee:{payment}", (Entry("gateway_fees", "gateway_fee"),), (Entry("clearing", "gateway_fee"),))

_TO_THE_PAYEE: Final = (Entry("payable", "net"), Entry("fees", "fee"), Entry("tax_payable", "tax"))
RELEASE: Final = Template("release:{milestone}:{leg}", (Entry("escrow", "gross"),), _TO_THE_PAYEE, "release")
RELEASE_DISPUTED: Final = Template("release:{milestone}:{leg}", (Entry("disputed", "gross"),), _TO_THE_PAYEE, "release")
OFFSET: Final = Template(
    "offset:{milestone}:{leg}{try}", (Entry("payable", "offset"),), (Entry("freelancer_debt", "offset"),), "release"
)
TRANSFER: Final = Template("transfer:{milestone}:{leg}{try}", (Entry("payable", "sent"),), (Entry("clearing", "sent"),))
PAYOUT_FEE: Final = Template(
    "gwfee:{milestone}:{leg}{try}", (Entry("gateway_fees", "gateway_fee"),), (Entry("clearing", "gateway_fee"),)
)
PAYOUT_RETURNED: Final = Template(
    "payout_returned:{milestone}:{leg}{try}", (Entry("clearing", "sent"),), (Entry("payable", "sent"),)
)

EXCHANGE: Final = Template(
    "fx:{milestone}:{leg}{try}",
    (Entry("payable", "exchanged"), Entry("fx", "middle", "target")),
    (Entry("fx", "exchanged"), Entry("converted", "target", "target"), Entry("fx_spread", "spread", "target")),
    "release",
)
EXCHANGE_UNDONE: Final = Template(
    "fx_undone:{milestone}:{leg}{try}",
    (Entry("fx", "exchanged"), Entry("converted", "target", "target"), Entry("fx_spread", "spread", "target")),
    (Entry("payable", "exchanged"), Entry("fx", "middle", "target")),
)
EXCHANGE_SETTLED: Final = Template(
    "fxsettle:{milestone}:{leg}{try}",
    (Entry("fx", "exchanged"), Entry("clearing", "received", "target"), Entry("fx_gain_loss", "fx_difference", "target")),
    (Entry("clearing", "exchanged"), Entry("fx", "middle", "target")),
)
TRANSFER_CONVERTED: Final = Template(
    "transfer:{milestone}:{leg}{try}", (Entry("converted", "target", "target"),), (Entry("clearing", "target", "target"),)
)
CONVERTED_RETURNED: Final = Template(
    "payout_returned:{milestone}:{leg}{try}",
    (Entry("clearing", "given_back"), Entry("fx_gain_loss", "not_given_back")),
    (Entry("payable", "exchanged"),),
)

RESERVE: Final = Template("reserve:{milestone}:{leg}", (Entry("escrow", "gross"),), (Entry("refund_due", "gross"),), "refund")
RESERVE_DISPUTED: Final = Template(
    "reserve:{milestone}:{leg}", (Entry("disputed", "gross"),), (Entry("refund_due", "gross"),), "refund"
)
RETURN: Final = Template(
    "return:{milestone}:{leg}",
    (Entry("freelancer_debt", "from_debt"), Entry("fees", "from_fees"), Entry("tax_payable", "from_tax")),
    (Entry("refund_due", "gross"),),
    "refund",
)
REFUND: Final = Template("refund:{milestone}:{leg}{try}", (Entry("refund_due", "sent"),), (Entry("clearing", "sent"),))
REFUND_RETURNED: Final = Template(
    "refund_returned:{milestone}:{leg}{try}", (Entry("clearing", "sent"),), (Entry("refund_due", "sent"),)
)
REFUND_BY_HAND: Final = Template(
    "refund_by_hand:{milestone}:{leg}", (Entry("refund_due", "sent"),), (Entry("platform_funds", "sent"),)
)
REVERSAL: Final = Template("reversal:{milestone}:{leg}", (Entry("clearing", "sent"),), (Entry("freelancer_debt", "sent"),))

DISPUTE: Final = Template("dispute:{dispute}", (Entry("escrow", "disputed"),), (Entry("disputed", "disputed"),))
UNDISPUTE: Final = Template("undispute:{dispute}", (Entry("disputed", "disputed"),), (Entry("escrow", "disputed"),))
DISPUTE_FEE: Final = Template("dispute_fee:{dispute}", (Entry("disputed", "dispute_fee"),), (Entry("fees", "dispute_fee"),))

CHARGEBACK_OPENED: Final = Template(
    "cb_open:{chargeback}", (Entry("cb_receivable", "charged_back"),), (Entry("clearing", "charged_back"),)
)
CHARGEBACK_FEE: Final = Template(
    "gwfee:{chargeback}", (Entry("gateway_fees", "gateway_fee"),), (Entry("clearing", "gateway_fee"),)
)
CHARGEBACK_WON: Final = Template(
    "cb_won:{chargeback}", (Entry("clearing", "charged_back"),), (Entry("cb_receivable", "charged_back"),)
)
CHARGEBACK_FEE_BACK: Final = Template(
    "gwfee_back:{chargeback}", (Entry("clearing", "gateway_fee"),), (Entry("gateway_fees", "gateway_fee"),)
)
CHARGEBACK_LOST: Final = Template(
    "cb_lost:{chargeback}",
    (
        Entry("escrow", "from_escrow"), Entry("disputed", "from_disputed"), Entry("refund_due", "from_refund_due"),
        Entry("payable", "from_payable"), Entry("freelancer_debt", "from_debt"), Entry("fees", "from_fees"),
        Entry("tax_payable", "from_tax"), Entry("bad_debt", "lost"),
    ),
    (Entry("cb_receivable", "charged_back"),),
)  # fmt: skip

TEMPLATES: Final[tuple[Template, ...]] = (
    DEPOSIT, UNMATCHED_DEPOSIT, GATEWAY_FEE, RELEASE, RELEASE_DISPUTED, OFFSET, TRANSFER, PAYOUT_FEE, PAYOUT_RETURNED,
    EXCHANGE, EXCHANGE_UNDONE, EXCHANGE_SETTLED, TRANSFER_CONVERTED, CONVERTED_RETURNED,
    RESERVE, RESERVE_DISPUTED, RETURN, REFUND, REFUND_RETURNED, REFUND_BY_HAND, REVERSAL, DISPUTE, UNDISPUTE, DISPUTE_FEE,
    CHARGEBACK_OPENED, CHARGEBACK_FEE, CHARGEBACK_WON, CHARGEBACK_FEE_BACK, CHARGEBACK_LOST,
)  # fmt: skip


def account_name(account: Account, *, milestone_id: str, gateway: str, payee_id: str = "", currency: str = "") -> str:
    """Name an account: `escrow:mst_...`, `clearing:sandbox`, `freelancer_debt:usr_...`, `fx:EUR`, `fees`."""
    if account in PER_MILESTONE:
        return f"{account}:{milestone_id}"
    if account in PER_CURRENCY:
        return f"{account}:{currency}"
    if account in PER_PAYEE:
        return f"{account}:{payee_id}"
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
