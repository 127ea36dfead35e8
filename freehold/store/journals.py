"""Writing a journal: the one way in, so that none can be forgotten by the log that proves them."""

from freehold.documents import Journal, PendingLeaf
from freehold.domain.leaves import Leaf
from freehold.store.unit import Unit


def post_journal(unit: Unit, journal: Journal) -> None:
    """Write a journal, and beside it what waits to be appended to the Merkle log."""
    unit.insert(journal)
    unit.insert(pending_leaf(journal))


def pending_leaf(journal: Journal) -> PendingLeaf:
    """Say what waits for the log when this journal is written."""
    leaf = leaf_of(journal)
    return PendingLeaf(id=leaf.order, journal_id=journal.id, leaf=leaf.text, created_at=journal.created_at)


def leaf_of(journal: Journal) -> Leaf:
    """Give what is proven of a journal: all that it says."""
    return Leaf(
        id=journal.id,
        key=journal.key,
        milestone_id=journal.milestone_id,
        milestone_version=journal.milestone_version,
        n=journal.n,
        leg=journal.leg,
        lines=journal.lines,
        created_at=journal.created_at,
    )
