"""What the sandbox can be told to do: by the way to pay, or with a plain card by the amount. Data, and how to read it.

Amounts are in minor units and whole ones, so that nobody meets them by accident: 9,900.02 is `card_insufficient_funds` in
a currency of two digits. Only the first try of a payout or refund is spoilt, so that its repetition shows the way out.
"""

from typing import Final, Literal

from msgspec import Struct

from freehold.domain.settlement import Outcome

Spoilt = Literal["refused", "returned"]

PAID_LATER_S: Final = 5.0
PAID_LATE_S: Final = 30.0
RETURNED_AFTER_S: Final = 5.0
CHARGED_BACK_AFTER_S: Final = 10.0
BANK_DECIDES_AFTER_S: Final = 20.0


class Scenario(Struct, frozen=True, kw_only=True):
    """One case: what becomes of the payment, of payouts and refunds out of it, and what the sandbox tells by webhook.

    A pending payment is paid after `paid_after_s` (null: never by itself). `is_reply_lost`: it is done, and nobody hears
    it. `copies` is how often each webhook comes. `chargeback` is how the payer's bank decides, once the payment was paid.
    `exchange_brings_basis_points` is how much of what was quoted the exchange of a payout brings.
    """

    method: str
    says: str
    amount_minor: int | None = None
    payment: Outcome = "done"
    reason: str | None = None
    paid_after_s: float | None = None
    must_act: bool = False
    is_reply_lost: bool = False
    tells_at_once: bool = False
    copies: int = 1
    payout: Spoilt | None = None
    refund: Spoilt | None = None
    chargeback: Literal["won", "lost"] | None = None
    exchange_brings_basis_points: int = 10_000


SCENARIOS: Final[tuple[Scenario, ...]] = (
    Scenario(method="card", says="Paid at once."),
    Scenario(method="bank_transfer", says="Paid 5 seconds later.", payment="pending", paid_after_s=PAID_LATER_S),
    Scenario(method="never_paid", says="Stays open until it is cancelled or expires.", payment="pending"),
    Scenario(
        method="card_declined", says="Refused; another way to pay may be tried.", amount_minor=990_001,
        payment="refused", reason="card_declined",
    ),
    Scenario(
        method="card_insufficient_funds", says="Refused: the card has not enough money.", amount_minor=990_002,
        payment="refused", reason="insufficient_funds",
    ),
    Scenario(
        method="card_requires_action", says="The payer must confirm at their bank first, and has 5 seconds later.",
        amount_minor=990_003, payment="pending", paid_after_s=PAID_LATER_S, must_act=True,
    ),
    Scenario(
        method="card_late", says="Paid 30 seconds later.", amount_minor=990_004,
        payment="pending", paid_after_s=PAID_LATE_S,
    ),
    Scenario(
        method="card_lost_reply", says="Paid, but the answer is lost on the way: it must be looked up.", amount_minor=990_005,
        is_reply_lost=True,
    ),
    Scenario(
        method="card_duplicate_webhook", says="Paid at once, and told of three times.", amount_minor=990_006,
        tells_at_once=True, copies=3,
    ),
    Scenario(
        method="card_chargeback", says="Paid; 10 seconds later the payer's bank takes it back, and 20 later you win.",
        amount_minor=990_007, chargeback="won",
    ),
    Scenario(
        method="card_chargeback_lost", says="Paid; 10 seconds later the payer's bank takes it back, and 20 later you lose.",
        amount_minor=990_008, chargeback="lost",
    ),
    Scenario(
        method="payout_refused", says="Paid; the first payout of each part is refused.", amount_minor=990_009, payout="refused",
    ),
    Scenario(
        method="payout_returned", says="Paid; the first payout of each part comes back 5 seconds after it was made.",
        amount_minor=990_010, payout="returned",
    ),
    Scenario(
        method="refund_refused", says="Paid; the first try of a refund is refused.", amount_minor=990_011, refund="refused",
    ),
    Scenario(
        method="refund_returned", says="Paid; the first try of a refund comes back 5 seconds after it was made.",
        amount_minor=990_012, refund="returned",
    ),
    Scenario(
        method="exchange_below", says="Paid; payouts in another currency are exchanged 2 % below what was quoted.",
        amount_minor=990_013, exchange_brings_basis_points=9_800,
    ),
)  # fmt: skip
BY_METHOD: Final = {scenario.method: scenario for scenario in SCENARIOS}
_BY_AMOUNT: Final = {scenario.amount_minor: scenario for scenario in SCENARIOS if scenario.amount_minor is not None}
UNKNOWN: Final = Scenario(method="", says="Refused.", payment="refused", reason="unknown_method")
REASONS: Final[dict[Spoilt, str]] = {"refused": "account_cannot_be_paid", "returned": "account_closed"}
"""Why the sandbox spoils a payout or a refund."""


def scenario_of(method: str, amount_minor: int) -> Scenario:
    """Say what a payment is told to do: by its method, or with a plain card by its amount."""
    if method == "card":
        return _BY_AMOUNT.get(amount_minor, BY_METHOD[method])
    return BY_METHOD.get(method, UNKNOWN)


def is_first_try(key: str) -> bool:
    """Whether a command's key is that of its first attempt (later ones end in `#2`, `#3`)."""
    return "#" not in key
