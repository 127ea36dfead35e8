"""Access tokens and headers that nobody of ours has made, or that were made for something else."""

import base64
import hmac
import json
import time
from typing import Any, Final

import jwt
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from jwt.algorithms import OKPAlgorithm

from freehold.internal_calls import CallSigner
from tests.api import Person
from tests.security.people import signed

REQUIRED_CLAIMS: Final = ("iss", "aud", "sub", "sid", "roles", "ver", "iat", "nbf", "exp")


def forged_tokens(person: Person, other: Person) -> dict[str, str]:
    """Give tokens that are not this person's, by what is wrong with them; `other` is somebody else who is signed in."""
    good = person.signed_in["access_token"]
    return {
        **_with_foreign_keys(person, good),
        **_made_for_something_else(person, other),
        **_damaged(good),
        **{f"without {claim}": signed(person, **{claim: None}) for claim in REQUIRED_CLAIMS},
    }


def strange_headers(person: Person) -> dict[str, str]:
    """Give Authorization headers that carry no bearer token, or not only one."""
    good = person.signed_in["access_token"]
    basic = base64.b64encode(f"{person.email}:{good}".encode()).decode()
    return {
        "empty": "", "blank": " ", "scheme alone": "Bearer", "scheme and blank": "Bearer ", "bare": good,
        "basic": f"Basic {basic}", "other scheme": f"Token {good}", "two tokens": f"Bearer {good} {good}",
        "list": f"Bearer {good}, Bearer {good}", "quoted": f'Bearer "{good}"', "not ASCII": "Bearer \xe9\xff",
        "null": "Bearer null", "operator": 'Bearer {"$ne": null}',
    }  # fmt: skip


def _with_foreign_keys(person: Person, good: str) -> dict[str, str]:
    header, claims = jwt.get_unverified_header(good), jwt.decode(good, options={"verify_signature": False})
    foreign = Ed25519PrivateKey.generate()
    jwk = json.loads(OKPAlgorithm.to_jwk(foreign.public_key()))
    published = (person.api.keys / "access-token-jwks").read_text()

    def sign(**changed: Any) -> str:
        return jwt.encode(claims, foreign, algorithm="EdDSA", headers={**header, **changed})

    return {
        "of another key": sign(),
        "that brings its own key": sign(jwk=jwk),
        "that says where its key is": sign(jku="http://127.0.0.1:9/jwks.json", x5u="http://127.0.0.1:9/x"),
        "of an unknown key": sign(kid="another"),
        "of a key that is a path": sign(kid="../../../../dev/null"),
        "without algorithm": jwt.encode(claims, None, algorithm="none", headers={**header, "alg": "none"}),
        "signed with the published keys as a secret": _with_secret(header, claims, published),
        "signed with a published key as a secret": _with_secret(header, claims, json.loads(published)["keys"][0]["x"]),
        "signed with an empty secret": _with_secret(header, claims, ""),
    }


def _with_secret(header: dict[str, Any], claims: dict[str, Any], secret: str) -> str:
    """Sign with HMAC, by hand: libraries refuse to make such a token."""
    told = ".".join(_part(json.dumps(each).encode()) for each in ({**header, "alg": "HS256"}, claims))
    return f"{told}.{_part(hmac.digest(secret.encode(), told.encode(), 'sha256'))}"


def _part(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def _made_for_something_else(person: Person, other: Person) -> dict[str, str]:
    now = int(time.time())
    theirs = jwt.decode(other.signed_in["access_token"], options={"verify_signature": False})
    door = CallSigner.from_jwk((person.api.keys / "connector-call-key").read_text())
    ticket = person.post("/api/realtime/tickets")["ticket"]
    return {
        "of another type": signed(person, headers={"typ": "JWT"}),
        "of the type of internal calls": signed(person, headers={"typ": "freehold-call+jwt"}),
        "for somebody else": signed(person, aud="freehold-mail"),
        "from somebody else": signed(person, iss="https://login.example.org"),
        "that begins tomorrow": signed(person, nbf=now + 86_400, exp=now + 90_000),
        "made tomorrow": signed(person, iat=now + 86_400, exp=now + 90_000),
        "that has expired": signed(person, exp=now),
        "with an expiry that is no number": signed(person, exp="never"),
        "of somebody else's session": signed(person, sid=theirs["sid"]),
        "of a session that never was": signed(person, sid="ses_" + "0" * 32),
        "of a session that is an operator": signed(person, sid='{"$ne": null}'),
        "of a version to come": signed(person, ver=99),
        "of a version that is no number": signed(person, ver="x"),
        "for refreshing": person.signed_in["refresh_token"],
        "for a socket": ticket,
        "of a door": door.sign(function="jobs-create-job", method="POST", path="/jobs-create-job", body=b""),
    }


def _damaged(good: str) -> dict[str, str]:
    header, claims, signature = good.split(".")
    told = json.loads(base64.urlsafe_b64decode(claims + "=="))
    widened = _part(json.dumps({**told, "roles": ["admin"]}).encode())
    return {
        "with other claims": f"{header}.{widened}.{signature}", "without signature": f"{header}.{claims}.",
        "of two parts": f"{header}.{claims}", "of four parts": f"{good}.{signature}", "cut": good[:-2],
        "lengthened": good + "AA", "twice": good + good, "empty parts": "..", "no base64": "%.%.%",
        "too long": good + "A" * 10_000, "zeros": "\x01" * 40, "nested": f"{_part(b'[' * 3_000)}.{claims}.{signature}",
    }  # fmt: skip
