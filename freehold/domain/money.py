"""Money: integer minor units and an ISO 4217 code. No float comes near it."""

from typing import Annotated

from msgspec import Meta, Struct

Currency = Annotated[str, Meta(pattern="^[A-Z]{3}$", description="An ISO 4217 code.", examples=["USD"])]
LARGEST_AMOUNT = 2**53 - 1


class Money(Struct, frozen=True, forbid_unknown_fields=True):
    """An amount in minor units (cents for USD) of one currency."""

    amount: Annotated[int, Meta(ge=-LARGEST_AMOUNT, le=LARGEST_AMOUNT)]
    currency: Currency
