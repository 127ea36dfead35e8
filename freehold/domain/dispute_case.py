"""A dispute as a value: what is the case, what was offered, proposed and decided; and what a step may be refused for."""

from datetime import datetime
from typing import Annotated, ClassVar, Final, Literal

from msgspec import Meta, Struct

from freehold.domain.dispute_fees import DisputeFee, Split, other_party
from freehold.domain.dispute_process import OutcomeKind, Party, Side, State
from freehold.domain.errors import Refused
from freehold.domain.money import Money

OFFERS_PER_SIDE: Final = 20
NOTES_LIMIT: Final = 50
Moment = Annotated[datetime, Meta(tz=True)]


class SplitNotPayable(Refused):
    """The part is not within what is disputed, or it, or what it leaves, is too small to be moved."""

    code: ClassVar[str] = "split_not_payable"


class TooManyOffers(Refused):
    """The side has made as many offers as one may; accept one of the other side's, or go on to mediation."""

    code: ClassVar[str] = "too_many_offers"


class OfferNotStanding(Refused):
    """There is no such offer to accept or to withdraw: a newer one has taken its place, or it was withdrawn."""

    code: ClassVar[str] = "offer_not_standing"


class AlreadyAccepted(Refused):
    """The side has accepted the proposal; the other side has not yet."""

    code: ClassVar[str] = "already_accepted"


class TooManyNotes(Refused):
    """The mediators have written as many notes as a dispute can have."""

    code: ClassVar[str] = "too_many_notes"


class Offer(Struct, frozen=True, kw_only=True):
    """What one party offers: so many minor units of what is disputed to the freelancer, the rest to the client.

    Of each party only the newest stands.
    """

    number: int
    by: Party
    to_freelancer: int
    note: str = ""
    state: Literal["standing", "replaced", "withdrawn", "accepted"] = "standing"
    made_at: Moment


class Proposal(Struct, frozen=True, kw_only=True):
    """What the mediator proposes, why, and which parties have accepted it."""

    to_freelancer: int
    reasons: str
    accepted_by: tuple[Party, ...] = ()
    made_at: Moment


class Outcome(Struct, frozen=True, kw_only=True):
    """How a dispute was decided: what the freelancer was awarded (before the fee), and what each side gets after it."""

    kind: OutcomeKind
    awarded: int
    split: Split
    reasons: str = ""
    decided_at: Moment


class Case(Struct, frozen=True, kw_only=True):
    """A dispute as its process sees it. `claim` is how many minor units of what is disputed the filer wants."""

    state: State
    filer: Party
    disputed: Money
    claim: int
    fee: DisputeFee
    offers: tuple[Offer, ...] = ()
    proposal: Proposal | None = None
    note_count: int = 0
    outcome: Outcome | None = None

    def side_of(self, party: Party) -> Side:
        """Say on which side a party is."""
        return "filer" if party == self.filer else "respondent"

    def party_on(self, side: Side) -> Party:
        """Say which party is on this side."""
        return self.filer if side == "filer" else other_party(self.filer)

    def standing(self, party: Party) -> Offer | None:
        """Give the offer of this party that the other one can accept."""
        return next((offer for offer in self.offers if offer.by == party and offer.state == "standing"), None)


class Facts(Struct, frozen=True, kw_only=True):
    """What a step is told: only what its row uses is looked at. Amounts are in minor units.

    `frozen` is what is still frozen when the decision is executed; a chargeback may have taken of it.
    """

    now: datetime
    to_freelancer: int | None = None
    frozen: int | None = None
    offer: int | None = None
    text: str = ""
