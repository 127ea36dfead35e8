"""What is held for one milestone, as a value: its deposit, its balances, its legs; and what must always be true of them."""

from typing import Final, Literal

from msgspec import Struct

from freehold.domain.fees import FeeSchedule, fee_of, tax_of
from freehold.domain.ledger import GUARDED_ACCOUNTS, Balances
from freehold.domain.legs import Chargeback, ClosedDispute, Leg, OpenDispute, Proposal
from freehold.domain.money import Money
from freehold.domain.money_process import TERMINAL, HoldingKind, LegKind, State

SMALLEST_AMOUNT_MINOR: Final = 100
"""The smallest milestone, and the smallest part of one, in minor units: 1.00 USD, 100 JPY."""
LARGEST_AMOUNT_MINOR: Final = 10_000_000_000
"""The largest milestone, in minor units: 100,000,000.00 USD."""


class Holding(Struct, frozen=True, kw_only=True):
    """A milestone's money. `amount` is what was agreed; all else is what has happened to it so far.

    `payment_id` is the newest payment, `fund_attempt` counts them, `paid_payment_id` is the one that was paid;
    `fee_schedule` is captured at funding. `work` is what what is left in escrow waits for. `dispute` is the one that is open.
    """

    amount: Money
    gateway: str | None = None
    payment_id: str | None = None
    payment_refused: bool = False
    paid_payment_id: str | None = None
    fund_attempt: int = 0
    fee_schedule: FeeSchedule | None = None
    deposited: int = 0
    work: Literal["funded", "submitted"] = "funded"
    balances: Balances = Balances()
    legs: tuple[Leg, ...] = ()
    proposal: Proposal | None = None
    dispute: OpenDispute | None = None
    disputes: tuple[ClosedDispute, ...] = ()
    chargebacks: tuple[Chargeback, ...] = ()

    def legs_of(self, kind: LegKind) -> tuple[Leg, ...]:
        """List the legs of this kind."""
        return tuple(leg for leg in self.legs if leg.kind == kind)

    def leg(self, number: int | None) -> Leg | None:
        """Give the leg of this number."""
        return next((leg for leg in self.legs if leg.number == number), None)

    def chargeback(self, identifier: str | None) -> Chargeback | None:
        """Give the chargeback of this name."""
        return next((chargeback for chargeback in self.chargebacks if chargeback.id == identifier), None)

    @property
    def open_chargeback(self) -> str | None:
        """Name a chargeback that is not decided yet."""
        return next((chargeback.id for chargeback in self.chargebacks if chargeback.state == "open"), None)

    @property
    def released(self) -> int:
        """What was released and not given back (gross, minor units), whether or not it has reached the freelancer yet."""
        return sum(leg.kept for leg in self.legs_of("release"))

    @property
    def fees(self) -> int:
        """What the platform has taken of releases, and not given back (minor units)."""
        return sum(leg.fee - leg.fee_returned for leg in self.legs_of("release"))

    @property
    def taxes(self) -> int:
        """What was withheld for the tax office, and not given back (minor units)."""
        return sum(leg.tax - leg.tax_returned for leg in self.legs_of("release"))

    @property
    def dispute_fees(self) -> int:
        """What the platform has taken for disputes (minor units)."""
        return sum(dispute.fee for dispute in self.disputes)

    @property
    def paid_out(self) -> int:
        """What has gone to the freelancer through the gateway (minor units)."""
        return sum(leg.sent for leg in self.legs_of("release") if leg.state == "done")

    @property
    def exchanging(self) -> int:
        """What is on its way to the freelancer in another currency (minor units of the milestone's)."""
        return sum(leg.exchanging for leg in self.legs_of("release"))

    @property
    def refunded(self) -> int:
        """What has gone back to the client, also by hand (minor units)."""
        return sum(leg.gross - leg.taken for leg in self.legs_of("refund") if leg.state == "done")

    @property
    def charged_back(self) -> int:
        """What the payer's bank has taken back for good, of money that was still to be had (minor units)."""
        return sum(chargeback.amount - chargeback.taking.lost for chargeback in self.chargebacks if chargeback.state == "lost")

    @property
    def outside(self) -> int:
        """What of the deposit a chargeback has taken straight out of escrow and dispute (minor units)."""
        return sum(chargeback.taking.escrow + chargeback.taking.disputed for chargeback in self.chargebacks)


class Held(Struct, frozen=True, kw_only=True):
    """A milestone as its money sees it. `payee_id` is the freelancer."""

    milestone_id: str
    payee_id: str = ""
    kind: HoldingKind = "milestone"
    state: State
    holding: Holding

    @property
    def chargeback(self) -> str | None:
        """Name a chargeback that is open."""
        return self.holding.open_chargeback


def resting_state(holding: Holding) -> State:
    """Say where a milestone with a deposit is, by where its money is."""
    waiting = {leg.kind for leg in holding.legs if leg.state == "pending"}
    stuck = {leg.kind for leg in holding.legs if leg.state == "blocked"}
    if {"release", "refund"} <= waiting:
        return "settling"
    if "release" in waiting:
        return "releasing"
    if "refund" in waiting:
        return "refunding"
    if stuck:
        return "payout_blocked" if "release" in stuck else "refund_blocked"
    if holding.balances.escrow:
        return holding.work
    return "disputed" if holding.balances.disputed else _ended(holding)


def _ended(holding: Holding) -> State:
    """Say how it ended, once nothing is held any more."""
    if holding.released:
        return "released"
    lost = any(chargeback.state == "lost" for chargeback in holding.chargebacks)
    return "charged_back" if lost else "refunded"


def faults_of(held: Held) -> tuple[str, ...]:
    """Name every invariant that does not hold of this milestone; none, when all is well.

    Invariants 1 to 5 of the ledger, as far as one milestone shows them; the audit and the tests check the rest.
    """
    holding, balances = held.holding, held.holding.balances
    releases, refunds = holding.legs_of("release"), holding.legs_of("refund")
    checks = {
        "a held balance is below zero": all(getattr(balances, account) >= 0 for account in GUARDED_ACCOUNTS),
        "the deposit is not what is held and what the legs took": holding.deposited == _accounted(holding),
        "payable is not the nets that are still to be paid": balances.payable
        == sum(leg.sent - leg.exchanging for leg in releases if leg.is_open),
        "an exchange is not of what its leg sends": all(_is_exchanged_whole(leg) for leg in holding.legs),
        "refund_due is not the refunds that are still to be made": balances.refund_due
        == sum(leg.sent for leg in refunds if leg.is_open),
        "disputed is not what the dispute freezes": balances.disputed == (holding.dispute.amount if holding.dispute else 0),
        "the fees are not the fee of what was released": holding.fees == _fee_due(holding),
        "the taxes are not the tax of what was released": abs(holding.taxes - _tax_due(holding)) <= len(releases),
        "a leg is empty, or gives more than it has": all(_is_sound(leg) for leg in holding.legs),
        "the legs are not numbered one by one": [leg.number for leg in holding.legs] == list(range(1, len(holding.legs) + 1)),
        "a milestone that is over still holds money": held.state not in TERMINAL or balances == type(balances)(),
        "a milestone without a deposit holds money": held.state not in {"created", "funding"} or holding.deposited == 0,
        "a milestone with work in it holds nothing": held.state not in {"funded", "submitted"} or balances.escrow > 0,
        "the state is not where the money is": not holding.deposited or held.state == resting_state(holding),
        "a chargeback took another amount than its own": all(_adds_up(chargeback) for chargeback in holding.chargebacks),
    }
    return tuple(fault for fault, holds in checks.items() if not holds)


def _accounted(holding: Holding) -> int:
    """Add up where the deposit is: still held, in legs that came out of it, taken for disputes, or taken back."""
    balances = holding.balances
    out_of_it = sum(leg.gross for leg in holding.legs if leg.kind != "reversal" and leg.source != "released")
    return balances.escrow + balances.disputed + out_of_it + holding.dispute_fees + holding.outside


def _is_sound(leg: Leg) -> bool:
    return leg.gross > 0 and leg.sent >= 0 and leg.net_kept >= 0 and 0 <= leg.returned <= leg.gross and leg.reversed <= leg.sent


def _is_exchanged_whole(leg: Leg) -> bool:
    """Whether the attempt that is on its way or done sends what it exchanges, and no other attempt is on its way."""
    exchange = leg.exchange
    under_way = {each.attempt for each in leg.exchanges if each.state == "asked"}
    if exchange is None or exchange.state in {"undone", "returned"}:
        return not under_way
    expected = "pending" if exchange.state == "asked" else "done"
    return leg.state == expected and exchange.conversion.source.amount == leg.sent and under_way <= {leg.attempt}


def _adds_up(chargeback: Chargeback) -> bool:
    taken = chargeback.taking
    whole = (
        taken.escrow + taken.disputed + taken.refund_due + taken.payable + taken.debt + taken.fees + taken.tax + taken.lost
    )  # fmt: skip
    return whole == (chargeback.amount if chargeback.state == "lost" else 0)


def _fee_due(holding: Holding) -> int:
    return fee_of(max(0, holding.released), holding.fee_schedule) if holding.fee_schedule else 0


def _tax_due(holding: Holding) -> int:
    return tax_of(max(0, holding.released), holding.fee_schedule) if holding.fee_schedule else 0
