"""The secrets of docker-compose.yml: made once, handed out to those that read them and to nobody else."""

import os
import stat

import pytest
from pymongo.uri_parser import parse_uri

from freehold.settings import DEVELOPMENT_MARK
from infra.compose.make_secrets import APPLICATION, CONSUMERS, ROOT, hand_out, make_all
from infra.keys import UnusableKeys


def test_what_was_made_once_stays_as_it_is(tmp_path):
    make_all(tmp_path / "all", development=True)
    first = {file.name: file.read_bytes() for file in (tmp_path / "all").iterdir()}
    make_all(tmp_path / "all", development=True)
    assert {file.name: file.read_bytes() for file in (tmp_path / "all").iterdir()} == first
    assert {name for _, names in CONSUMERS.values() for name in names} <= set(first)


def test_each_consumer_gets_its_own_files_to_read_and_loses_what_it_no_longer_reads(tmp_path):
    make_all(tmp_path / "all", development=True)
    place = tmp_path / "relay"
    place.mkdir()
    (place / "access-token-key").write_text("left over")
    hand_out(tmp_path / "all", place, ("mongodb-uri",), os.getuid())
    hand_out(tmp_path / "all", place, ("mongodb-uri",), os.getuid())
    (file,) = place.iterdir()
    assert (file.name, stat.S_IMODE(file.stat().st_mode)) == ("mongodb-uri", 0o400)
    assert file.read_text() == (tmp_path / "all" / "mongodb-uri").read_text()


def test_only_the_one_shots_are_root_in_the_database_on_a_volume_from_before_too(tmp_path):
    originals = tmp_path / "all"
    originals.mkdir()
    (originals / "mongodb-password").write_text("pass")
    (originals / "mongodb-uri").write_text(f"mongodb://{ROOT}:pass@mongodb:27017/?replicaSet=rs0")
    make_all(originals, development=True)
    users = {}
    for consumer, (_, names) in CONSUMERS.items():
        place = tmp_path / consumer
        place.mkdir()
        hand_out(originals, place, names, os.getuid())
        if (place / "mongodb-uri").exists():
            users[consumer] = parse_uri((place / "mongodb-uri").read_text())["username"]
    served = dict.fromkeys(("auth", "functions", "papers", "payments", "ledger", "relay", "connector"), APPLICATION)
    assert users == {"setup": ROOT, **served}
    assert (tmp_path / "setup" / "mongodb-uri").read_text() == f"mongodb://{ROOT}:pass@mongodb:27017/?replicaSet=rs0"


def test_production_takes_no_development_keys(tmp_path):
    make_all(tmp_path / "all", development=True)
    with pytest.raises(UnusableKeys, match="development keys"):
        make_all(tmp_path / "all", development=False)
    make_all(tmp_path / "other", development=False)
    assert not any(DEVELOPMENT_MARK in file.read_text() for file in (tmp_path / "other").iterdir())


def test_private_keys_reach_nobody_but_those_that_sign():
    holders = {name: [who for who, (_, names) in CONSUMERS.items() if name in names] for name in PRIVATE}
    assert holders == PRIVATE


PRIVATE = {
    "access-token-key": ["auth"],
    "refresh-token-key": ["auth"],
    "ledger-key": ["ledger"],
    "connector-call-key": ["connector"],
    "scheduler-call-key": ["scheduler"],
}
