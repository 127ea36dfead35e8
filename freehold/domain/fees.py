"""The platform's fee: integer basis points of what is released, rounded half up, never twice.

A milestone keeps the schedule that was current when it was funded; a later schedule does not touch it.
"""

from typing import Annotated, Final

from msgspec import Meta, Struct

from freehold.domain.errors import InvalidValue

WHOLE_BASIS_POINTS: Final = 10_000
LARGEST_FEE_BASIS_POINTS: Final = 5_000
"""Above a half, rounding could leave the freelancer nothing of a small leg."""


class FeeSchedule(Struct, frozen=True):
    """One version of what the platform takes from the freelancer's side of a release."""

    version: int
    basis_points: Annotated[int, Meta(ge=0, le=LARGEST_FEE_BASIS_POINTS)]


FEE_SCHEDULES: Final[tuple[FeeSchedule, ...]] = (FeeSchedule(version=1, basis_points=1_000),)
"""Every schedule there ever was, oldest first. Append; never edit a version that a milestone may have captured."""

CURRENT_FEE_SCHEDULE: Final = FEE_SCHEDULES[-1]


def fee_of(amount_minor: int, schedule: FeeSchedule) -> int:
    """Compute the fee of a whole amount, in minor units: half up, exact in integers."""
    if amount_minor < 0:
        raise InvalidValue("a fee is taken of what is released, which is never below zero")
    return (amount_minor * schedule.basis_points + WHOLE_BASIS_POINTS // 2) // WHOLE_BASIS_POINTS


def fee_of_leg(*, gross_minor: int, released_before_minor: int, taken_before_minor: int, schedule: FeeSchedule) -> int:
    """Compute one leg's fee: the fee of everything released with it, less what earlier legs already gave.

    So the fees of any number of legs sum to the fee of the whole, to the last minor unit.
    """
    return fee_of(released_before_minor + gross_minor, schedule) - taken_before_minor
