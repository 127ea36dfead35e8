"""The Merkle log against the definitions of RFC 6962, written down as they stand there, and against tampering."""

import hashlib
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from freehold.domain.merkle import (
    EMPTY_ROOT,
    InvalidRange,
    Node,
    appended,
    consistency_spans,
    folded,
    hash_children,
    hash_leaf,
    inclusion_spans,
    is_consistent,
    is_included,
    nodes_of,
    proof_of,
    whole,
)

KNOWN_LEAVES = [
    b"",
    b"\x00",
    b"\x10",
    b"\x20\x21",
    b"\x30\x31",
    bytes(range(0x40, 0x44)),
    bytes(range(0x50, 0x58)),
    bytes(range(0x60, 0x70)),
]
KNOWN_ROOTS = [
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]
"""What other implementations of RFC 6962 compute for the first 1 to 8 of these leaves."""


def tree_hash(leaves):
    """MTH of RFC 6962."""
    if len(leaves) <= 1:
        return hash_leaf(leaves[0]) if leaves else hashlib.sha256(b"").digest()
    split = largest_power(len(leaves))
    return hashlib.sha256(b"\x01" + tree_hash(leaves[:split]) + tree_hash(leaves[split:])).digest()


def path(index, leaves):
    """PATH of RFC 6962."""
    if len(leaves) == 1:
        return []
    split = largest_power(len(leaves))
    if index < split:
        return [*path(index, leaves[:split]), tree_hash(leaves[split:])]
    return [*path(index - split, leaves[split:]), tree_hash(leaves[:split])]


def subproof(old, leaves, is_known):
    """SUBPROOF of RFC 6962."""
    if old == len(leaves):
        return [] if is_known else [tree_hash(leaves)]
    split = largest_power(len(leaves))
    if old <= split:
        return [*subproof(old, leaves[:split], is_known), tree_hash(leaves[split:])]
    return [*subproof(old - split, leaves[split:], False), tree_hash(leaves[:split])]


def largest_power(count):
    power = 1
    while power * 2 < count:
        power *= 2
    return power


class Log:
    """A log that keeps its nodes in a dictionary, and counts how many it is asked for."""

    def __init__(self, leaves=()):
        self.nodes: dict[Node, bytes] = {}
        self.size = 0
        self.fetched = 0
        self.append(leaves)

    def append(self, leaves):
        edge = self.fetch(list(nodes_of(whole(self.size))))
        new = appended(self.size, [hash_leaf(leaf) for leaf in leaves], edge)
        assert not new.keys() & self.nodes.keys(), "a node is written once"
        self.nodes |= new
        self.size += len(leaves)

    def fetch(self, nodes):
        self.fetched += len(nodes)
        return {node: self.nodes[node] for node in nodes}

    def root(self, size=None):
        span = whole(self.size if size is None else size)
        return folded(span, self.fetch(list(nodes_of(span))))


def some_leaves(count):
    return [number.to_bytes(3, "big") for number in range(count)]


@pytest.mark.parametrize("size", range(1, 9))
def test_roots_are_what_others_compute(size):
    assert Log(KNOWN_LEAVES[:size]).root().hex() == KNOWN_ROOTS[size - 1]
    assert tree_hash(KNOWN_LEAVES[:size]).hex() == KNOWN_ROOTS[size - 1]


def test_an_empty_tree_has_a_root():
    assert Log().root() == EMPTY_ROOT == tree_hash([])


@given(st.lists(st.integers(0, 40), min_size=1, max_size=5))
def test_however_leaves_come_in_the_tree_is_the_same(batches):
    leaves = some_leaves(sum(batches))
    log, rest = Log(), list(leaves)
    for count in batches:
        log.append(rest[:count])
        del rest[:count]
    assert log.nodes == Log(leaves).nodes
    assert log.root() == tree_hash(leaves)


@pytest.mark.parametrize("size", [1, 2, 3, 5, 7, 8, 9, 31, 32, 33, 100])
def test_every_proof_is_the_one_of_the_definition_and_holds(size):
    leaves = some_leaves(size)
    log = Log(leaves)
    root = log.root()
    for index in range(size):
        proof = proof_of(inclusion_spans(index, size), log.fetch)
        assert proof == path(index, leaves)
        assert is_included(hash_leaf(leaves[index]), index, size, proof, root)
    for old in range(1, size + 1):
        proof = proof_of(consistency_spans(old, size), log.fetch)
        assert proof == subproof(old, leaves, True)
        assert is_consistent(old, log.root(old), size, root, proof)


@given(st.data())
def test_no_proof_shows_what_is_not_so(data):
    size = data.draw(st.integers(2, 70))
    leaves = some_leaves(size)
    log = Log(leaves)
    index = data.draw(st.integers(0, size - 1))
    proof = proof_of(inclusion_spans(index, size), log.fetch)
    good = (hash_leaf(leaves[index]), index, size, proof, log.root())
    assert is_included(*good)
    for bad in spoilt(data, good, other_index=data.draw(st.integers(0, size - 1).filter(lambda other: other != index))):
        assert not is_included(*bad)


def spoilt(data, good, *, other_index):
    leaf, index, size, proof, root = good
    yield hash_leaf(b"another"), index, size, proof, root
    yield leaf, other_index, size, proof, root
    yield leaf, size, size, proof, root
    yield leaf, -1, size, proof, root
    yield leaf, index, size, [*proof, root], root
    yield leaf, index, size, proof[:-1], root
    yield leaf, index, size, proof, flipped(data, root)
    place = data.draw(st.integers(0, len(proof) - 1))
    yield leaf, index, size, [*proof[:place], flipped(data, proof[place]), *proof[place + 1 :]], root
    yield leaf, index, size, [*proof[:place], proof[place][:-1], *proof[place + 1 :]], root


def flipped(data, found):
    bit = data.draw(st.integers(0, len(found) * 8 - 1))
    return (int.from_bytes(found, "big") ^ (1 << bit)).to_bytes(len(found), "big")


@given(st.data())
def test_a_fork_is_consistent_with_nothing(data):
    size = data.draw(st.integers(2, 70))
    old = data.draw(st.integers(1, size))
    leaves = some_leaves(size)
    log = Log(leaves)
    proof = proof_of(consistency_spans(old, size), log.fetch)
    assert is_consistent(old, log.root(old), size, log.root(), proof)
    place = data.draw(st.integers(0, old - 1))
    forked = Log([*leaves[:place], b"forged", *leaves[place + 1 :]])
    forged = proof_of(consistency_spans(old, size), forked.fetch)
    assert not is_consistent(old, log.root(old), size, forked.root(), forged)
    assert not is_consistent(old, log.root(old), size, forked.root(), proof)
    assert not is_consistent(old, forked.root(old), size, log.root(), proof)
    assert not is_consistent(old, log.root(old), size, log.root(), [*proof, log.root()])
    assert not is_consistent(old, log.root(old), size, flipped(data, log.root()), proof)
    if proof:
        assert not is_consistent(old, log.root(old), size, log.root(), proof[:-1])
    assert not is_consistent(0, EMPTY_ROOT, size, log.root(), [])
    assert not is_consistent(size + 1, log.root(), size, log.root(), [])


def test_a_proof_needs_few_nodes():
    log = Log(some_leaves(10_000))
    dice = random.Random(1)
    for _ in range(50):
        log.fetched = 0
        proof_of(inclusion_spans(dice.randrange(10_000), 10_000), log.fetch)
        assert log.fetched <= 2 * (10_000).bit_length()


def test_there_are_no_proofs_of_what_is_not_there():
    for index, size in ((0, 0), (5, 5), (-1, 5)):
        with pytest.raises(InvalidRange):
            inclusion_spans(index, size)
    for old, size in ((0, 5), (6, 5)):
        with pytest.raises(InvalidRange):
            consistency_spans(old, size)


def test_children_are_no_leaves():
    left, right = hash_leaf(b"a"), hash_leaf(b"b")
    assert hash_children(left, right) not in {hash_leaf(left + right), hash_children(right, left)}
