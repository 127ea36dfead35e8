"""A receipt as its readers see it: one movement of money, and the proof that it is in the ledger's log."""

from base64 import b64encode
from collections.abc import Sequence
from typing import Literal

import msgspec
from msgspec import Struct

from freehold.documents import Instant, Journal, LogHead, LogLeaf
from freehold.domain.ledger import Line


class Entry(Struct, frozen=True, kw_only=True):
    """The movement: lines in minor units, debits above zero, that sum to zero in each currency."""

    key: str
    milestone_id: str
    leg: int | None
    lines: tuple[Line, ...]
    at: Instant


class ReceiptView(Struct, frozen=True, kw_only=True):
    """A movement and its proof. `leaf` is the exact text that was hashed; `index` its place among the `size` of the log.

    `proof` are the hashes (base64) that lead from the leaf to the root in `checkpoint`, which is signed. While it is `pending`
    there is none of these; ask again in some seconds.
    """

    id: str
    state: Literal["pending", "proven"]
    entry: Entry
    leaf: str | None = None
    index: int | None = None
    size: int | None = None
    proof: tuple[str, ...] = ()
    checkpoint: str | None = None
    keys: tuple[str, ...] = ()


def view_pending(journal: Journal) -> ReceiptView:
    """Show a movement that is not in the log yet."""
    entry = Entry(
        key=journal.key, milestone_id=journal.milestone_id, leg=journal.leg, lines=journal.lines, at=journal.created_at
    )
    return ReceiptView(id=journal.id, state="pending", entry=entry)


def view_receipt(journal: Journal, leaf: LogLeaf, head: LogHead, proof: Sequence[bytes]) -> ReceiptView:
    """Show a movement with its proof."""
    return msgspec.structs.replace(
        view_pending(journal),
        state="proven",
        leaf=leaf.leaf,
        index=int(leaf.id),
        size=head.size,
        proof=in_base64(proof),
        checkpoint=head.checkpoint,
        keys=head.keys,
    )


def in_base64(hashes: Sequence[bytes]) -> tuple[str, ...]:
    """Write hashes down."""
    return tuple(b64encode(each).decode() for each in hashes)
