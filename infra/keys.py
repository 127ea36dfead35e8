"""Make the secret files that Freehold's parts need: `python -m infra.keys DIR [--development]`; change one in steps.

Each private key is made once and then kept; the public files (`access-token-jwks`, `door-jwks`) are made from them each
time. The payment gateways' secrets say `none` until the operator fills them in. `mongodb-uri` is not made here: the operator,
or the local run, writes it. Development keys carry a mark that production refuses.
"""

import argparse
import base64
import hashlib
import json
import os
import secrets
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from jwt.algorithms import OKPAlgorithm
from jwt.exceptions import InvalidKeyError

from freehold.settings import DEVELOPMENT_MARK, GATEWAY_SECRETS
from infra.key_rotation import STEPS, Step, WrongStep, generations, rotate

DOORS: Final = ("connector", "scheduler")
GIVEN: Final = tuple(name.replace("_", "-") for name in GATEWAY_SECRETS)
"""Secrets that somebody else makes."""
NO_GATEWAY: Final = "none"
"""What their files say until then: there is no such gateway here. (OpenFaaS refuses an empty secret.)"""
NO_MAIL: Final = "none"
"""What the secret of the mail account says until somebody writes an address there: mails are kept, not sent."""
_PRIVATE_MEMBERS: Final = {"d"}

Jwk = dict[str, str]


class UnusableKeys(Exception):  # noqa: N818 - the message is a sentence that says what to do
    """The keys in the folder are broken, or development keys lie where keys for production are asked for."""


def names_of_secrets() -> frozenset[str]:
    """Name all the files that `make_keys` makes."""
    return frozenset({"access-token-key", "refresh-token-key", "access-token-jwks", "door-jwks", *_makers(development=False)})


def make_keys(folder: Path, *, development: bool) -> list[str]:
    """Complete the secret files in `folder`; answer the names of those that were made. Raises UnusableKeys."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    if not development:
        _refuse_development_keys(folder)
    makers = _makers(development=development)
    made = [name for name in makers if not (folder / name).exists()]
    for name in made:
        write_secret(folder / name, makers[name]())
    _write_public_sets(folder)
    return made


def rotate_key(folder: Path, name: str, step: Step, *, development: bool) -> str:
    """Do one step of changing a key; answer what to do next. Raises UnusableKeys or WrongStep."""
    if not development and folder.is_dir():
        _refuse_development_keys(folder)
    said = rotate(folder, name, step, make=_makers(development=development).get(name, str), write=write_secret)
    _write_public_sets(folder)
    return said


def _makers(*, development: bool) -> dict[str, Callable[[], str]]:
    return {
        "access-token-key": lambda: json.dumps(new_key(development=development)),
        "refresh-token-key": lambda: (f"{DEVELOPMENT_MARK}-" if development else "") + secrets.token_urlsafe(48),
        "smtp-url": lambda: NO_MAIL,
        "ledger-key": lambda: json.dumps(new_key(development=development), separators=(",", ":")),
        **{f"{door}-call-key": _door_key_maker(door, development=development) for door in DOORS},
        **dict.fromkeys(GIVEN, lambda: NO_GATEWAY),
    }


def _write_public_sets(folder: Path) -> None:
    sets = {"access-token-jwks": ["access-token-key"], "door-jwks": [f"{door}-call-key" for door in DOORS]}
    for public, private in sets.items():
        write_secret(folder / public, _public_set(folder, [file for name in private for file in generations(folder, name)]))


def new_key(*, development: bool, kid: str | None = None) -> Jwk:
    """Make an Ed25519 private key as a JWK; without `kid` it is named by its thumbprint (RFC 7638)."""
    key = Ed25519PrivateKey.generate()
    public = _base64url(key.public_key().public_bytes_raw())
    thumbprint = hashlib.sha256(f'{{"crv":"Ed25519","kty":"OKP","x":"{public}"}}'.encode()).digest()
    jwk = {"kty": "OKP", "crv": "Ed25519", "use": "sig", "alg": "EdDSA", "kid": kid or _base64url(thumbprint)}
    jwk |= {"x": public, "d": _base64url(key.private_bytes_raw())}
    return jwk | ({"made_for": DEVELOPMENT_MARK} if development else {})


def write_secret(file: Path, text: str) -> None:
    """Write a file that only its owner reads; whoever reads it meanwhile sees the old text or the new one, whole."""
    draft = file.with_name(f".{file.name}.{os.getpid()}")
    draft.unlink(missing_ok=True)
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as output:
        output.write(text)
        output.flush()
        os.fsync(output.fileno())
    draft.replace(file)


def _door_key_maker(door: str, *, development: bool) -> Callable[[], str]:
    return lambda: json.dumps(new_key(development=development, kid=door))


def _public_set(folder: Path, names: list[str]) -> str:
    return json.dumps({"keys": [_public_half(folder / name) for name in names]})


def _public_half(file: Path) -> Jwk:
    text = file.read_text(encoding="utf-8", errors="replace")
    try:
        OKPAlgorithm.from_jwk(text)
        jwk: Jwk = json.loads(text)
        return {member: value for member, value in jwk.items() if member not in _PRIVATE_MEMBERS}
    except (InvalidKeyError, ValueError, TypeError) as error:
        raise UnusableKeys(
            f"{file} holds no key any more. Put the right file back, or remove it to get a new one (which ends all sign-ins)."
        ) from error


def _refuse_development_keys(folder: Path) -> None:
    marked = [file.name for file in sorted(folder.iterdir()) if DEVELOPMENT_MARK in file.read_text(errors="replace")]
    if marked:
        raise UnusableKeys(f"{folder} holds development keys ({', '.join(marked)}). Choose an empty folder for production.")


def _base64url(octets: bytes) -> str:
    return base64.urlsafe_b64encode(octets).rstrip(b"=").decode()


def main(arguments: list[str] | None = None) -> int:
    """Run the command; 0 when all the files are there."""
    parser = argparse.ArgumentParser(prog="python -m infra.keys", description="Make the secret files of Freehold.")
    parser.add_argument("folder", type=Path, metavar="DIR")
    parser.add_argument("--development", action="store_true", help="mark the keys; production will refuse them")
    steps = parser.add_mutually_exclusive_group()
    for step in STEPS:
        steps.add_argument(f"--{step}", metavar="NAME", help=f"change a key while everything runs: {step} it")
    given = parser.parse_args(arguments)
    try:
        for step in STEPS:
            if name := getattr(given, step):
                print(rotate_key(given.folder, name, step, development=given.development))
                return 0
        made = make_keys(given.folder, development=given.development)
    except (UnusableKeys, WrongStep, OSError) as error:
        print(error, file=sys.stderr)
        return 1
    print(f"made {', '.join(made)} in {given.folder}" if made else f"{given.folder} is complete")
    return 0


if __name__ == "__main__":
    sys.exit(main())
