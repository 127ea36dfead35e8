"""Leaves: the exact text of a journal, the order of those that wait, and where the hashes over them are kept."""

from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from freehold.domain.leaves import Leaf, completing, hashes_of, in_parts, nodes_by_leaf, place_of
from freehold.domain.ledger import Line
from freehold.domain.merkle import Node, appended

LEAF = Leaf(
    id="jrn_1", key="release:mst_1:2", milestone_id="mst_1", milestone_version=31, n=4, leg=2,
    lines=(Line("escrow:mst_1", 5, "USD"), Line("fees", -5, "USD")), created_at=datetime(2026, 11, 27, 12, 30, tzinfo=UTC),
)  # fmt: skip


def test_a_leaf_is_written_down_with_sorted_names_and_no_spaces():
    assert LEAF.text == (
        '{"created_at":"2026-11-27T12:30:00Z","id":"jrn_1","key":"release:mst_1:2","leg":2,'
        '"lines":[{"account":"escrow:mst_1","amount":5,"currency":"USD"},{"account":"fees","amount":-5,"currency":"USD"}],'
        '"milestone_id":"mst_1","milestone_version":31,"n":4}'
    )


def test_those_that_wait_sort_by_milestone_version_and_place():
    assert LEAF.order == "mst_1:0000000031:0004"
    assert place_of(1_234) == "0000000000001234"
    assert sorted(map(place_of, [10, 9, 100])) == [place_of(9), place_of(10), place_of(100)]


def test_a_subtree_is_complete_with_its_last_leaf():
    assert [completing(Node(0, place)) for place in range(3)] == [0, 1, 2]
    assert [completing(Node(1, place)) for place in range(3)] == [1, 3, 5]
    assert [completing(Node(2, place)) for place in range(2)] == [3, 7]


@given(st.integers(1, 40))
def test_a_leaf_keeps_its_own_hash_and_those_of_all_subtrees_that_it_completes(count: int):
    nodes = dict(appended(0, [bytes([number]) * 32 for number in range(count)], {}))
    kept = nodes_by_leaf(nodes)
    assert set(kept) == set(range(count))
    for number, whole in kept.items():
        levels = [node for node in sorted(nodes) if completing(node) == number]
        assert [node.level for node in levels] == list(range(len(levels)))
        assert in_parts(whole) == [nodes[node] for node in levels]
    assert hashes_of(nodes, kept) == nodes


def test_what_was_joined_is_cut_at_its_width():
    assert in_parts(b"aabbcc", width=2) == [b"aa", b"bb", b"cc"]
    assert in_parts(bytes(64)) == [bytes(32), bytes(32)]
    assert hashes_of([Node(1, 0)], {1: b"aabb"}, width=2) == {Node(1, 0): b"bb"}
