"""The arithmetic of a Merkle log: what to hash, what a proof holds, and whether it holds true.

Hashes are SHA-256, 32 bytes. A *node* is the root of a complete subtree: `Node(level, place)` covers the leaves from
`place * 2**level` on, `2**level` of them. Only nodes are stored; everything else is folded from at most `log2(size)` of them.

Source: RFC 6962, section 2.1 (tree, paths, consistency); RFC 9162, sections 2.1.3.2 and 2.1.4.2 (verification).
"""

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Final, NamedTuple

HASH_BYTES: Final = 32
EMPTY_ROOT: Final = hashlib.sha256().digest()


class Node(NamedTuple):
    """A complete subtree of `2**level` leaves, the `place`-th of its level."""

    level: int
    place: int


Hashes = Mapping[Node, bytes]
"""The hashes of nodes that were asked for."""
Combine = Callable[[bytes, bytes], bytes]
"""How two subtrees become the one above them: by their hashes alone, unless a tree says otherwise."""


class Span(NamedTuple):
    """The leaves from `begin` to before `end`, as the definitions cut a tree."""

    begin: int
    end: int


class InvalidRange(ValueError):  # noqa: N818 - it names what is wrong
    """There is no such leaf, or no such size, in a tree of this size."""


def hash_leaf(data: bytes) -> bytes:
    """Hash a leaf's data."""
    return hashlib.sha256(b"\x00" + data).digest()


def hash_children(left: bytes, right: bytes) -> bytes:
    """Hash two subtrees into the one above them."""
    return hashlib.sha256(b"\x01" + left + right).digest()


def appended(size: int, leaf_hashes: Sequence[bytes], edge: Hashes, *, combine: Combine = hash_children) -> dict[Node, bytes]:
    """Append leaves to a tree of `size`; give every node that is new, the leaves among them.

    `edge` holds the hashes of `nodes_of(whole(size))`, the tree's right edge. Each leaf costs two hashes on average.
    """
    new: dict[Node, bytes] = {}
    for offset, leaf_hash in enumerate(leaf_hashes):
        node, found = Node(0, size + offset), leaf_hash
        new[node] = found
        while node.place % 2:
            left = Node(node.level, node.place - 1)
            found = combine(new[left] if left in new else edge[left], found)
            node = Node(node.level + 1, node.place // 2)
            new[node] = found
    return new


def whole(size: int) -> Span:
    """Give the span of a whole tree."""
    return Span(0, size)


def nodes_of(span: Span) -> Iterator[Node]:
    """Name the nodes that a span is made of, from left to right: at most two for each level."""
    begin, end = span
    while begin < end:
        level = (end - begin).bit_length() - 1
        if begin:
            level = min(level, (begin & -begin).bit_length() - 1)
        yield Node(level, begin >> level)
        begin += 1 << level


def folded(span: Span, hashes: Hashes, *, combine: Combine = hash_children) -> bytes:
    """Compute the hash of a span from those of its nodes."""
    found = [hashes[node] for node in nodes_of(span)]
    if not found:
        return EMPTY_ROOT
    root = found.pop()
    while found:
        root = combine(found.pop(), root)
    return root


def inclusion_spans(index: int, size: int) -> list[Span]:
    """Name the spans whose hashes prove that leaf `index` is in a tree of `size`, from the leaf up. Raises InvalidRange."""
    if not 0 <= index < size:
        raise InvalidRange(f"no leaf {index} in a tree of {size}")
    spans = []
    begin, end = 0, size
    while end - begin > 1:
        split = begin + _largest_power_below(end - begin)
        if index < split:
            spans.append(Span(split, end))
            end = split
        else:
            spans.append(Span(begin, split))
            begin = split
    return spans[::-1]


def consistency_spans(old: int, size: int) -> list[Span]:
    """Name the spans whose hashes prove that a tree of `size` goes on from one of `old` leaves. Raises InvalidRange."""
    if not 0 < old <= size:
        raise InvalidRange(f"no way from {old} leaves to {size}")
    spans = []
    begin, end, is_known = 0, size, True
    while old < end:
        split = begin + _largest_power_below(end - begin)
        if old <= split:
            spans.append(Span(split, end))
            end = split
        else:
            spans.append(Span(begin, split))
            begin, is_known = split, False
    if not is_known:
        spans.append(Span(begin, end))
    return spans[::-1]


def is_included(leaf_hash: bytes, index: int, size: int, proof: Sequence[bytes], root: bytes) -> bool:
    """Say whether the proof shows that the leaf is the `index`-th of the tree of `size` with this root."""
    if not 0 <= index < size:
        return False
    node, last, found = index, size - 1, leaf_hash
    for sibling in proof:
        if last == 0 or len(sibling) != HASH_BYTES:
            return False
        if node % 2 or node == last:
            found = hash_children(sibling, found)
            while node and not node % 2:
                node, last = node >> 1, last >> 1
        else:
            found = hash_children(found, sibling)
        node, last = node >> 1, last >> 1
    return last == 0 and found == root


def is_consistent(old: int, old_root: bytes, size: int, root: bytes, proof: Sequence[bytes]) -> bool:
    """Say whether the proof shows that the tree of `size` begins with all leaves of the tree of `old`, unchanged."""
    if not 0 < old <= size or any(len(each) != HASH_BYTES for each in proof):
        return False
    if old == size:
        return not proof and old_root == root
    path = [old_root, *proof] if old & (old - 1) == 0 else list(proof)
    if not path:
        return False
    node, last = old - 1, size - 1
    while node % 2:
        node, last = node >> 1, last >> 1
    before = after = path[0]
    for sibling in path[1:]:
        if last == 0:
            return False
        if node % 2 or node == last:
            before, after = hash_children(sibling, before), hash_children(sibling, after)
            while node and not node % 2:
                node, last = node >> 1, last >> 1
        else:
            after = hash_children(after, sibling)
        node, last = node >> 1, last >> 1
    return last == 0 and before == old_root and after == root


def proof_of(
    spans: Sequence[Span], fetch: Callable[[Sequence[Node]], Hashes], *, combine: Combine = hash_children
) -> list[bytes]:
    """Make a proof: fetch every node that its spans need, at once, and fold them."""
    hashes = fetch([node for span in spans for node in nodes_of(span)])
    return [folded(span, hashes, combine=combine) for span in spans]


def _largest_power_below(count: int) -> int:
    return 1 << (count - 1).bit_length() - 1
