"""Checkpoints of a Merkle log as texts, and texts with signatures below them. Pure: who holds which key is not said here.

A checkpoint says which log, how many leaves, and the root over them. A signed text ends in a line break, an empty line
follows, then a line for each signature. Whoever reads one ignores signatures of keys that they do not know.

Source: C2SP tlog-checkpoint (the text) and signed-note (signatures, key ids, the type 0x01 for Ed25519).
"""

import base64
import binascii
import hashlib
import re
from collections.abc import Iterable
from typing import Final

from msgspec import Struct

from freehold.domain.errors import InvalidValue
from freehold.domain.merkle import HASH_BYTES

ED25519: Final = b"\x01"
KEY_ID_BYTES: Final = 4
LARGEST_SIZE: Final = 2**63 - 1
LONGEST_NOTE: Final = 1_000_000
_NAME: Final = re.compile(r"[^\s+]+")
_SIZE: Final = re.compile(r"0|[1-9][0-9]{0,18}")
_LINES: Final = 3
_MARK: Final = "\u2014 "


class InvalidNote(InvalidValue):
    """A text is no checkpoint, or no signed one."""


class Checkpoint(Struct, frozen=True):
    """The log `origin` had `size` leaves, and this root over them (32 bytes)."""

    origin: str
    size: int
    root: bytes

    @property
    def text(self) -> str:
        """Write it down, as it is signed."""
        return f"{self.origin}\n{self.size}\n{base64.b64encode(self.root).decode()}\n"

    @classmethod
    def read(cls, text: str) -> "Checkpoint":
        """Read one; further lines, which the format allows, are passed over. Raises InvalidNote."""
        *lines, end = text.split("\n")
        if len(lines) < _LINES or end or not all(lines):
            raise InvalidNote("a checkpoint has at least three lines, and none of them is empty")
        origin, size, root = lines[:_LINES]
        if not _SIZE.fullmatch(size) or int(size) > LARGEST_SIZE:
            raise InvalidNote("a checkpoint's second line is a number of leaves")
        found = cls(origin, int(size), _from_base64(root))
        if len(found.root) != HASH_BYTES:
            raise InvalidNote(f"a root has {HASH_BYTES} bytes")
        return found


class Signature(Struct, frozen=True):
    """What one key's holder has put below a text: the key's name, its id (4 bytes), and the signature itself."""

    name: str
    key_id: bytes
    signature: bytes

    @property
    def line(self) -> str:
        """Write it down."""
        return f"{_MARK}{self.name} {base64.b64encode(self.key_id + self.signature).decode()}\n"


def key_id(name: str, public_key: bytes) -> bytes:
    """Compute the id of an Ed25519 key (its 32 bytes) under a name. Raises InvalidNote for a name that cannot be one."""
    if not _NAME.fullmatch(name):
        raise InvalidNote("a key's name has no white space and no plus sign")
    return hashlib.sha256(name.encode() + b"\n" + ED25519 + public_key).digest()[:KEY_ID_BYTES]


def verifier_key(name: str, public_key: bytes) -> str:
    """Write down what others need to check signatures of this key: name, id, key."""
    return f"{name}+{key_id(name, public_key).hex()}+{base64.b64encode(ED25519 + public_key).decode()}"


def read_verifier_key(text: str) -> tuple[str, bytes]:
    """Read a verifier key: its name, and 32 bytes of Ed25519. Raises InvalidNote."""
    name, hash_, key = [*text.strip().split("+", 2), "", ""][:3]
    raw = _from_base64(key)
    if raw[:1] != ED25519 or len(raw) != 1 + HASH_BYTES or key_id(name, raw[1:]).hex() != hash_:
        raise InvalidNote("this is no verifier key for Ed25519")
    return name, raw[1:]


def signed(text: str, signatures: Iterable[Signature]) -> str:
    """Put signatures below a text."""
    return f"{text}\n{''.join(signature.line for signature in signatures)}"


def read_signed(note: str) -> tuple[str, tuple[Signature, ...]]:
    """Take a signed text apart; whether its signatures are good is not looked at. Raises InvalidNote."""
    if len(note) > LONGEST_NOTE or any(ord(sign) < ord(" ") and sign != "\n" for sign in note):
        raise InvalidNote("this is no signed text")
    text, found, below = note.rpartition("\n\n")
    if not found or not below.endswith("\n"):
        raise InvalidNote("this is no signed text")
    return f"{text}\n", tuple(_signature(line) for line in below[:-1].split("\n"))


def _signature(line: str) -> Signature:
    name, found, encoded = line.removeprefix(_MARK).partition(" ")
    raw = _from_base64(encoded)
    if not line.startswith(_MARK) or not found or not _NAME.fullmatch(name) or len(raw) <= KEY_ID_BYTES:
        raise InvalidNote("this is no signature")
    return Signature(name, raw[:KEY_ID_BYTES], raw[KEY_ID_BYTES:])


def _from_base64(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise InvalidNote("this is not base64") from error
