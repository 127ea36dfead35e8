#!/usr/bin/env python3
"""Verify an exported ledger, one receipt, or what is owed to you, without trusting whoever runs the marketplace.

    verify_ledger.py --key KEY --checkpoint FILE --log FILE [--older FILE ...] [--statement FILE ...]
    verify_ledger.py --key KEY --receipt FILE
    verify_ledger.py --key KEY --owed FILE [--statement FILE]

KEY is the log's public key as it was published (`name+id+base64`; give --key again for a former one), a CHECKPOINT a signed
text, the LOG one journal a line, in their order, the bytes of each line being the leaf. A RECEIPT is JSON: `leaf`, `index`,
`proof`, `checkpoint`. A STATEMENT is a signed text: what is owed to all users together; what is OWED to one of them is JSON:
`statement`, and `balances` of `leaf`, `index`, `proof`.

What holds when it says "verified": the checkpoint is signed by this key; the log is exactly what the checkpoint commits to, not
a byte or a line more or less; it goes on from every older checkpoint that you have kept; every journal is well formed, sums to
zero in each currency, and happened once; no held balance was ever below zero; every statement says what the log says; each
balance that is owed to you is a part of the total. It ends with 0, else with 1 and the reason.

It needs Python 3.9 and `cryptography` alone: read it before you trust it. Source: RFC 6962, 2.1; RFC 9162, 2.1.3.2; C2SP.
"""

from __future__ import annotations

import argparse
import base64
import hashlib
import json
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

FIELDS = {"created_at", "id", "key", "leg", "lines", "milestone_id", "milestone_version", "n"}
LINE = {"account": str, "amount": int, "currency": str}
PROOF = {"leaf": str, "index": int, "proof": list}
OWED, STATEMENT = {"amount", "currency", "salt", "user_id"}, "/liabilities"
HASH_BYTES, SUM_BYTES, MARK_LINES = 32, 8, 3
HELD = ("escrow:", "disputed:", "payable:", "refund_due:", "converted:")

decoded = partial(base64.b64decode, validate=True)
Key = tuple[str, bytes, Ed25519PublicKey]  # its holder's name, its id (4 bytes), itself
Total = tuple[int, int, bytes]  # the sum, of how many balances, the root over them
Mark = tuple[int, bytes, "dict[str, Total] | None"]  # what a log of this size must be: its root, and what it must owe


class NotVerified(ValueError):  # noqa: N818 - it says what is the case
    """Something is not as it should be; the message says what."""


class Ledger:
    """A log and what its journals come to, while leaves come in; of the tree, the complete subtrees at the right edge."""

    def __init__(self) -> None:
        self.size = 0
        self.edge: list[bytes] = []
        self.seen: set[tuple[str, str]] = set()
        self.held: dict[tuple[str, str], int] = {}
        self.owed: dict[str, int] = {}

    def append(self, leaf: bytes) -> None:
        """Take in a journal: each happens once, and what is held is never less than nothing."""
        journal = read_journal(leaf)
        names = {("key", journal["key"]), ("id", journal["id"])}
        if names & self.seen:
            raise NotVerified(f"{journal['key']} happened twice")
        self.seen |= names
        held = [tuple(line[name] for name in sorted(LINE)) for line in journal["lines"] if line["account"].startswith(HELD)]
        for account, amount, currency in held:
            self.held[account, currency] = self.held.get((account, currency), 0) - amount
            self.owed[currency] = self.owed.get(currency, 0) - amount
        if any(self.held[account, currency] < 0 for account, _, currency in held):
            raise NotVerified(f"{journal['key']} leaves an account overdrawn")
        found, size = hash_leaf(leaf), self.size
        while size % 2:
            found, size = hash_children(self.edge.pop(), found), size >> 1
        self.edge.append(found)
        self.size += 1

    def root(self) -> bytes:
        """Give the root over what came in."""
        found = self.edge[-1] if self.edge else hashlib.sha256().digest()
        for left in reversed(self.edge[:-1]):
            found = hash_children(left, found)
        return found

    def compare(self, waiting: list[Mark]) -> None:
        """Compare the log so far with the marks of its size, and take these from those that wait."""
        while waiting and waiting[0][0] == self.size:
            _, root, totals = waiting.pop(0)
            if root != self.root():
                raise NotVerified(f"the log does not go on from the older checkpoint of {self.size}: it was rewritten")
            owed = {currency: amount for currency, amount in self.owed.items() if amount}
            if totals is not None and {currency: total[0] for currency, total in totals.items()} != owed:
                raise NotVerified(f"the statement at {self.size} journals does not say what they leave owed: {owed}")


def hash_leaf(leaf: bytes) -> bytes:
    """Hash a leaf's bytes."""
    return hashlib.sha256(b"\x00" + leaf).digest()


def hash_children(left: bytes, right: bytes) -> bytes:
    """Hash two subtrees into one."""
    return hashlib.sha256(b"\x01" + left + right).digest()


def sum_children(left: bytes, right: bytes) -> bytes:
    """Hash two subtrees with their sums into one with the sum of both; no sum can be below zero."""
    total = int.from_bytes(left[HASH_BYTES:], "big") + int.from_bytes(right[HASH_BYTES:], "big")
    return hash_children(left, right) + total.to_bytes(SUM_BYTES, "big")


def root_from_proof(found: bytes, index: int, size: int, proof: list[bytes], join: Callable[[bytes, bytes], bytes]) -> bytes:
    """Compute the root that a proof of inclusion leads to, from a leaf's hash."""
    node, last = index, size - 1
    if not 0 <= index < size or any(len(sibling) != len(found) for sibling in proof):
        raise NotVerified("the proof is none of a place in this tree")
    for sibling in proof:
        if last == 0:
            raise NotVerified("the proof is too long")
        if node % 2 or node == last:
            found = join(sibling, found)
            while node and not node % 2:
                node, last = node >> 1, last >> 1
        else:
            found = join(found, sibling)
        node, last = node >> 1, last >> 1
    if last:
        raise NotVerified("the proof is too short")
    return found


def read_key(text: str) -> Key:
    """Read a verifier key: the log's name, the key's id, the key."""
    name, hash_, encoded = [*text.strip().split("+", 2), "", ""][:3]
    raw = decoded(encoded)
    key_id = hashlib.sha256(name.encode() + b"\n" + raw).digest()[:4]
    if raw[:1] != b"\x01" or key_id.hex() != hash_:
        raise NotVerified("the key is not one for Ed25519, or does not match its own id")
    return name, key_id, Ed25519PublicKey.from_public_bytes(raw[1:])


def signed_by(note: str, keys: list[Key]) -> list[str]:
    """Check that one of the keys has signed a text, and none of them wrongly; give the signer's name, and the text's lines."""
    text, found, below = note.rpartition("\n\n")
    signers = []
    for name, key_id, public_key in keys if found else []:
        marked = f"\u2014 {name} "
        mine = [decoded(line[len(marked) :]) for line in below.split("\n") if line.startswith(marked)]
        for signature in [raw[4:] for raw in mine if raw[:4] == key_id]:
            try:
                public_key.verify(signature, f"{text}\n".encode())
            except InvalidSignature:
                raise NotVerified("the signature is wrong") from None
            signers.append(name)
    if not signers:
        raise NotVerified("this is not signed by this key")
    return [signers[0], *text.split("\n")]


def read_mark(note: Any, keys: list[Key], *, of: str = "") -> Mark:
    """Read a signed checkpoint, or a statement (`/liabilities`), which has a time and the total of each currency below."""
    name, *lines = signed_by(str(note), keys)
    if len(lines) < MARK_LINES or lines[0] != name + of:
        raise NotVerified(f"this is no checkpoint or statement of {name}")
    rows = [line.split(" ") for line in lines[MARK_LINES + 1 :]] if of else []
    totals = {name: (int(total), int(count), decoded(root)) for name, total, count, root in rows}
    if len(totals) != len(rows):
        raise NotVerified("the statement has several totals of a currency")
    return int(lines[1]), decoded(lines[2]), totals if of else None


def once_each(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Build a dictionary from JSON, refusing names that are given twice."""
    found = dict(pairs)
    if len(found) != len(pairs):
        raise NotVerified("a name is given twice")
    return found


def read_json(text: bytes, fields: set[str], *, exactly: bool) -> dict[str, Any]:
    """Read an object that has these fields, and no others where it must be exact."""
    found = json.loads(text.decode(), object_pairs_hook=once_each)
    if not isinstance(found, dict) or not fields <= set(found) or (exactly and set(found) != fields):
        raise NotVerified(f"this has not the fields {', '.join(sorted(fields))}")
    return found


def read_journal(leaf: bytes) -> dict[str, Any]:
    """Read a journal from its leaf; check its form, and that it sums to zero in each currency."""
    sums: dict[str, int] = {}
    journal = read_json(leaf, FIELDS, exactly=True)
    if not isinstance(journal["lines"], list) or not journal["lines"] or not isinstance(journal["key"], str):
        raise NotVerified("this has not the form of a journal")
    for line in journal["lines"]:
        if not isinstance(line, dict) or {name: type(value) for name, value in line.items()} != LINE:
            raise NotVerified("a line has not the form of one")
        sums[line["currency"]] = sums.get(line["currency"], 0) + line["amount"]
    if any(sums.values()):
        raise NotVerified(f"the lines do not sum to zero in {', '.join(sorted(name for name in sums if sums[name]))}")
    return journal


def verify_log(path: Path, marks: list[Mark], end: Mark) -> None:
    """Read the log once; compare it with every mark on the way, and with the newest checkpoint at its end."""
    ledger, waiting = Ledger(), sorted(marks, key=lambda mark: mark[0])
    if waiting and waiting[-1][0] > end[0]:
        raise NotVerified("something older has more leaves than the newest checkpoint: the log was cut")
    with path.open("rb") as lines:
        for line in lines:
            ledger.compare(waiting)
            if not line.endswith(b"\n") or ledger.size == end[0]:
                raise NotVerified(f"line {ledger.size + 1} is cut off, or more than the checkpoint says")
            try:
                ledger.append(line[:-1])
            except ValueError as error:
                raise NotVerified(f"line {ledger.size + 1}: {error}") from None
    ledger.compare(waiting)
    if (ledger.size, ledger.root()) != end[:2]:
        raise NotVerified(f"the log of {ledger.size} lines is not what the checkpoint over {end[0]} commits to")


def verify_receipt(text: bytes, keys: list[Key]) -> str:
    """Check a receipt's checkpoint, its journal, and its proof."""
    receipt = read_json(text, {*PROOF, "checkpoint"}, exactly=False)
    size, root, _ = read_mark(receipt["checkpoint"], keys)
    leaf, index, proof = read_proof(receipt)
    if root_from_proof(hash_leaf(leaf), index, size, proof, hash_children) != root:
        raise NotVerified("the receipt's journal is not in the log that the checkpoint commits to")
    return f"{read_journal(leaf)['key']} is in the log of {size} journals"


def verify_owed(text: bytes, keys: list[Key], statements: list[str]) -> str:
    """Check that each balance is a part of the total that was stated, above zero, and of one person alone."""
    own, people, said = read_json(text, {"statement", "balances"}, exactly=False), set(), []
    totals = read_mark(own["statement"], keys, of=STATEMENT)[2] or {}
    if statements and own["statement"] not in statements:
        raise NotVerified("the balances are shown under another statement than yours")
    for each in own["balances"] if isinstance(own["balances"], list) else [None]:
        leaf, index, proof = read_proof(each)
        owed = read_json(leaf, OWED, exactly=True)
        amount, (total, count, root) = owed["amount"], totals.get(owed["currency"], (0, 0, b""))
        if type(amount) is not int or not 0 < amount <= total:
            raise NotVerified("a balance is not above zero and within the total")
        hashed = hash_leaf(leaf) + amount.to_bytes(SUM_BYTES, "big")
        if root_from_proof(hashed, index, count, proof, sum_children) != root + total.to_bytes(SUM_BYTES, "big"):
            raise NotVerified("a balance is no part of the total that was stated")
        people.add(owed["user_id"])
        said.append(f"{amount} of {total} {owed['currency']} (minor units)")
    if len(people) > 1 or len(set(said)) != len(said):
        raise NotVerified("these are not the balances of one person, each once")
    return f"{' and '.join(said) or 'nothing'} owed to {' and '.join(people) or 'you'}"


def read_proof(of: Any) -> tuple[bytes, int, list[bytes]]:
    """Check the form of what shows that a leaf is in a tree."""
    if not isinstance(of, dict) or {name: type(of.get(name)) for name in PROOF} != PROOF:
        raise NotVerified("a proof has not the form of one")
    return of["leaf"].encode(), of["index"], [decoded(each) for each in of["proof"]]


def main(arguments: list[str]) -> int:
    """Verify what is asked for; 0 when it holds."""
    parser = argparse.ArgumentParser(description="Verify an exported ledger, one receipt, or what is owed to you.")
    parser.add_argument("--key", required=True, action="append", help="the log's public key: name+id+base64")
    parser.add_argument("--checkpoint", type=Path, help="the newest checkpoint")
    parser.add_argument("--log", type=Path, help="the exported log: one journal a line")
    parser.add_argument("--older", type=Path, action="append", default=[], help="a checkpoint that you kept; may be repeated")
    parser.add_argument("--statement", type=Path, action="append", default=[], help="a statement of what is owed to all")
    parser.add_argument("--receipt", type=Path, help="one receipt, instead of a log")
    parser.add_argument("--owed", type=Path, help="what is owed to you, instead of a log")
    asked = parser.parse_args(arguments)
    if sum(map(bool, (asked.log, asked.receipt, asked.owed))) != 1 or bool(asked.log) != bool(asked.checkpoint):
        parser.error("give --log and --checkpoint, or --receipt, or --owed")
    try:
        keys = [read_key(text) for text in asked.key]
        statements = [path.read_text("utf-8") for path in asked.statement]
        if asked.receipt:
            said = verify_receipt(asked.receipt.read_bytes(), keys)
        elif asked.owed:
            said = verify_owed(asked.owed.read_bytes(), keys, statements)
        else:
            marks = [read_mark(path.read_text("utf-8"), keys) for path in asked.older]
            marks += [read_mark(note, keys, of=STATEMENT) for note in statements]
            verify_log(asked.log, marks, end := read_mark(asked.checkpoint.read_text("utf-8"), keys))
            said = f"{end[0]} journals, {len(asked.older)} older checkpoints, {len(statements)} statements"
    except (ValueError, TypeError, OSError, OverflowError, RecursionError) as error:
        print(f"NOT VERIFIED: {error}", file=sys.stderr)
        return 1
    print(f"verified: {said}, by {keys[0][0]}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
