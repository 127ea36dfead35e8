"""A key is changed while everything runs: at every step, whoever has the secrets of that step or of the one before agrees."""

import itertools
from collections.abc import Callable
from pathlib import Path

import pytest

from freehold.edge.note_signing import NoteSigner
from freehold.edge.problems import InvalidCredentials, Unauthenticated
from freehold.edge.tokens import AccessTokenSigner, AccessTokenVerifier, RefreshToken, RefreshTokens
from freehold.internal_calls import CallSigner, CallVerifier, InvalidCallToken
from infra.key_rotation import IN_LINES, STEPS, WrongStep
from infra.keys import main, make_keys, rotate_key
from tools import verify_ledger

REFUSED = (Unauthenticated, InvalidCredentials, InvalidCallToken, verify_ledger.NotVerified)
CALL = {"function": "jobs-expire-jobs", "method": "POST", "path": "/jobs-expire-jobs", "body": b"{}"}
GENERATION = RefreshToken(session_id=f"ses_{'0' * 32}", generation=1)
PERSON = {"user_id": "usr_1", "session_id": "ses_1", "roles": (), "sign_in_version": 1}

Secrets = dict[str, str]


def refresh(secrets: Secrets) -> RefreshTokens:
    return RefreshTokens(secrets["refresh-token-key"])


def checkpoint(secrets: Secrets) -> str:
    return NoteSigner(secrets["ledger-key"], "test/ledger").sign("test/ledger\n1\nroot\n")


def checked(secrets: Secrets, note: str) -> None:
    """Verify as somebody does who knows the keys of these secrets, and needs one of them to have signed."""
    for key in NoteSigner(secrets["ledger-key"], "test/ledger").verifier_keys:
        try:
            verify_ledger.signed_by(note, [verify_ledger.read_key(key)])
        except verify_ledger.NotVerified:
            continue
        return
    raise verify_ledger.NotVerified("no key that is known has signed")


def call_of(door: str) -> tuple[Callable[[Secrets], str], Callable[[Secrets, str], object]]:
    return (
        lambda secrets: CallSigner.from_jwk(secrets[f"{door}-call-key"]).sign(**CALL),
        lambda secrets, token: CallVerifier(secrets["door-jwks"]).verify(token, **CALL),
    )


SIGN_AND_CHECK: dict[str, tuple[Callable[[Secrets], str], Callable[[Secrets, str], object]]] = {
    "access-token-key": (
        lambda secrets: AccessTokenSigner(secrets["access-token-key"]).sign(**PERSON),
        lambda secrets, token: AccessTokenVerifier(secrets["access-token-jwks"]).verify(token),
    ),
    "refresh-token-key": (
        lambda secrets: refresh(secrets).make(GENERATION),
        lambda secrets, token: refresh(secrets).read(token),
    ),
    "ledger-key": (checkpoint, checked),
    "connector-call-key": call_of("connector"),
    "scheduler-call-key": call_of("scheduler"),
}


def secrets_in(folder: Path) -> Secrets:
    return {file.name: file.read_text() for file in folder.iterdir()}


@pytest.mark.parametrize("name", SIGN_AND_CHECK)
def test_no_step_parts_those_who_sign_from_those_who_check(name: str, tmp_path: Path):
    make_keys(tmp_path, development=True)
    sign, check = SIGN_AND_CHECK[name]
    stages = [secrets_in(tmp_path)]
    for step in STEPS:
        assert "Now replace the secret" in rotate_key(tmp_path, name, step, development=True)
        stages.append(secrets_in(tmp_path))
    for before, after in itertools.pairwise(stages):
        check(before, sign(after))
        check(after, sign(before))
    for other in set(SIGN_AND_CHECK) - {name}:
        SIGN_AND_CHECK[other][1](stages[-1], SIGN_AND_CHECK[other][0](stages[0]))
    with pytest.raises(REFUSED):
        check(stages[-1], sign(stages[0]))


@pytest.mark.parametrize("name", SIGN_AND_CHECK)
def test_a_step_out_of_its_order_is_refused_and_changes_nothing(name: str, tmp_path: Path):
    make_keys(tmp_path, development=True)
    for due in STEPS:
        before = secrets_in(tmp_path)
        for step in set(STEPS) - {due}:
            with pytest.raises(WrongStep, match=f"--{due}"):
                rotate_key(tmp_path, name, step, development=True)
        assert secrets_in(tmp_path) == before
        rotate_key(tmp_path, name, due, development=True)
    assert set(secrets_in(tmp_path)) == set(before) - {f"{name}.previous"}


@pytest.mark.parametrize("name", SIGN_AND_CHECK)
def test_a_switch_that_was_cut_off_is_done_again(name: str, tmp_path: Path):
    make_keys(tmp_path, development=True)
    rotate_key(tmp_path, name, "announce", development=True)
    signing = (tmp_path / name).read_text().split()[0] if name in IN_LINES else (tmp_path / name).read_text()
    (tmp_path / f"{name}.previous").write_text(signing)
    rotate_key(tmp_path, name, "switch", development=True)
    rotate_key(tmp_path, name, "retire", development=True)
    assert signing not in (tmp_path / name).read_text()


def test_completing_the_folder_in_between_keeps_both_keys_known(tmp_path: Path):
    make_keys(tmp_path, development=True)
    rotate_key(tmp_path, "access-token-key", "announce", development=True)
    before = secrets_in(tmp_path)
    assert make_keys(tmp_path, development=True) == []
    assert secrets_in(tmp_path) == before


def test_the_command_says_what_to_do_next_and_refuses_in_a_sentence(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    assert main([str(tmp_path)]) == 0
    assert main([str(tmp_path), "--announce", "connector-call-key"]) == 0
    assert "replace the secret door-jwks and start every function again" in capsys.readouterr().out
    assert main([str(tmp_path), "--announce", "connector-call-key"]) == 1
    assert "the next one is --switch connector-call-key" in capsys.readouterr().err
    assert main([str(tmp_path), "--announce", "mongodb-uri"]) == 1
    assert "is no key that is changed in steps" in capsys.readouterr().err
    assert main([str(tmp_path / "empty"), "--switch", "access-token-key"]) == 1
    assert "make the keys first" in capsys.readouterr().err


def test_a_key_for_production_is_not_changed_among_development_keys(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    make_keys(tmp_path, development=True)
    assert main([str(tmp_path), "--announce", "access-token-key"]) == 1
    assert "development keys" in capsys.readouterr().err
