"""What a journal is in the log: its leaf, the exact text that is hashed, exported and handed out with a receipt.

Canonical JSON: names sorted, no spaces, times as RFC 3339 in UTC. A text that was written once is kept as it is; nobody makes
it anew to compare proofs with. What reads it without our code: `tools/verify_ledger.py`.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Final

import msgspec
from msgspec import Struct

from freehold.domain.ledger import Line
from freehold.domain.merkle import HASH_BYTES, Node

INDEX_DIGITS: Final = 16
VERSION_DIGITS: Final = 10
PLACE_DIGITS: Final = 4
_ENCODER: Final = msgspec.json.Encoder(order="sorted")


class Leaf(Struct, frozen=True, kw_only=True):
    """The fields of a journal that are proven: all of them."""

    id: str
    key: str
    milestone_id: str
    milestone_version: int
    n: int
    leg: int | None
    lines: tuple[Line, ...]
    created_at: datetime

    @property
    def text(self) -> str:
        """Write it down, as it is hashed."""
        return _ENCODER.encode(self).decode()

    @property
    def order(self) -> str:
        """Say where it belongs among those that wait: after all that happened to the same milestone before."""
        return f"{self.milestone_id}:{self.milestone_version:0{VERSION_DIGITS}}:{self.n:0{PLACE_DIGITS}}"


def place_of(index: int) -> str:
    """Name a leaf's place so that names sort as places do."""
    return f"{index:0{INDEX_DIGITS}}"


def completing(node: Node) -> int:
    """Say with which leaf a subtree is complete: that one keeps its hash, at the subtree's level."""
    return ((node.place + 1) << node.level) - 1


def nodes_by_leaf(nodes: dict[Node, bytes]) -> dict[int, bytes]:
    """Gather the hashes of subtrees by the leaf that completes them, from the leaf's own upwards."""
    found: dict[int, bytes] = {}
    for node in sorted(nodes):
        found[completing(node)] = found.get(completing(node), b"") + nodes[node]
    return found


def hashes_of(nodes: Iterable[Node], kept: dict[int, bytes], *, width: int = HASH_BYTES) -> dict[Node, bytes]:
    """Take the hashes of subtrees out of what the leaves keep; `width` is the bytes of each."""
    return {node: kept[completing(node)][node.level * width : (node.level + 1) * width] for node in nodes}


def in_parts(whole: bytes, *, width: int = HASH_BYTES) -> list[bytes]:
    """Cut what was joined into its hashes."""
    return [whole[at : at + width] for at in range(0, len(whole), width)]
