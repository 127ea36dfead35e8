"""Identifiers: prefixed and ordered by the time of their making (`job_0192...`, UUIDv7 in hex).

Here: the kinds, their checked types for boundaries, the paths that name one (`/api/jobs/{id}`), the making of new ones.
Not here: meaning of any object.
Source: RFC 9562, section 5.7 (UUID version 7) and 6.2 (a counter within the millisecond).
"""

import os
import threading
import time
from typing import Annotated, Final, Literal, get_args

from msgspec import Meta, Struct

Kind = Literal[
    "usr", "ses", "job", "app", "prj", "mst", "pay", "jrn", "rev", "ntf", "evt", "trc", "pme", "poa", "hld", "whk", "rcn",
    "inv", "mal",
    "ten", "wwk",
    "lia",
    "fxq", "fee", "adj", "hrf",
    "dsp", "fil",
]  # fmt: skip
KINDS: Final[tuple[Kind, ...]] = get_args(Kind)


def _of(kind: Kind, noun: str) -> Meta:
    # `$` alone would let a line break through at the end, in Python; so do all patterns of ours end
    return Meta(pattern=rf"^{kind}_[0-9a-f]{{32}}$(?!\n)", description=f"{noun}: `{kind}_` and 32 hexadecimal digits.")


UserId = Annotated[str, _of("usr", "A person")]
JobId = Annotated[str, _of("job", "A job")]
ApplicationId = Annotated[str, _of("app", "An application to a job")]
ProjectId = Annotated[str, _of("prj", "A project (the contract)")]
MilestoneId = Annotated[str, _of("mst", "A milestone of a project")]
PaymentId = Annotated[str, _of("pay", "A deposit's payment")]
JournalId = Annotated[str, _of("jrn", "A movement of money, and its receipt")]
ReviewId = Annotated[str, _of("rev", "A review")]
InvoiceId = Annotated[str, _of("inv", "An invoice or a credit note")]
TimeEntryId = Annotated[str, _of("ten", "A time entry")]
WorkWeekId = Annotated[str, _of("wwk", "A week of hours")]
NotificationId = Annotated[str, _of("ntf", "A notification")]
PaymentMethodId = Annotated[str, _of("pme", "A saved payment method")]
PayoutAccountId = Annotated[str, _of("poa", "A payout account")]
FeeScheduleId = Annotated[str, _of("fee", "A proposed fee schedule")]
AdjustmentId = Annotated[str, _of("adj", "A proposed adjustment of the ledger")]
HandRefundId = Annotated[str, _of("hrf", "A proposed refund by hand")]
DisputeId = Annotated[str, _of("dsp", "A dispute")]
QuoteId = Annotated[str, _of("fxq", "A quote for a conversion")]
FileId = Annotated[str, _of("fil", "A file")]
HoldId = Annotated[str, _of("hld", "A hold on somebody's payouts")]
WebhookId = Annotated[str, _of("whk", "A webhook in the inbox")]
ReconciliationId = Annotated[str, _of("rcn", "A reconciliation with the payment gateways")]

_VERSION_AND_VARIANT: Final = (0x7 << 76) | (0b10 << 62)
_RANDOM_BITS: Final = (1 << 62) - 1
_COUNTER_BITS: Final = 12


class UserPath(Struct, frozen=True):
    """Which person."""

    id: UserId


class JobPath(Struct, frozen=True):
    """Which job."""

    id: JobId


class ApplicationPath(Struct, frozen=True):
    """Which application."""

    id: ApplicationId


class ProjectPath(Struct, frozen=True):
    """Which project."""

    id: ProjectId


class MilestonePath(Struct, frozen=True):
    """Which milestone."""

    id: MilestoneId


class InvoicePath(Struct, frozen=True):
    """Which invoice."""

    id: InvoiceId


class TimeEntryPath(Struct, frozen=True):
    """Which time entry."""

    id: TimeEntryId


class WorkWeekPath(Struct, frozen=True):
    """Which week of hours."""

    id: WorkWeekId


class ReceiptPath(Struct, frozen=True):
    """Which receipt: the id of the movement that it is for."""

    id: JournalId


class DisputePath(Struct, frozen=True):
    """Which dispute."""

    id: DisputeId


class FilePath(Struct, frozen=True):
    """Which file."""

    id: FileId


class NotificationPath(Struct, frozen=True):
    """Which entry."""

    id: NotificationId


class PaymentMethodPath(Struct, frozen=True):
    """Which saved payment method."""

    id: PaymentMethodId


class PayoutAccountPath(Struct, frozen=True):
    """Which payout account."""

    id: PayoutAccountId


class FeeSchedulePath(Struct, frozen=True):
    """Which proposed schedule."""

    id: FeeScheduleId


class AdjustmentPath(Struct, frozen=True):
    """Which adjustment."""

    id: AdjustmentId


class HandRefundPath(Struct, frozen=True):
    """Which refund by hand."""

    id: HandRefundId


class WebhookPath(Struct, frozen=True):
    """Which webhook of the inbox."""

    id: WebhookId


class HoldPath(Struct, frozen=True):
    """Which hold."""

    id: HoldId


class ReconciliationPath(Struct, frozen=True):
    """Which reconciliation."""

    id: ReconciliationId


class _Clock:
    """Milliseconds and a counter of 12 bits below them: every tick is later than the one before, whatever the time does."""

    def __init__(self) -> None:
        self._last = 0
        self._lock = threading.Lock()

    def tick(self) -> tuple[int, int]:
        """Answer the next (milliseconds, counter)."""
        with self._lock:
            self._last = max(self._last + 1, time.time_ns() // 1_000_000 << _COUNTER_BITS)
            return self._last >> _COUNTER_BITS, self._last & ((1 << _COUNTER_BITS) - 1)


_clock: Final = _Clock()


def new_id(kind: Kind) -> str:
    """Make an identifier of this kind: 36 characters. Each sorts after all that this process has made before."""
    milliseconds, counter = _clock.tick()
    random = int.from_bytes(os.urandom(8)) & _RANDOM_BITS
    return f"{kind}_{(milliseconds << 80) | (counter << 64) | _VERSION_AND_VARIANT | random:032x}"


def kind_of(identifier: str) -> str:
    """Say which kind an identifier claims to be: what stands before its first underscore."""
    return identifier.partition("_")[0]
