"""What is owed: each balance is a part of the stated total, and no trick with sums goes unnoticed by who checks their own."""

import json
from base64 import b64decode, b64encode
from datetime import UTC, datetime
from functools import partial

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from freehold.domain.checkpoint import Signature, key_id, signed, verifier_key
from freehold.domain.errors import InvalidValue
from freehold.domain.liabilities import LARGEST_TOTAL, OwedBalance, OwedTotal, Statement, sum_children, total_over, tree_over
from freehold.domain.merkle import hash_children, inclusion_spans, proof_of
from tools import verify_ledger

ORIGIN = "pay.example.org/ledger"
PRIVATE = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
KEY = verify_ledger.read_key(verifier_key(ORIGIN, PRIVATE.public_key().public_bytes_raw()))
AMOUNTS = st.lists(st.integers(1, 10**12), min_size=1, max_size=40)


def balances_of(amounts: list[int], currency: str = "USD") -> list[OwedBalance]:
    return [
        OwedBalance(user_id=f"usr_{number}", currency=currency, amount=amount, salt=f"{number:064x}")
        for number, amount in enumerate(amounts)
    ]


def note_of(*totals: OwedTotal) -> str:
    text = Statement(origin=ORIGIN, size=7, root=bytes(32), as_of=datetime(2026, 11, 27, tzinfo=UTC), totals=totals).text
    public = PRIVATE.public_key().public_bytes_raw()
    return signed(text, [Signature(ORIGIN, key_id(ORIGIN, public), PRIVATE.sign(text.encode()))])


def shown(balances: list[OwedBalance], place: int, *, combine=sum_children) -> dict:
    """Show one balance as the API does."""
    nodes = tree_over(balances)
    proof = proof_of(
        inclusion_spans(place, len(balances)), lambda wanted: {node: nodes[node] for node in wanted}, combine=combine
    )
    return {"leaf": balances[place].text, "index": place, "proof": [b64encode(each).decode() for each in proof]}


def said_of(note: str, *balances: dict) -> str:
    return verify_ledger.verify_owed(json.dumps({"statement": note, "balances": balances}).encode(), [KEY], [])


@given(AMOUNTS, st.data())
def test_everybody_finds_their_own_part_in_the_total(amounts: list[int], data: st.DataObject):
    balances = balances_of(amounts)
    total = total_over(balances, tree_over(balances))
    assert (total.total, total.count) == (sum(amounts), len(amounts))
    place = data.draw(st.integers(0, len(amounts) - 1))
    said = said_of(note_of(total), shown(balances, place))
    assert said == f"{amounts[place]} of {sum(amounts)} USD (minor units) owed to usr_{place}"


@given(AMOUNTS, st.data())
def test_a_total_that_leaves_somebody_out_is_found_by_everybody(amounts: list[int], data: st.DataObject):
    balances = balances_of([*amounts, 5])
    total = total_over(balances, tree_over(balances))
    place = data.draw(st.integers(0, len(amounts)))
    for wrong in (total.total - 1, total.total + 1, total.total - 5, 0):
        with pytest.raises(verify_ledger.NotVerified):
            said_of(
                note_of(partial(OwedTotal, currency="USD", count=total.count, root=total.root)(total=wrong)),
                shown(balances, place),
            )


def test_a_sum_in_a_proof_that_is_changed_is_found():
    balances = balances_of([10, 20, 30, 40, 50])
    note = note_of(total_over(balances, tree_over(balances)))
    for place in range(5):
        honest = shown(balances, place)
        said_of(note, honest)
        for at, text in enumerate(honest["proof"]):
            for bit in (7, 255, 319):
                raw = bytearray(b64decode(text))
                raw[bit // 8] ^= 1 << bit % 8
                proof = [*honest["proof"][:at], b64encode(bytes(raw)).decode(), *honest["proof"][at + 1 :]]
                with pytest.raises(verify_ledger.NotVerified):
                    said_of(note, {**honest, "proof": proof})


def test_the_larger_of_two_sums_cannot_stand_for_both():
    """The flaw of trees whose hashes cover only the sum: each user is shown a neighbour who is owed next to nothing."""
    ada, bob = balances_of([100, 70])
    for neighbour in (0, 1, 30, 100):
        small = bob.node[:32] + neighbour.to_bytes(8)
        root = hash_children(ada.node, bob.node) + (100).to_bytes(8)
        total = OwedTotal(currency="USD", total=100, count=2, root=root[:32])
        with pytest.raises(verify_ledger.NotVerified):
            said_of(note_of(total), {"leaf": ada.text, "index": 0, "proof": [b64encode(small).decode()]})


@pytest.mark.parametrize("amount", [0, -1, -(10**9), LARGEST_TOTAL + 1])
def test_a_balance_that_is_not_above_zero_is_in_no_tree(amount: int):
    with pytest.raises(InvalidValue):
        tree_over(balances_of([5, amount, 7]))


def test_sums_do_not_run_over():
    with pytest.raises(InvalidValue):
        tree_over(balances_of([LARGEST_TOTAL, 1]))


def test_a_leaf_that_says_less_than_nothing_is_not_believed_whoever_signed_it():
    leaf = OwedBalance(user_id="usr_0", currency="USD", amount=-5, salt="0" * 64)
    total = OwedTotal(currency="USD", total=0, count=1, root=bytes(32))
    with pytest.raises(verify_ledger.NotVerified, match="above zero"):
        said_of(note_of(total), {"leaf": leaf.text, "index": 0, "proof": []})


def test_users_with_equal_balances_have_different_leaves():
    leaves = balances_of([500, 500])
    assert leaves[0].node != leaves[1].node
    same_salt = [OwedBalance(user_id=name, currency="USD", amount=500, salt="0" * 64) for name in ("usr_a", "usr_b")]
    assert same_salt[0].node != same_salt[1].node


def test_one_leaf_is_not_shown_twice_and_not_to_two_people():
    balances = balances_of([10, 20])
    note = note_of(total_over(balances, tree_over(balances)))
    with pytest.raises(verify_ledger.NotVerified, match="one person"):
        said_of(note, shown(balances, 0), shown(balances, 1))
    with pytest.raises(verify_ledger.NotVerified, match="once"):
        said_of(note, shown(balances, 0), shown(balances, 0))


def test_a_statement_is_no_checkpoint_and_a_checkpoint_no_statement():
    note = note_of()
    with pytest.raises(verify_ledger.NotVerified, match="no checkpoint or statement"):
        verify_ledger.read_mark(note, [KEY])
    assert verify_ledger.read_mark(note, [KEY], of="/liabilities") == (7, bytes(32), {})


def test_the_largest_total_is_one_and_what_is_past_it_or_nothing_is_none():
    (most,) = balances_of([LARGEST_TOTAL])
    assert most.node[32:] == bytes([127]) + bytes([255]) * 7
    assert total_over([most], tree_over([most])) == OwedTotal(currency="USD", total=LARGEST_TOTAL, count=1, root=most.node[:32])
    for amount in (LARGEST_TOTAL + 1, 0, -1):
        with pytest.raises(InvalidValue):
            _ = balances_of([amount])[0].node
    assert sum_children(balances_of([LARGEST_TOTAL - 5])[0].node, balances_of([5])[0].node)[32:] == most.node[32:]
    with pytest.raises(InvalidValue):
        sum_children(most.node, balances_of([1])[0].node)


def test_what_is_hashed_and_signed_is_this_text():
    (balance,) = balances_of([7])
    assert balance.text == '{"amount":7,"currency":"USD","salt":"' + "0" * 64 + '","user_id":"usr_0"}'
    totals = tuple(OwedTotal(currency=currency, total=9, count=2, root=bytes(32)) for currency in ("EUR", "USD"))
    said = Statement(origin="o", size=7, root=bytes(32), as_of=datetime(2026, 11, 27, 1, 2, 3, tzinfo=UTC), totals=totals).text
    zeros = b64encode(bytes(32)).decode()
    assert said == f"o/liabilities\n7\n{zeros}\n2026-11-27T01:02:03Z\nEUR 9 2 {zeros}\nUSD 9 2 {zeros}\n"
