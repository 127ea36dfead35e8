"""The platform's fee: integer basis points of what is released, rounded half up, never twice.

A milestone keeps the schedule that was current when it was funded; a later schedule does not touch it.
"""

from typing import Annotated, Final

from msgspec import Meta, Struct

from freehold.domain.errors import InvalidValue

WHOLE_BASIS_POINTS: Final = 10_000
LARGEST_FEE_BASIS_POINTS: Final = 5_000
"""Half of it: more is no fee."""
LARGEST_TAX_BASIS_POINTS: Final = 4_000
"""With the largest fee this still leaves the freelancer a tenth."""


class FeeSchedule(Struct, frozen=True):
    """One version of what the platform takes from the freelancer's side of a release.

    `tax_basis_points` is what it must withhold of the gross for a tax office (0 where there is no such duty).
    """

    version: int
    basis_points: Annotated[int, Meta(ge=0, le=LARGEST_FEE_BASIS_POINTS)]
    tax_basis_points: Annotated[int, Meta(ge=0, le=LARGEST_TAX_BASIS_POINTS)] = 0


FEE_SCHEDULES: Final[tuple[FeeSchedule, ...]] = (FeeSchedule(version=1, basis_points=1_000),)
"""Every schedule there ever was, oldest first. Append; never edit a version that a milestone may have captured."""

CURRENT_FEE_SCHEDULE: Final = FEE_SCHEDULES[-1]


def fee_of(amount_minor: int, schedule: FeeSchedule) -> int:
    """Compute the fee of a whole amount, in minor units: half up, exact in integers."""
    if amount_minor < 0:
        raise InvalidValue("a fee is taken of what is released, which is never below zero")
    return (amount_minor * schedule.basis_points + WHOLE_BASIS_POINTS // 2) // WHOLE_BASIS_POINTS


def tax_of(amount_minor: int, schedule: FeeSchedule) -> int:
    """Compute what is withheld of a whole amount, in minor units: half up, exact in integers."""
    return (amount_minor * schedule.tax_basis_points + WHOLE_BASIS_POINTS // 2) // WHOLE_BASIS_POINTS


def fee_of_leg(*, gross_minor: int, released_before_minor: int, taken_before_minor: int, schedule: FeeSchedule) -> int:
    """Compute one leg's fee: the fee of everything released with it, less what earlier legs already gave.

    So the fees of any number of legs sum to the fee of the whole, to the last minor unit.
    """
    return fee_of(released_before_minor + gross_minor, schedule) - taken_before_minor


def tax_of_leg(
    *, gross_minor: int, fee_minor: int, released_before_minor: int, taken_before_minor: int, schedule: FeeSchedule
) -> int:
    """Compute one leg's tax as its fee is computed; never more than the fee leaves (a later leg makes up for a unit)."""
    due = tax_of(released_before_minor + gross_minor, schedule) - taken_before_minor
    return max(0, min(due, gross_minor - fee_minor))
