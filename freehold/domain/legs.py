"""Legs: the numbered movements of a milestone's money, as values. Here too: its disputes and chargebacks, as it knows them.

A release pays the freelancer, a refund pays the client, a reversal takes back what a transfer has paid. Amounts are minor
units of the milestone's currency.
"""

from collections.abc import Mapping
from typing import Final, Literal

from msgspec import Struct

from freehold.domain.conversion import Conversion
from freehold.domain.money_process import CommandKind, LegKind, LegState, Party, Source, State

COMMANDS: Final[Mapping[LegKind, CommandKind]] = {"release": "transfer", "refund": "refund", "reversal": "reversal"}
"""What the gateway is asked to do for each kind of leg."""
LEGS_LIMIT: Final = 20
"""The last leg of parts always takes the whole rest, so that nothing is ever stuck."""
DISPUTES_LIMIT: Final = 5
"""So many disputes there may ever be about one milestone."""
CHARGEBACKS_LIMIT: Final = 5
"""So many chargebacks of one payment are taken in; a further one is for a person to look at."""


ExchangeState = Literal["asked", "done", "undone", "returned"]


class Exchange(Struct, frozen=True, kw_only=True):
    """How one attempt at a release pays its payee in another currency.

    `asked`: its money is on its way, and owed in the target's currency; `undone`: the attempt was refused, and it is owed in
    the milestone's again. `received` is what the gateway's exchange really brought (minor units of the target's currency),
    `given_back` what came back of a payout that was `returned` (minor units of the milestone's).
    """

    attempt: int
    conversion: Conversion
    spread_basis_points: int
    quote_id: str | None = None
    state: ExchangeState = "asked"
    received: int = 0
    given_back: int = 0


class Leg(Struct, frozen=True, kw_only=True):
    """One movement. `gross` = `net` + `fee` + `tax`; `origin` is where the milestone was; `attempt` counts tries.

    Of a release's net, `offsets` (attempt, amount) went to the freelancer's debts, and `taken` went back to the payer's bank
    before it was sent (of a refund: `taken` of its gross). Of what was released, `returned` (gross, with its part of fee and
    tax) was given or taken back later, and `reversed` of what was sent is asked back from the freelancer's account. `bounced`
    are the attempts that were done and came back, `exchanges` those that pay in another currency. A reversal says which
    release it `reverses`. `reason` is why it is blocked.
    """

    number: int
    kind: LegKind
    gross: int
    fee: int = 0
    tax: int = 0
    source: Source = "escrow"
    origin: State
    state: LegState = "pending"
    attempt: int = 1
    offsets: tuple[tuple[int, int], ...] = ()
    taken: int = 0
    returned: int = 0
    fee_returned: int = 0
    tax_returned: int = 0
    reversed: int = 0
    bounced: tuple[int, ...] = ()
    reverses: int | None = None
    by_hand: bool = False
    reason: str | None = None
    exchanges: tuple[Exchange, ...] = ()

    @property
    def net(self) -> int:
        """What is the payee's: never rounded itself, always what fee and tax leave."""
        return self.gross - self.fee - self.tax

    @property
    def offset(self) -> int:
        """What of the net went to the payee's debts."""
        return sum(amount for _, amount in self.offsets)

    @property
    def sent(self) -> int:
        """What goes through the gateway."""
        return self.net - self.offset - self.taken

    @property
    def kept(self) -> int:
        """What of a release's gross was not given back."""
        return self.gross - self.returned

    @property
    def net_kept(self) -> int:
        """What of a release's net was not given back."""
        return self.net - (self.returned - self.fee_returned - self.tax_returned)

    @property
    def exchange(self) -> Exchange | None:
        """How this attempt is paid in another currency; null when it is paid in the milestone's."""
        return next((each for each in self.exchanges if each.attempt == self.attempt), None)

    @property
    def exchanging(self) -> int:
        """What of a release is not payable any more, because it is owed in another currency while it is on its way."""
        exchange = self.exchange
        return self.sent if exchange is not None and exchange.state == "asked" else 0

    @property
    def is_open(self) -> bool:
        """Whether its money waits: for the gateway, or for somebody to act."""
        return self.state in {"pending", "blocked"}


class Proposal(Struct, frozen=True, kw_only=True):
    """How one party would share what is held: `part` for the freelancer, the rest back to the client."""

    by: Party
    part: int


class OpenDispute(Struct, frozen=True, kw_only=True):
    """The dispute that is open: it freezes `amount`, which is what the account `disputed` holds."""

    id: str
    amount: int


class Taking(Struct, frozen=True, kw_only=True):
    """Out of which accounts money was taken back; `lost` is what nobody is left to pay."""

    escrow: int = 0
    disputed: int = 0
    refund_due: int = 0
    payable: int = 0
    debt: int = 0
    fees: int = 0
    tax: int = 0
    lost: int = 0


class Chargeback(Struct, frozen=True, kw_only=True):
    """The payer's bank takes `amount` back; `fee` is the gateway's. Once that is `lost`, `taking` says who bore it."""

    id: str
    amount: int
    fee: int = 0
    state: Literal["open", "won", "lost"] = "open"
    taking: Taking = Taking()


class ClosedDispute(Struct, frozen=True, kw_only=True):
    """A dispute that is over: how much it froze at first, how it ended, and what the platform took for it.

    `fee_of_client` of the `fee` was taken out of what the client got back, the rest out of the freelancer's part.
    """

    id: str
    amount: int
    ended: Literal["withdrawn", "settled", "moot"]
    fee: int = 0
    fee_of_client: int = 0
