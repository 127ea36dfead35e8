"""What is held for one milestone, as a value: its deposit, its balances, its legs; and what must always be true of them."""

from typing import Final

from msgspec import Struct

from freehold.domain.fees import FeeSchedule, fee_of
from freehold.domain.ledger import GUARDED_ACCOUNTS, Balances
from freehold.domain.money import Money
from freehold.domain.money_process import TERMINAL, LegKind, LegState, State

SMALLEST_AMOUNT_MINOR: Final = 100
"""The smallest milestone, and the smallest part of one, in minor units: 1.00 USD, 100 JPY."""
LARGEST_AMOUNT_MINOR: Final = 10_000_000_000
"""The largest milestone, in minor units: 100,000,000.00 USD."""
LEGS_LIMIT: Final = 20
"""The last leg always takes the whole rest, so that nothing is ever stuck."""


class Leg(Struct, frozen=True, kw_only=True):
    """One release or refund, in minor units. `origin` is where the milestone was; `attempt` counts tries at the gateway."""

    number: int
    kind: LegKind
    gross: int
    fee: int = 0
    tax: int = 0
    origin: State
    state: LegState = "pending"
    attempt: int = 1

    @property
    def net(self) -> int:
        """What reaches the payee: never rounded itself, always what fee and tax leave."""
        return self.gross - self.fee - self.tax


class Holding(Struct, frozen=True, kw_only=True):
    """A milestone's money. `amount` is what was agreed; all else is what has happened to it so far.

    `payment_id` is the newest payment, `fund_attempt` counts them, `paid_payment_id` is the one that was paid;
    `fee_schedule` is captured at funding.
    """

    amount: Money
    gateway: str | None = None
    payment_id: str | None = None
    payment_refused: bool = False
    paid_payment_id: str | None = None
    fund_attempt: int = 0
    fee_schedule: FeeSchedule | None = None
    deposited: int = 0
    balances: Balances = Balances()
    legs: tuple[Leg, ...] = ()

    def legs_of(self, kind: LegKind) -> tuple[Leg, ...]:
        """List the legs of this kind."""
        return tuple(leg for leg in self.legs if leg.kind == kind)

    @property
    def released(self) -> int:
        """What the client has released (gross, minor units), whether or not it has reached the freelancer yet."""
        return sum(leg.gross for leg in self.legs_of("release"))

    @property
    def fees(self) -> int:
        """What the platform has taken (minor units)."""
        return sum(leg.fee for leg in self.legs)

    @property
    def paid_out(self) -> int:
        """What has reached the freelancer (net, minor units)."""
        return sum(leg.net for leg in self.legs_of("release") if leg.state == "done")

    @property
    def refunded(self) -> int:
        """What has gone back to the client (minor units)."""
        return sum(leg.gross for leg in self.legs_of("refund") if leg.state == "done")


class Held(Struct, frozen=True, kw_only=True):
    """A milestone as its money sees it."""

    milestone_id: str
    state: State
    holding: Holding
    chargeback: str | None = None


def faults_of(held: Held) -> tuple[str, ...]:
    """Name every invariant that does not hold of this milestone; none, when all is well.

    Invariants 1 to 5 of the ledger, as far as one milestone shows them; the audit and the tests check the rest.
    """
    holding, balances = held.holding, held.holding.balances
    open_legs = [leg for leg in holding.legs if leg.state != "done"]
    checks = {
        "a held balance is below zero": all(getattr(balances, account) >= 0 for account in GUARDED_ACCOUNTS),
        "the deposit is not what is held and what the legs took": holding.deposited
        == balances.escrow + balances.disputed + sum(leg.gross for leg in holding.legs),
        "payable is not the nets that are still to be paid": balances.payable
        == sum(leg.net for leg in open_legs if leg.kind == "release"),
        "refund_due is not the refunds that are still to be made": balances.refund_due
        == sum(leg.gross for leg in open_legs if leg.kind == "refund"),
        "the fees are not the fee of what was released": holding.fees == _fee_due(holding),
        "a leg is empty or pays nothing": all(leg.gross > 0 and leg.net > 0 for leg in holding.legs),
        "the legs are not numbered one by one": [leg.number for leg in holding.legs] == list(range(1, len(holding.legs) + 1)),
        "more than one leg is open": len(open_legs) <= 1,
        "a milestone that is over still holds money": held.state not in TERMINAL or balances == type(balances)(),
        "a milestone without a deposit holds money": held.state not in {"created", "funding"} or holding.deposited == 0,
        "a milestone with work in it holds nothing": held.state not in {"funded", "submitted"} or balances.escrow > 0,
    }
    return tuple(fault for fault, holds in checks.items() if not holds)


def _fee_due(holding: Holding) -> int:
    return fee_of(holding.released, holding.fee_schedule) if holding.fee_schedule else 0
