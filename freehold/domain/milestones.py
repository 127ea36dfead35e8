"""Milestones before money: what one must be, when it may change, and how many a project has."""

from collections.abc import Iterable
from datetime import datetime
from typing import ClassVar, Final

from freehold.domain.errors import Fault, InvalidValue, Refused
from freehold.domain.holding import LARGEST_AMOUNT_MINOR, SMALLEST_AMOUNT_MINOR, Held
from freehold.domain.money import Money, UnknownCurrency, require_payable
from freehold.domain.money_process import TERMINAL, State
from freehold.domain.process import NotInThisState

MILESTONES_PER_PROJECT: Final = 50


class TooManyMilestones(Refused):
    """The project has as many milestones as a project can have."""

    code: ClassVar[str] = "too_many_milestones"


class ProjectNotActive(Refused):
    """The project is over; nothing is added to it or paid into it."""

    code: ClassVar[str] = "project_not_active"


def amount_faults(amount: Money, *, agreed_currency: str, field: str = "amount") -> tuple[Fault, ...]:
    """Say what is wrong with a milestone's amount: within the limits, in the currency that the project agreed on."""
    try:
        require_payable(amount, smallest_minor=SMALLEST_AMOUNT_MINOR, largest_minor=LARGEST_AMOUNT_MINOR)
    except UnknownCurrency:
        return (Fault(f"{field}.currency", "an ISO 4217 code of a currency that people are paid in"),)
    except InvalidValue:
        return (Fault(f"{field}.amount", f"{SMALLEST_AMOUNT_MINOR} to {LARGEST_AMOUNT_MINOR} minor units"),)
    return currency_faults(amount, agreed_currency=agreed_currency, field=field)


def currency_faults(amount: Money, *, agreed_currency: str, field: str = "amount") -> tuple[Fault, ...]:
    """Say whether an amount is in another currency than what was agreed."""
    if amount.currency == agreed_currency:
        return ()
    return (Fault(f"{field}.currency", f"{agreed_currency}, which the project agreed on"),)


def due_faults(due_at: datetime | None, now: datetime) -> tuple[Fault, ...]:
    """Say what is wrong with a delivery date: it lies in the future."""
    return () if due_at is None or due_at > now else (Fault("due_at", "a time in the future"),)


def require_editable(state: State) -> None:
    """Raise NotInThisState unless nothing has been asked of a gateway yet."""
    if state != "created":
        raise NotInThisState(f"the milestone is {state}; it can be edited only before it is funded")


def is_paid_in_full(milestones: Iterable[Held], *, agreed: Money) -> bool:
    """Say whether a project is done: at least what was agreed is released, and no milestone is between payment and end."""
    held = tuple(milestones)
    under_way = any(each.state not in TERMINAL | {"created"} for each in held)
    return not under_way and sum(each.holding.released for each in held) >= agreed.amount
