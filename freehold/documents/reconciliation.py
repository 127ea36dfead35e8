"""Reconciliations: what was compared with the payment gateways, and in what they and we do not agree."""

from typing import ClassVar, Literal

from msgspec import Struct

from freehold.documents.document import Document, Index, Instant
from freehold.domain.reconciliation import ComparedBalance, Difference

Scope = Literal["recent", "full"]


class Counts(Struct, frozen=True, kw_only=True):
    """How the commands stood that were looked up. `mended`: the gateway knew more than we did, and it had its effect."""

    looked_up: int = 0
    agrees: int = 0
    mended: int = 0
    under_way: int = 0
    unreachable: int = 0


class Place(Struct, frozen=True):
    """How far a run has come: the open commands first, then those that are over, by the time they were made."""

    part: Literal["open", "over", "balances"]
    created_at: Instant | None = None
    key: str = ""


class Reconciliation(Document, frozen=True, kw_only=True):
    """One run over all gateways. Whoever takes it on holds it until `due_at`, by the database's clock.

    It looks at every open command, and at those that were made after `since`. `differences` are the first of
    `difference_count`; `asked_by` is the admin who wanted it, null for the clock: of its own only one runs at a time.
    """

    collection: ClassVar[str] = "reconciliations"
    indexes: ClassVar[tuple[Index, ...]] = (
        Index((("is_routine", 1),), unique=True, partial={"state": "running", "is_routine": True}),
        Index((("state", 1), ("scope", 1), ("started_at", -1))),
    )

    scope: Scope
    state: Literal["running", "done"] = "running"
    asked_by: str | None = None
    is_routine: bool
    since: Instant
    place: Place = Place("open")
    due_at: Instant | None = None
    counts: Counts = Counts()
    balances: tuple[ComparedBalance, ...] = ()
    differences: tuple[Difference, ...] = ()
    difference_count: int = 0
    started_at: Instant
    as_of: Instant | None = None
