"""How people are hired: the processes of a job and of an application, and the rules of a job's price and deadline."""

from datetime import datetime
from typing import ClassVar, Final, Literal

from freehold.domain.errors import Fault, Refused
from freehold.domain.money import EXPONENTS, Money
from freehold.domain.process import Process, Step

LONGEST_INSPECTION_S: Final = 30 * 86_400

JOB: Final = Process(
    "job",
    (
        Step(name="publish", actor="employer", sources=("draft",), target="open"),
        Step(name="pause", actor="employer", sources=("open",), target="paused"),
        Step(name="resume", actor="employer", sources=("paused",), target="open"),
        Step(name="close", actor="employer", sources=("open", "paused", "expired"), target="closed"),
        Step(name="edit", actor="employer", sources=("draft",), target="draft"),
        Step(name="edit", actor="employer", sources=("open",), target="open"),
        Step(name="edit", actor="employer", sources=("paused",), target="paused"),
        Step(name="apply", actor="freelancer", sources=("open",), target="open"),
        Step(name="fill", actor="application", sources=("open", "paused", "expired"), target="filled"),
        Step(name="expire", actor="clock", sources=("open", "paused"), target="expired", timer="deadline"),
    ),
)
"""A job. An expired one takes no more applications, but those that it has can still be answered.

`fill` is taken by an application that is accepted. Only filling and closing decline the applications that remain.
"""

APPLICATION: Final = Process(
    "application",
    (
        Step(name="accept", actor="employer", sources=("submitted",), target="accepted"),
        Step(name="decline", actor="employer", sources=("submitted",), target="declined"),
        Step(name="withdraw", actor="freelancer", sources=("submitted",), target="withdrawn"),
        Step(name="pass_over", actor="job", sources=("submitted",), target="declined"),
    ),
)
"""An application. `pass_over` is taken by its job, when that is filled by another or closed."""

JobStep = Literal["publish", "pause", "resume", "close"]
ApplicationStep = Literal["accept", "decline", "withdraw"]


class QuotaExceeded(Refused):
    """The employer has as many open jobs as the operator allows; close or pause one first."""

    code: ClassVar[str] = "quota_exceeded"


class JobNotOpen(Refused):
    """The job takes no applications now."""

    code: ClassVar[str] = "job_not_open"


class OwnJob(Refused):
    """Nobody applies to a job of their own."""

    code: ClassVar[str] = "own_job"


class AlreadyApplied(Refused):
    """One application per freelancer and job, and this freelancer has applied before."""

    code: ClassVar[str] = "already_applied"


class JobHasApplications(Refused):
    """A job that somebody has applied to stays on record; close it instead."""

    code: ClassVar[str] = "job_has_applications"


class TermsSettled(Refused):
    """What applicants have relied on (kind, price, inspection period) cannot change any more; close the job, post another."""

    code: ClassVar[str] = "terms_settled"


def price_faults(kind: str, *, budget: Money | None, least: Money | None, most: Money | None) -> tuple[Fault, ...]:
    """Say what is wrong with a job's price: a fixed job has a budget, an hourly one may have a range (`least`, `most`)."""
    if kind == "hourly":
        misplaced = [Fault("budget", "nothing, because the job is hourly")] if budget else []
        return (*misplaced, *_range_faults(least, most))
    misplaced = [Fault("hourly", "nothing, because the job is fixed")] if least or most else []
    if budget is None:
        return (Fault("budget", "an amount, because the job is fixed"), *misplaced)
    return (*payable_faults("budget", budget), *misplaced)


def payable_faults(field: str, money: Money) -> tuple[Fault, ...]:
    """Say what is wrong with an amount that somebody is to be paid."""
    faults = []
    if money.amount <= 0:
        faults.append(Fault(f"{field}.amount", "more than 0"))
    if money.currency not in EXPONENTS:
        faults.append(Fault(f"{field}.currency", "an ISO 4217 code of a currency that people are paid in"))
    return tuple(faults)


def deadline_faults(deadline: datetime | None, now: datetime) -> tuple[Fault, ...]:
    """Say what is wrong with a job's deadline: it lies in the future."""
    if deadline is None or deadline > now:
        return ()
    return (Fault("deadline", "a time in the future"),)


def inspection_faults(inspection_period_s: int, *, floor_s: int) -> tuple[Fault, ...]:
    """Say what is wrong with an inspection period: it lies between the operator's floor and LONGEST_INSPECTION_S."""
    if floor_s <= inspection_period_s <= LONGEST_INSPECTION_S:
        return ()
    return (Fault("inspection_period_s", f"{floor_s} to {LONGEST_INSPECTION_S} seconds"),)


def _range_faults(least: Money | None, most: Money | None) -> tuple[Fault, ...]:
    if least is None or most is None:
        return ()
    faults = (*payable_faults("hourly.least", least), *payable_faults("hourly.most", most))
    if least.currency != most.currency:
        return (*faults, Fault("hourly.most.currency", "the same currency as hourly.least"))
    if least.amount > most.amount:
        return (*faults, Fault("hourly.most.amount", "at least hourly.least"))
    return faults
