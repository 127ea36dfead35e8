"""Tokens of internal calls: each fits one call of one door, for half a minute; nothing else is let through."""

import base64
import json
import time
from pathlib import Path
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from freehold import internal_calls
from freehold.internal_calls import CallSigner, CallVerifier, InvalidCallToken, InvalidKey

CALL = {"function": "jobs-expire", "method": "POST", "path": "/jobs-expire", "body": b"{}"}


@pytest.fixture
def signer(keys: Path) -> CallSigner:
    return CallSigner.from_jwk((keys / "scheduler-call-key").read_text())


@pytest.fixture
def verifier(keys: Path) -> CallVerifier:
    return CallVerifier((keys / "door-jwks").read_text())


def claims_of(token: str) -> dict[str, Any]:
    return jwt.decode(token, options={"verify_signature": False})


def test_a_token_is_good_for_its_call_and_names_its_door(signer: CallSigner, verifier: CallVerifier, keys: Path) -> None:
    assert verifier.verify(signer.sign(**CALL), **CALL) == "scheduler"
    other = CallSigner.from_jwk((keys / "connector-call-key").read_text())
    assert verifier.verify(other.sign(**CALL), **CALL) == "connector"


@pytest.mark.parametrize(
    "change", [{"function": "jobs-other"}, {"method": "GET"}, {"path": "/jobs-other"}, {"body": b"[]"}, {"body": b""}], ids=repr
)
def test_a_token_fits_no_other_call(signer: CallSigner, verifier: CallVerifier, change: dict[str, Any]) -> None:
    with pytest.raises(InvalidCallToken):
        verifier.verify(signer.sign(**CALL), **{**CALL, **change})


def test_every_token_is_another_and_ends_within_a_minute(signer: CallSigner) -> None:
    first, second = claims_of(signer.sign(**CALL)), claims_of(signer.sign(**CALL))
    assert first["jti"] != second["jti"]
    assert 0 < first["exp"] - first["iat"] <= 60


@pytest.mark.parametrize("ago_s", [60, 86_400])
def test_a_token_ends(signer: CallSigner, verifier: CallVerifier, ago_s: int, monkeypatch: pytest.MonkeyPatch) -> None:
    earlier = time.time() - ago_s
    with monkeypatch.context() as then:
        then.setattr(internal_calls.time, "time", lambda: earlier)
        token = signer.sign(**CALL)
    with pytest.raises(InvalidCallToken):
        verifier.verify(token, **CALL)


def forged(signer: CallSigner, *, key: Any = None, headers: dict[str, Any] | None = None, **changed: Any) -> str:
    claims = {**claims_of(signer.sign(**CALL)), **changed}
    claims = {name: value for name, value in claims.items() if value is not None}
    own = {"kid": "scheduler", "typ": "freehold-call+jwt", **(headers or {})}
    return jwt.encode(claims, key or signer.key, algorithm="EdDSA", headers=own)


def test_the_forger_of_these_tests_makes_good_tokens_too(signer: CallSigner, verifier: CallVerifier) -> None:
    assert verifier.verify(forged(signer), **CALL) == "scheduler"


@pytest.mark.parametrize(
    "change",
    [
        {"key": Ed25519PrivateKey.from_private_bytes(bytes(32))},
        {"headers": {"kid": "connector"}},
        {"headers": {"kid": "nobody"}},
        {"headers": {"typ": "at+jwt"}},
        {"iss": "connector"},
        {"exp": 2**40},
        *({claim: None} for claim in ("iss", "aud", "exp", "iat", "nbf", "jti", "htm", "htp", "bsh")),
    ],
    ids=lambda change: "-".join(map(str, change)),
)
def test_a_forged_token_is_refused(signer: CallSigner, verifier: CallVerifier, change: dict[str, Any]) -> None:
    with pytest.raises(InvalidCallToken):
        verifier.verify(forged(signer, **change), **CALL)


@pytest.mark.parametrize("token", ["", "x", "a.b.c", "e30.e30.", "\N{SNOWMAN}.e30.e30"])
def test_what_is_no_token_is_refused(verifier: CallVerifier, token: str) -> None:
    with pytest.raises(InvalidCallToken):
        verifier.verify(token, **CALL)


def test_an_unsigned_token_is_refused(signer: CallSigner, verifier: CallVerifier) -> None:
    header = base64.urlsafe_b64encode(json.dumps({"alg": "none", "kid": "scheduler", "typ": "freehold-call+jwt"}).encode())
    _, claims, _ = signer.sign(**CALL).split(".")
    with pytest.raises(InvalidCallToken):
        verifier.verify(f"{header.decode().rstrip('=')}.{claims}.", **CALL)


@pytest.mark.parametrize("text", ["", "{}", "[]", "null", "swordfish", '{"kid": "connector", "kty": "RSA"}', '{"kid": "x"}'])
def test_what_is_no_key_is_refused_without_repeating_it(text: str) -> None:
    with pytest.raises(InvalidKey) as refused:
        CallSigner.from_jwk(text)
    assert "swordfish" not in str(refused.value)


def test_a_public_key_cannot_sign(keys: Path) -> None:
    jwk = json.loads((keys / "scheduler-call-key").read_text())
    del jwk["d"]
    with pytest.raises(InvalidKey, match="private half"):
        CallSigner.from_jwk(json.dumps(jwk))
