"""What makes money provable: the Merkle log over all journals, and what is owed to whom.

What is in the log is never changed and never removed; the arithmetic is that of `freehold.domain.merkle`.
"""

from typing import ClassVar, Final, Literal

from freehold.documents.document import Document, Index, Instant
from freehold.domain.liabilities import OwedTotal

LEDGER: Final = "ledger"
"""The id of the one log's head."""
KEPT_S: Final = 2 * 86_400
"""For how long each user's part in a statement of what is owed is kept."""


class PendingLeaf(Document, frozen=True, kw_only=True):
    """A journal that is not in the log yet; written with it, and removed by what appends it.

    The id orders: milestones one after the other, the journals of each by their version and place.
    """

    collection: ClassVar[str] = "pending_leaves"

    journal_id: str
    leaf: str
    created_at: Instant


class LogLeaf(Document, frozen=True, kw_only=True):
    """A leaf: the text of a journal as it was hashed. Its id is its place in the log, in 16 digits.

    `nodes` holds the hashes of the subtrees that are complete with this leaf, its own first: 32 bytes each, two on average.
    """

    collection: ClassVar[str] = "log_leaves"
    indexes: ClassVar[tuple[Index, ...]] = (Index((("journal_id", 1),), unique=True),)

    journal_id: str
    leaf: str
    nodes: bytes


class LogHead(Document, frozen=True, kw_only=True):
    """Where the log ends: how many leaves it has, the hashes at its right edge, and the newest signed checkpoint.

    `origin` is the log's name for ever. `keys` are the verifier keys whose signatures the checkpoint bears, `former_keys`
    those of earlier ones.
    """

    collection: ClassVar[str] = "log_heads"

    origin: str
    size: int
    edge: bytes
    checkpoint: str
    keys: tuple[str, ...]
    former_keys: tuple[str, ...] = ()
    signed_at: Instant


class LiabilityStatement(Document, frozen=True, kw_only=True):
    """What is owed to all users, when the log had `size` leaves: asked for, then stated, then signed and published.

    `attempt` says which leaves are its own; `note` is the signed text.
    """

    collection: ClassVar[str] = "liability_statements"
    indexes: ClassVar[tuple[Index, ...]] = (Index((("state", 1), ("_id", -1))),)

    state: Literal["asked", "stated", "signed"] = "asked"
    reason: str = ""
    attempt: str | None = None
    size: int = 0
    root: bytes = b""
    totals: tuple[OwedTotal, ...] = ()
    note: str = ""
    keys: tuple[str, ...] = ()
    asked_at: Instant
    as_of: Instant | None = None


class OwedLeaf(Document, frozen=True, kw_only=True):
    """One user's balance in a statement's tree. Its id is the attempt, the currency, and the place among its leaves.

    `nodes` holds the subtrees that are complete with this leaf: 40 bytes each.
    """

    collection: ClassVar[str] = "owed_leaves"
    indexes: ClassVar[tuple[Index, ...]] = (
        Index((("attempt", 1), ("user_id", 1))),
        Index((("stated_at", 1),), expire_after_s=KEPT_S, because="of the statement there are newer ones by then"),
    )

    attempt: str
    user_id: str
    currency: str
    place: int
    leaf: str
    nodes: bytes
    stated_at: Instant
