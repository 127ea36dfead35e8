"""What is owed to users, as totals in which each of them can find their own part: a Merkle tree whose nodes carry sums.

A node is 40 bytes: a hash, and the sum of the balances below it (8 bytes, big-endian: none is below zero). The hash over two
nodes covers both sums, not the sum of them: else whoever builds the tree could put the larger of two sums in the place of
both. A leaf names its user and has a salt of its own, so that no two users can be shown the same one, and nobody can guess
who a neighbour is. What it proves and what it does not: docs/provable-money.md.

Source: RFC 6962, section 2.1, for the tree's shape; Chalkias, Chatzigiannis and Ji, "Broken Proofs of Solvency in Blockchain
Custodial Wallets and Exchanges" (2022), for what a node's hash must cover.
"""

import base64
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final

import msgspec
from msgspec import Struct

from freehold.domain.checkpoint import Checkpoint
from freehold.domain.errors import InvalidValue
from freehold.domain.merkle import HASH_BYTES, Node, appended, folded, hash_children, hash_leaf, whole

SUM_BYTES: Final = 8
NODE_BYTES: Final = HASH_BYTES + SUM_BYTES
LARGEST_TOTAL: Final = 2**63 - 1
SUFFIX: Final = "/liabilities"
_ENCODER: Final = msgspec.json.Encoder(order="sorted")


class OwedBalance(Struct, frozen=True, kw_only=True):
    """What is owed to one user in one currency, in minor units, with a salt (hexadecimal) that nobody else knows."""

    user_id: str
    currency: str
    amount: int
    salt: str

    @property
    def text(self) -> str:
        """Write it down, as it is hashed."""
        return _ENCODER.encode(self).decode()

    @property
    def node(self) -> bytes:
        """Give its node. Raises InvalidValue unless it is above zero: what is below would hide what others are owed."""
        if not 0 < self.amount <= LARGEST_TOTAL:
            raise InvalidValue(f"{self.user_id} is owed {self.amount} {self.currency}")
        return hash_leaf(self.text.encode()) + self.amount.to_bytes(SUM_BYTES)


class OwedTotal(Struct, frozen=True, kw_only=True):
    """What is owed in one currency to all users together, of how many balances it is the sum, and the root over them."""

    currency: str
    total: int
    count: int
    root: bytes


class Statement(Struct, frozen=True, kw_only=True):
    """What was owed when the log `origin` had `size` leaves with this root."""

    origin: str
    size: int
    root: bytes
    as_of: datetime
    totals: tuple[OwedTotal, ...]

    @property
    def text(self) -> str:
        """Write it down, as it is signed: in the form of a checkpoint, under a name that no checkpoint has."""
        head = Checkpoint(f"{self.origin}{SUFFIX}", self.size, self.root).text
        lines = [f"{each.currency} {each.total} {each.count} {base64.b64encode(each.root).decode()}\n" for each in self.totals]
        return f"{head}{self.as_of:%Y-%m-%dT%H:%M:%SZ}\n{''.join(lines)}"


def sum_children(left: bytes, right: bytes) -> bytes:
    """Join two nodes into the one above them. Raises InvalidValue for a sum that no total can have."""
    total = sum_of(left) + sum_of(right)
    if total > LARGEST_TOTAL:
        raise InvalidValue(f"{total} is more than a total can be")
    return hash_children(left, right) + total.to_bytes(SUM_BYTES)


def sum_of(node: bytes) -> int:
    """Read the sum that a node carries."""
    return int.from_bytes(node[HASH_BYTES:])


def tree_over(balances: Sequence[OwedBalance]) -> Mapping[Node, bytes]:
    """Build the nodes over the balances of one currency, in this order. Raises InvalidValue for one that is not above zero."""
    return appended(0, [each.node for each in balances], {}, combine=sum_children)


def total_over(balances: Sequence[OwedBalance], nodes: Mapping[Node, bytes]) -> OwedTotal:
    """Say what the balances of one currency come to; there is at least one."""
    root = folded(whole(len(balances)), nodes, combine=sum_children)
    return OwedTotal(currency=balances[0].currency, total=sum_of(root), count=len(balances), root=root[:HASH_BYTES])
