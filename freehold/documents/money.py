"""Money as it is stored: the ledger's journals, and the commands to payment gateways."""

from typing import ClassVar, Literal

from freehold.documents.document import Document, Index, Instant
from freehold.domain.conversion import Conversion
from freehold.domain.ledger import Line
from freehold.domain.money import Money
from freehold.domain.money_process import CommandKind
from freehold.domain.settlement import Report

CommandState = Literal["waiting", "claimed", "settled", "withdrawn", "stuck"]


class Journal(Document, frozen=True, kw_only=True):
    """One happening in the ledger: lines that sum to zero per currency. Inserted once, never changed; opaque ids only.

    (`milestone_version`, `n`) orders one milestone's journals: the version that the step made, and the place within the step.
    """

    collection: ClassVar[str] = "journals"
    indexes: ClassVar[tuple[Index, ...]] = (
        Index((("key", 1),), unique=True),
        Index((("milestone_id", 1), ("milestone_version", 1), ("n", 1))),
    )

    key: str
    milestone_id: str
    milestone_version: int
    n: int
    leg: int | None = None
    lines: tuple[Line, ...]
    created_at: Instant


class Command(Document, frozen=True, kw_only=True):
    """Something asked of a payment gateway; `_id` is its key. Whoever carries it out holds it under a fence, for a while.

    `due_at` is when it may be taken again, by the database's clock (null: at once): the end of the claim, or of a pause. A
    command is `settled` once its outcome is known and taken in, `withdrawn` when it was never sent, and `stuck` when money
    moved that the milestone cannot take in, so that a person must look. A transfer with a `conversion` pays its target out.
    """

    collection: ClassVar[str] = "commands"
    indexes: ClassVar[tuple[Index, ...]] = (
        Index((("state", 1), ("due_at", 1))),
        Index((("milestone_id", 1), ("_id", 1))),
        Index((("created_at", 1), ("_id", 1))),
    )

    kind: CommandKind
    milestone_id: str
    gateway: str
    money: Money
    payment_id: str
    leg: int | None = None
    attempt: int = 1
    payer_id: str
    payee_id: str
    payee_account: str = ""
    method: str
    saved_method: str | None = None
    transfer_key: str | None = None
    conversion: Conversion | None = None
    state: CommandState = "waiting"
    tries: int = 0
    fence: int = 0
    due_at: Instant | None = None
    report: Report | None = None
    error: str | None = None
    created_at: Instant
    settled_at: Instant | None = None
