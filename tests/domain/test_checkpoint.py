"""Checkpoints and signed texts, with a signature that others have made, and with what is none."""

import base64

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from freehold.domain.checkpoint import (
    Checkpoint,
    InvalidNote,
    Signature,
    key_id,
    read_signed,
    read_verifier_key,
    signed,
    verifier_key,
)

OTHERS_KEY = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
OTHERS_NOTE = (
    "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n\n"
    "\u2014 PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n"
)
"""The example in the documentation of Go's package `note`, which the format comes from."""
ROOT = bytes(range(32))
TEXT = Checkpoint("freehold.example.org/ledger", 1_000_000, ROOT).text


def check(note: str, verifier: str) -> str:
    """Check the signature of this key, as a reader would; give the text."""
    text, signatures = read_signed(note)
    name, public_key = read_verifier_key(verifier)
    mine = [each for each in signatures if (each.name, each.key_id) == (name, key_id(name, public_key))]
    for each in mine:
        Ed25519PublicKey.from_public_bytes(public_key).verify(each.signature, text.encode())
    assert mine
    return text


def test_a_note_that_others_have_signed_is_read():
    assert check(OTHERS_NOTE, OTHERS_KEY).startswith("If you think")
    name, public_key = read_verifier_key(OTHERS_KEY)
    assert verifier_key(name, public_key) == OTHERS_KEY


def test_a_checkpoint_is_signed_and_read_back():
    private = Ed25519PrivateKey.from_private_bytes(bytes(32))
    public_key, name = private.public_key().public_bytes_raw(), "freehold.example.org/ledger"
    mine = Signature(name, key_id(name, public_key), private.sign(TEXT.encode()))
    unknown = Signature("a-witness", b"1234", b"of another kind")
    note = signed(TEXT, [unknown, mine])
    assert note == f"{TEXT}\n{unknown.line}{mine.line}"
    assert Checkpoint.read(check(note, verifier_key(name, public_key))) == Checkpoint(name, 1_000_000, ROOT)
    forged = note.replace("1000000", "1000001")
    with pytest.raises(InvalidSignature):
        check(forged, verifier_key(name, public_key))


def test_what_a_checkpoint_says():
    assert f"freehold.example.org/ledger\n1000000\n{base64.b64encode(ROOT).decode()}\n" == TEXT
    assert Checkpoint.read(f"{TEXT}an extension\n") == Checkpoint.read(TEXT)


@pytest.mark.parametrize(
    "text",
    [
        "", "\n", "origin\n", "origin\n5\n", TEXT[:-1], TEXT.replace("1000000", "01"), TEXT.replace("1000000", "-1"),
        TEXT.replace("1000000", "1e6"), TEXT.replace("1000000", str(2**63)), TEXT.replace("1000000", " 1"),
        TEXT.replace("=", ""), TEXT.replace("=", "*"), f"origin\n5\n{base64.b64encode(b'short').decode()}\n", f"\n{TEXT}",
        f"{TEXT}\nmore\n", f"{TEXT}\n",
    ],
)  # fmt: skip
def test_what_is_no_checkpoint_is_refused(text: str):
    with pytest.raises(InvalidNote):
        Checkpoint.read(text)


@pytest.mark.parametrize(
    "note",
    [
        "", "\n\n", TEXT, f"{TEXT}\n", OTHERS_NOTE[:-1], OTHERS_NOTE.replace("\u2014", "-"),
        OTHERS_NOTE.replace("\u2014 ", "\u2014"),
        OTHERS_NOTE.replace("PeterNeumann ", "PeterNeumann"), OTHERS_NOTE.replace("PeterNeumann", "Peter+Neumann"),
        OTHERS_NOTE.replace("AM=", "A="), OTHERS_NOTE.replace("know", "kn\tow"), f"{TEXT}\n\u2014 name AAAA\n",
        f"{'x' * 1_000_000}{OTHERS_NOTE}",
    ],
)  # fmt: skip
def test_what_is_no_signed_text_is_refused(note: str):
    with pytest.raises(InvalidNote):
        read_signed(note)


@pytest.mark.parametrize(
    "key",
    [
        "", "name", "name+c74f20a3", OTHERS_KEY.replace("c74f20a3", "c74f20a4"), OTHERS_KEY.replace("ARpc", "Ahpc"),
        OTHERS_KEY[:-4], OTHERS_KEY.replace("Peter", "Peter "),
    ],
)  # fmt: skip
def test_what_is_no_key_is_refused(key: str):
    with pytest.raises(InvalidNote):
        read_verifier_key(key)


def test_a_name_has_no_white_space():
    for name in ("", "a b", "a+b", "a\n"):
        with pytest.raises(InvalidNote):
            key_id(name, ROOT)
