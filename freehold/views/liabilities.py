"""What is owed, as it is published for all users together, and as each of them finds their own part in it."""

from collections.abc import Iterable, Sequence

import msgspec
from msgspec import Struct

from freehold.documents import Instant, LiabilityStatement, OwedLeaf
from freehold.domain.liabilities import OwedBalance
from freehold.domain.money import Money
from freehold.views.receipts import in_base64


class TotalView(Struct, frozen=True, kw_only=True):
    """What is owed in one currency to all users together: the sum of so many balances."""

    total: Money
    count: int


class StatementView(Struct, frozen=True, kw_only=True):
    """What was owed to all users when the ledger's log had `size` journals. `statement` is the signed text."""

    id: str
    as_of: Instant | None
    size: int
    totals: tuple[TotalView, ...]
    statement: str
    keys: tuple[str, ...]


class OwnBalance(Struct, frozen=True, kw_only=True):
    """What is owed to you in one currency. `leaf` is the text that was hashed, `proof` leads to the stated total (base64)."""

    amount: Money
    leaf: str
    index: int
    count: int
    proof: tuple[str, ...]


class OwnView(Struct, frozen=True, kw_only=True):
    """Your balances in the newest statement, one for each currency in which you are owed something."""

    as_of: Instant | None
    size: int
    balances: tuple[OwnBalance, ...]
    statement: str
    keys: tuple[str, ...]


def view_statement(statement: LiabilityStatement) -> StatementView:
    """Show a statement."""
    totals = (TotalView(total=Money(each.total, each.currency), count=each.count) for each in statement.totals)
    return StatementView(
        id=statement.id,
        as_of=statement.as_of,
        size=statement.size,
        totals=tuple(totals),
        statement=statement.note,
        keys=statement.keys,
    )


def view_own(statement: LiabilityStatement, own: Iterable[tuple[OwedLeaf, Sequence[bytes]]]) -> OwnView:
    """Show somebody their own part of a statement."""
    counts = {total.currency: total.count for total in statement.totals}
    return OwnView(
        as_of=statement.as_of,
        size=statement.size,
        balances=tuple(_balance(leaf, counts[leaf.currency], proof) for leaf, proof in own),
        statement=statement.note,
        keys=statement.keys,
    )


def _balance(leaf: OwedLeaf, count: int, proof: Sequence[bytes]) -> OwnBalance:
    said = msgspec.json.decode(leaf.leaf, type=OwedBalance)
    return OwnBalance(
        amount=Money(said.amount, said.currency), leaf=leaf.leaf, index=leaf.place, count=count, proof=in_base64(proof)
    )
