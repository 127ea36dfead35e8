#!/usr/bin/env python3
"""Verify an exported ledger, or one receipt, without trusting whoever runs the marketplace.

    verify_ledger.py --key KEY --checkpoint FILE --log FILE [--older FILE ...]
    verify_ledger.py --key KEY --receipt FILE

KEY is the log's public key as it was published (`name+id+base64`), a CHECKPOINT a signed text, the LOG one journal a line,
in their order, the bytes of each line being the leaf. A RECEIPT is JSON: `leaf`, `index`, `proof`, `checkpoint`.

What holds when it says "verified": the checkpoint is signed by this key; the log is exactly what the checkpoint commits to, not
a byte or a line more or less; it goes on from every older checkpoint that you have kept; every journal is well formed, sums to
zero in each currency, and happened once; no held balance was ever below zero. It ends with 0, else with 1 and the reason.

It needs Python 3.9 and `cryptography`, and nothing else: read it before you trust it. Source: RFC 6962, section 2.1; RFC 9162,
section 2.1.3.2; C2SP tlog-checkpoint and signed-note.
"""

from __future__ import annotations

import argparse
import base64
import binascii
import hashlib
import json
import sys
from pathlib import Path
from typing import Any, NoReturn

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

FIELDS = {"created_at", "id", "key", "leg", "lines", "milestone_id", "milestone_version", "n"}
LINE_FIELDS = {"account", "amount", "currency"}
HASH_BYTES = 32
CHECKPOINT_LINES = 3
HELD = ("escrow:", "disputed:", "payable:", "refund_due:")


Key = tuple[str, bytes, Ed25519PublicKey]  # its holder's name, its id (4 bytes), itself
Checkpoint = tuple[int, bytes]  # a size, a root


class NotVerified(Exception):  # noqa: N818 - it says what is the case
    """Something is not as it should be; the message says what."""


class Log:
    """The roots of a log's beginnings, while its leaves come in: one hash for each complete subtree at the right edge."""

    def __init__(self) -> None:
        self.size = 0
        self._edge: list[bytes] = []

    def append(self, leaf: bytes) -> None:
        """Take in the bytes of a leaf."""
        found, size = hash_leaf(leaf), self.size
        while size % 2:
            found = hash_children(self._edge.pop(), found)
            size >>= 1
        self._edge.append(found)
        self.size += 1

    def root(self) -> bytes:
        """Give the root over what came in."""
        if not self._edge:
            return hashlib.sha256().digest()
        found = self._edge[-1]
        for left in reversed(self._edge[:-1]):
            found = hash_children(left, found)
        return found


def hash_leaf(leaf: bytes) -> bytes:
    """Hash a leaf's bytes."""
    return hashlib.sha256(b"\x00" + leaf).digest()


def hash_children(left: bytes, right: bytes) -> bytes:
    """Hash two subtrees into one."""
    return hashlib.sha256(b"\x01" + left + right).digest()


def root_from_proof(leaf: bytes, index: int, size: int, proof: list[bytes]) -> bytes:
    """Compute the root that a proof of inclusion leads to."""
    if not 0 <= index < size:
        raise NotVerified("the receipt's place is not in the checkpoint's log")
    node, last, found = index, size - 1, hash_leaf(leaf)
    for sibling in proof:
        if last == 0:
            raise NotVerified("the receipt's proof is too long")
        if node % 2 or node == last:
            found = hash_children(sibling, found)
            while node and not node % 2:
                node, last = node >> 1, last >> 1
        else:
            found = hash_children(found, sibling)
        node, last = node >> 1, last >> 1
    if last:
        raise NotVerified("the receipt's proof is too short")
    return found


def from_base64(text: Any, what: str) -> bytes:
    """Decode base64."""
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError, TypeError):
        raise NotVerified(f"{what} is not base64") from None


def read_key(text: str) -> Key:
    """Read a verifier key: the log's name, the key's id, the key."""
    name, _, rest = text.strip().partition("+")
    hash_, _, encoded = rest.partition("+")
    raw = from_base64(encoded, "the key")
    if len(raw) != 1 + HASH_BYTES or raw[0] != 1:
        raise NotVerified("the key is not one for Ed25519")
    key_id = hashlib.sha256(name.encode() + b"\n" + raw).digest()[:4]
    if key_id.hex() != hash_:
        raise NotVerified("the key does not match its own id")
    return name, key_id, Ed25519PublicKey.from_public_bytes(raw[1:])


def read_checkpoint(note: str, key: Key) -> Checkpoint:
    """Check a checkpoint's signature, and read its size and root."""
    name, key_id, public_key = key
    text, found, below = note.rpartition("\n\n")
    if not found:
        raise NotVerified("the checkpoint has no signatures")
    text += "\n"
    marked = f"\u2014 {name} "
    mine = [from_base64(line[len(marked) :], "a signature") for line in below.split("\n") if line.startswith(marked)]
    mine = [raw[4:] for raw in mine if raw[:4] == key_id]
    if not mine:
        raise NotVerified("the checkpoint is not signed by this key")
    for signature in mine:
        try:
            public_key.verify(signature, text.encode())
        except InvalidSignature:
            raise NotVerified("the checkpoint's signature is wrong") from None
    lines = text.split("\n")
    if len(lines) <= CHECKPOINT_LINES or lines[0] != name:
        raise NotVerified(f"the checkpoint is not one of {name}")
    if not (lines[1].isascii() and lines[1].isdigit() and str(int(lines[1])) == lines[1]):
        raise NotVerified("the checkpoint's size is no number")
    root = from_base64(lines[2], "the checkpoint's root")
    if len(root) != HASH_BYTES:
        raise NotVerified("the checkpoint's root has the wrong length")
    return int(lines[1]), root


def once_each(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Build a dictionary from JSON, refusing names that are given twice."""
    found = dict(pairs)
    if len(found) != len(pairs):
        raise NotVerified("a name is given twice")
    return found


def no_float(text: str) -> NoReturn:
    """Refuse numbers that are not whole."""
    raise NotVerified(f"{text} is no whole number")


def read_journal(leaf: bytes) -> dict[str, Any]:
    """Read a journal from its leaf; check its form, and that it sums to zero in each currency."""
    try:
        journal = json.loads(leaf.decode(), object_pairs_hook=once_each, parse_float=no_float, parse_constant=no_float)
    except (UnicodeDecodeError, ValueError, RecursionError):
        raise NotVerified("this is not JSON") from None
    if not isinstance(journal, dict) or set(journal) != FIELDS:
        raise NotVerified("this has not the fields of a journal")
    lines = journal["lines"]
    if not isinstance(lines, list) or not lines or not isinstance(journal["key"], str):
        raise NotVerified("this has not the form of a journal")
    sums: dict[str, int] = {}
    for line in lines:
        if not isinstance(line, dict) or set(line) != LINE_FIELDS or type(line["amount"]) is not int:
            raise NotVerified("a line has not the form of one")
        if not isinstance(line["account"], str) or not isinstance(line["currency"], str):
            raise NotVerified("a line has not the form of one")
        sums[line["currency"]] = sums.get(line["currency"], 0) + line["amount"]
    wrong = sorted(currency for currency, total in sums.items() if total)
    if wrong:
        raise NotVerified(f"the lines do not sum to zero in {', '.join(wrong)}")
    return journal


class Ledger:
    """What follows from the journals, one after the other."""

    def __init__(self) -> None:
        self.keys: set[str] = set()
        self.ids: set[str] = set()
        self.balances: dict[tuple[str, str], int] = {}

    def take_in(self, journal: dict[str, Any]) -> None:
        """Take in a journal: each happens once, and what is held is never less than nothing."""
        if journal["key"] in self.keys or journal["id"] in self.ids:
            raise NotVerified(f"{journal['key']} happened twice")
        self.keys.add(journal["key"])
        self.ids.add(journal["id"])
        for line in journal["lines"]:
            place = line["account"], line["currency"]
            self.balances[place] = self.balances.get(place, 0) + line["amount"]
        for line in journal["lines"]:
            if line["account"].startswith(HELD) and self.balances[line["account"], line["currency"]] > 0:
                raise NotVerified(f"{line['account']} is overdrawn")


def verify_log(path: Path, checkpoints: list[Checkpoint]) -> Ledger:
    """Read the log once; compare it with every checkpoint on the way. The last checkpoint is the one that it ends at."""
    size, root = checkpoints[-1]
    waiting = sorted(checkpoints[:-1])
    if waiting and waiting[-1][0] > size:
        raise NotVerified("an older checkpoint has more leaves than the newest: the log was cut")
    log, ledger = Log(), Ledger()
    with path.open("rb") as lines:
        for number, line in enumerate(lines, 1):
            waiting = compare(log, waiting)
            if not line.endswith(b"\n"):
                raise NotVerified(f"line {number} is cut off")
            if number > size:
                raise NotVerified("the log has more lines than the checkpoint says")
            try:
                ledger.take_in(read_journal(line[:-1]))
            except NotVerified as error:
                raise NotVerified(f"line {number}: {error}") from None
            log.append(line[:-1])
    compare(log, waiting)
    if log.size != size:
        raise NotVerified(f"the log has {log.size} lines, the checkpoint says {size}")
    if log.root() != root:
        raise NotVerified("the log is not what the checkpoint commits to")
    return ledger


def compare(log: Log, waiting: list[Checkpoint]) -> list[Checkpoint]:
    """Compare the log's beginning with older checkpoints of this size; give those of a larger one."""
    while waiting and waiting[0][0] == log.size:
        if waiting[0][1] != log.root():
            raise NotVerified(f"the log does not go on from the older checkpoint of {log.size}: it was rewritten")
        waiting = waiting[1:]
    return waiting


def verify_receipt(path: Path, key: Key) -> tuple[dict[str, Any], int]:
    """Check a receipt's checkpoint, its journal, and its proof; give the journal."""
    try:
        receipt = json.loads(path.read_text("utf-8"), object_pairs_hook=once_each)
        leaf, index, proof, note = (receipt[name] for name in ("leaf", "index", "proof", "checkpoint"))
    except (ValueError, KeyError, TypeError, RecursionError):
        raise NotVerified("this is no receipt") from None
    if not isinstance(leaf, str) or type(index) is not int or not isinstance(proof, list) or not isinstance(note, str):
        raise NotVerified("this is no receipt")
    size, root = read_checkpoint(note, key)
    hashes = [from_base64(each, "the proof") for each in proof]
    if any(len(each) != HASH_BYTES for each in hashes) or root_from_proof(leaf.encode(), index, size, hashes) != root:
        raise NotVerified("the receipt's journal is not in the log that the checkpoint commits to")
    return read_journal(leaf.encode()), size


def main(arguments: list[str]) -> int:
    """Verify what is asked for; 0 when it holds."""
    parser = argparse.ArgumentParser(description="Verify an exported ledger, or one receipt.")
    parser.add_argument("--key", required=True, help="the log's public key: name+id+base64")
    parser.add_argument("--checkpoint", type=Path, help="the newest checkpoint")
    parser.add_argument("--log", type=Path, help="the exported log: one journal a line")
    parser.add_argument("--older", type=Path, action="append", default=[], help="a checkpoint that you kept; may be repeated")
    parser.add_argument("--receipt", type=Path, help="one receipt, instead of a log")
    asked = parser.parse_args(arguments)
    if bool(asked.receipt) == bool(asked.log) or bool(asked.log) != bool(asked.checkpoint):
        parser.error("give --log and --checkpoint, or --receipt")
    try:
        key = read_key(asked.key)
        if asked.receipt:
            journal, size = verify_receipt(asked.receipt, key)
            print(f"verified: {journal['key']} is in the log of {size} journals of {key[0]}")
        else:
            checkpoints = [read_checkpoint(path.read_text("utf-8"), key) for path in [*asked.older, asked.checkpoint]]
            ledger = verify_log(asked.log, checkpoints)
            print(f"verified: {len(ledger.keys)} journals of {key[0]}, {len(asked.older)} older checkpoints")
    except (NotVerified, OSError, UnicodeDecodeError) as error:
        print(f"NOT VERIFIED: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
