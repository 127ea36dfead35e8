"""The secret files: complete, consistent, private, and marked when they are for development."""

import json
import stat

import pytest

from freehold.internal_calls import CallSigner, CallVerifier
from freehold.settings import DEVELOPMENT_MARK
from infra.keys import GIVEN, UnusableKeys, main, make_keys

SECRETS = {
    "access-token-key", "access-token-jwks", "refresh-token-key", "door-jwks", "connector-call-key", "scheduler-call-key",
    "smtp-url", *GIVEN,
    "ledger-key",
}  # fmt: skip


def test_all_files_are_made_and_only_their_owner_reads_them(tmp_path):
    make_keys(tmp_path / "secrets", development=False)
    files = list((tmp_path / "secrets").iterdir())
    assert {file.name for file in files} == SECRETS
    assert {stat.S_IMODE(file.stat().st_mode) for file in files} == {0o600}


def test_a_second_run_keeps_every_key(tmp_path):
    make_keys(tmp_path, development=True)
    before = {file.name: file.read_text() for file in tmp_path.iterdir()}
    assert make_keys(tmp_path, development=True) == []
    assert {file.name: file.read_text() for file in tmp_path.iterdir()} == before


def test_a_missing_file_is_made_again_and_its_public_half_follows(tmp_path):
    make_keys(tmp_path, development=True)
    (tmp_path / "connector-call-key").unlink()
    assert make_keys(tmp_path, development=True) == ["connector-call-key"]
    signer = CallSigner.from_jwk((tmp_path / "connector-call-key").read_text())
    token = signer.sign(function="jobs-create-job", method="POST", path="/jobs-create-job", body=b"[]")
    verifier = CallVerifier((tmp_path / "door-jwks").read_text())
    door = verifier.verify(token, function="jobs-create-job", method="POST", path="/jobs-create-job", body=b"[]")
    assert door == "connector"


def test_what_payment_gateways_give_is_made_empty_and_kept_once_it_is_filled_in(tmp_path):
    make_keys(tmp_path, development=True)
    assert {(tmp_path / name).read_text() for name in GIVEN} == {"none"}
    (tmp_path / GIVEN[0]).write_text("filled in")
    make_keys(tmp_path, development=True)
    assert (tmp_path / GIVEN[0]).read_text() == "filled in"


def test_public_files_hold_no_private_member(tmp_path):
    make_keys(tmp_path, development=False)
    for name in ("access-token-jwks", "door-jwks"):
        assert all("d" not in jwk for jwk in json.loads((tmp_path / name).read_text())["keys"])


def test_every_development_file_is_marked_and_no_other_is(tmp_path):
    make_keys(tmp_path / "development", development=True)
    make_keys(tmp_path / "production", development=False)
    made = (file for file in (tmp_path / "development").iterdir() if file.name not in {*GIVEN, "smtp-url"})
    assert all(DEVELOPMENT_MARK in file.read_text() for file in made)
    assert not any(DEVELOPMENT_MARK in file.read_text() for file in (tmp_path / "production").iterdir())


def test_production_keys_are_not_made_among_development_keys(tmp_path):
    make_keys(tmp_path, development=True)
    with pytest.raises(UnusableKeys, match="access-token-key"):
        make_keys(tmp_path, development=False)


def test_the_command_says_what_it_made_and_refuses_in_a_sentence(tmp_path, capsys):
    assert main([str(tmp_path), "--development"]) == 0
    assert "refresh-token-key" in capsys.readouterr().out
    assert main([str(tmp_path)]) == 1
    assert "Choose an empty folder" in capsys.readouterr().err


def test_a_broken_key_is_told_in_a_sentence_that_names_its_file(tmp_path):
    make_keys(tmp_path, development=True)
    for nonsense in ("", "{}", "not json", '{"kty": "OKP", "crv": "Ed25519", "x": "AA", "d": 3}'):
        (tmp_path / "access-token-key").write_text(nonsense)
        with pytest.raises(UnusableKeys, match="access-token-key"):
            make_keys(tmp_path, development=True)
