"""`GET /api/fees/preview`."""

from typing import Annotated, Final

from msgspec import Meta, Struct

from freehold.domain.errors import Fault, refuse_faults
from freehold.domain.escrow import PartNotCovered, TooManyParts
from freehold.domain.fee_preview import PreviewedLeg, preview
from freehold.domain.holding import LARGEST_AMOUNT_MINOR, SMALLEST_AMOUNT_MINOR
from freehold.domain.money import EXPONENTS, Currency, Money
from freehold.edge import Call, endpoint
from freehold.store.fees import schedule_in_force

MOST_PARTS: Final = 20

Minor = Annotated[int, Meta(ge=SMALLEST_AMOUNT_MINOR, le=LARGEST_AMOUNT_MINOR, description="In minor units.")]


class PreviewQuery(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An amount to be paid for (100.00 USD if left out), and the parts in which it would be released, the rest last.

    `parts` may be repeated.
    """

    amount: Minor = 10_000
    currency: Currency = "USD"
    parts: Annotated[tuple[Minor, ...], Meta(max_length=MOST_PARTS)] = ()


class PreviewView(Struct, frozen=True, kw_only=True):
    """What would be taken of each release, and of all of them together: `amount` = `net` + `fee` + `tax`, exactly."""

    version: int
    amount: Money
    fee: Money
    tax: Money
    net: Money
    legs: tuple[PreviewedLeg, ...]


@endpoint("GET /api/fees/preview", auth="anyone", errors=[PartNotCovered, TooManyParts])
async def preview_fees(call: Call, query: PreviewQuery) -> PreviewView:
    """Say what the platform would take if this were paid for now: by the same engine that takes it.

    Raises PartNotCovered for a part that is more than what is left, or leaves less than the smallest amount; TooManyParts.
    """
    if query.currency not in EXPONENTS:
        refuse_faults(Fault("currency", "an ISO 4217 code of a currency that people are paid in"))
    schedule = await schedule_in_force(call.store)
    amount = Money(query.amount, query.currency)
    legs = preview(amount, schedule, query.parts)
    fee, tax, net = (
        sum(part) for part in zip(*((leg.fee.amount, leg.tax.amount, leg.net.amount) for leg in legs), strict=True)
    )
    return PreviewView(
        version=schedule.version,
        amount=amount,
        fee=Money(fee, query.currency),
        tax=Money(tax, query.currency),
        net=Money(net, query.currency),
        legs=legs,
    )
