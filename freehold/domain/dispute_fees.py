"""What a dispute costs, and how the disputed money is divided by its outcome: integers, to the last minor unit.

The fee is the smaller of a fixed amount and a share of the claim, so that a small claim never pays for a large apparatus. It is
taken out of what the side that pays has been awarded, never out of the other side's part, and it leaves of that part what is
worth moving. What each side gets and the fee add up to what was disputed, always.
"""

from typing import Annotated, Final

from msgspec import Meta, Struct

from freehold.domain.dispute_process import Party, Payer
from freehold.domain.errors import InvalidValue
from freehold.domain.fees import WHOLE_BASIS_POINTS
from freehold.domain.holding import SMALLEST_AMOUNT_MINOR
from freehold.domain.money import allocated

LARGEST_SHARE_BASIS_POINTS: Final = 1_000


class DisputeFee(Struct, frozen=True, kw_only=True):
    """What a dispute of one currency may cost at most: a share of the claim, and `fixed` minor units where that is set."""

    version: int
    basis_points: Annotated[int, Meta(ge=0, le=LARGEST_SHARE_BASIS_POINTS)]
    fixed: Annotated[int, Meta(ge=0)] | None = None


class DisputeFeeSchedule(Struct, frozen=True, kw_only=True):
    """One version of the rule. `fixed` is in minor units per currency; in other currencies the share alone is the limit."""

    version: int
    basis_points: int
    fixed: dict[str, int]

    def fee_in(self, currency: str) -> DisputeFee:
        """Give the rule for one currency, as a dispute captures it when it is filed."""
        return DisputeFee(version=self.version, basis_points=self.basis_points, fixed=self.fixed.get(currency))


DISPUTE_FEE_SCHEDULES: Final[tuple[DisputeFeeSchedule, ...]] = (
    DisputeFeeSchedule(
        version=1, basis_points=500, fixed={"USD": 5_000, "EUR": 5_000, "GBP": 4_000, "INR": 400_000, "JPY": 7_500}
    ),
)
"""Every schedule there ever was, oldest first. Append; never edit a version that a dispute may have captured."""
CURRENT_DISPUTE_FEES: Final = DISPUTE_FEE_SCHEDULES[-1]


class Split(Struct, frozen=True, kw_only=True):
    """How disputed money is divided, in minor units: the freelancer's part (gross), what goes back to the client, the fee.

    `fee_of_client` is what of the fee was taken out of the client's part.
    """

    to_freelancer: int
    to_client: int
    fee: int = 0
    fee_of_client: int = 0


def fee_for(claim_minor: int, fee: DisputeFee) -> int:
    """Compute what a claim costs, in minor units: rounded down, so never above the share."""
    share = claim_minor * fee.basis_points // WHOLE_BASIS_POINTS
    return share if fee.fixed is None else min(fee.fixed, share)


def is_payable(part_minor: int, disputed_minor: int) -> bool:
    """Say whether the disputed money can be split so: each side gets nothing, or at least what is worth moving."""
    rest_minor = disputed_minor - part_minor
    return part_minor >= 0 <= rest_minor and all(
        part == 0 or part >= SMALLEST_AMOUNT_MINOR for part in (part_minor, rest_minor)
    )


def loser_of(*, filer: Party, claim_minor: int, granted_minor: int) -> Party:
    """Say who has lost: the filer, when less than half of the claim is granted, else the other side."""
    return filer if 2 * granted_minor < claim_minor else other_party(filer)


def other_party(party: Party) -> Party:
    """Name the other one of the two."""
    return "freelancer" if party == "client" else "client"


def split_of(*, disputed_minor: int, to_freelancer_minor: int, fee_minor: int, payers: tuple[Party, ...]) -> Split:
    """Divide what was disputed: what was awarded, less the fee for those who pay it.

    Two pay half each, the client the odd unit. Raises InvalidValue when the award is not within what was disputed.
    """
    awarded: dict[Party, int] = {"freelancer": to_freelancer_minor, "client": disputed_minor - to_freelancer_minor}
    if min(awarded.values()) < 0 or fee_minor < 0:
        raise InvalidValue(f"{to_freelancer_minor} is not within the {disputed_minor} that are disputed")
    shares: dict[Party, int] = dict.fromkeys(payers, fee_minor)
    if len(payers) > 1:
        shares = {"freelancer": fee_minor // 2, "client": fee_minor - fee_minor // 2}
    paid = {party: min(share, _spare(awarded[party])) for party, share in shares.items()}
    return Split(
        to_freelancer=awarded["freelancer"] - paid.get("freelancer", 0),
        to_client=awarded["client"] - paid.get("client", 0),
        fee=sum(paid.values()),
        fee_of_client=paid.get("client", 0),
    )


def scaled(split: Split, frozen_minor: int) -> Split:
    """Divide less than what was disputed in the same proportions (a chargeback has taken the rest); never more."""
    if frozen_minor >= split.to_freelancer + split.to_client + split.fee:
        return split
    shares = (split.to_freelancer, split.to_client, split.fee - split.fee_of_client, split.fee_of_client)
    to_freelancer, to_client, of_freelancer, of_client = allocated(frozen_minor, shares)
    return Split(to_freelancer=to_freelancer, to_client=to_client, fee=of_freelancer + of_client, fee_of_client=of_client)


def payers_of(payer: Payer, *, filer: Party, claim_minor: int, granted_minor: int) -> tuple[Party, ...]:
    """Name the parties who pay a dispute's fee."""
    match payer:
        case "nobody":
            return ()
        case "respondent":
            return (other_party(filer),)
        case "both":
            return ("client", "freelancer")
        case "loser":
            return (loser_of(filer=filer, claim_minor=claim_minor, granted_minor=granted_minor),)


def _spare(awarded_minor: int) -> int:
    return max(0, awarded_minor - SMALLEST_AMOUNT_MINOR)
