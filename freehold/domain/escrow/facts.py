"""What a step is told, and what it gives back."""

from msgspec import Struct

from freehold.domain.conversion import Conversion, Terms
from freehold.domain.fees import FeeSchedule
from freehold.domain.holding import Held
from freehold.domain.ledger import Journal
from freehold.domain.legs import Leg
from freehold.domain.money import Money
from freehold.domain.money_process import CommandKind, Row


class Facts(Struct, frozen=True, kw_only=True):
    """What a step is told: only what its row uses is looked at. Amounts are in minor units.

    `part` is what a release, refund or dispute asks for (null: all that there is), or the freelancer's part of a split or
    settlement; `leg` and `attempt` say what a gateway's outcome is about. `debt` is what the freelancer owes in this currency
    and may be kept back, `hold` why nothing may be paid out to them now, `terms` in which other currency they are paid.
    `received` is what an exchange brought (of the target's currency), `given_back` what came back of one.
    """

    payment_id: str | None = None
    gateway: str | None = None
    fee_schedule: FeeSchedule | None = None
    paid: Money | None = None
    gateway_fee: int = 0
    part: int | None = None
    leg: int | None = None
    attempt: int = 1
    reason: str | None = None
    debt: int = 0
    hold: str | None = None
    terms: Terms | None = None
    received: int = 0
    given_back: int = 0
    dispute_id: str | None = None
    dispute_fee: int = 0
    dispute_fee_of_client: int = 0
    chargeback_id: str | None = None


class Command(Struct, frozen=True, kw_only=True):
    """What a step asks of the payment gateway. The key is what makes it happen once.

    `transfer_key` names the transfer that a reversal takes back from; `conversion` is what a transfer of its target exchanges.
    """

    kind: CommandKind
    key: str
    attempt: int
    money: Money
    payment_id: str | None
    leg: int | None = None
    transfer_key: str | None = None
    conversion: Conversion | None = None


class Step(Struct, frozen=True, kw_only=True):
    """What one transition does: the row that allowed it, what is held afterwards, and what is written beside.

    `legs` are those that it opened or turned; `debt` is by how much what the freelancer owes, and can be kept back, changes.
    """

    row: Row
    before: Held
    after: Held
    journals: tuple[Journal, ...] = ()
    commands: tuple[Command, ...] = ()
    legs: tuple[Leg, ...] = ()
    debt: int = 0

    @property
    def leg(self) -> Leg | None:
        """The leg that it is about (of several, the first)."""
        return self.legs[0] if self.legs else None

    @property
    def command(self) -> Command | None:
        """What it asks of the gateway (of several, the first)."""
        return self.commands[0] if self.commands else None
