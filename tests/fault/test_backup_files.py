"""R12: what can go wrong with the files of a backup and with its command; nothing is taken for what it is not."""

import shutil
import signal
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest
from pymongo import MongoClient

from freehold.documents import Restoration
from freehold.store.backup import BrokenBackup, CannotRestore, check, restore
from freehold.store.backup.__main__ import main
from tests.fault.backups import bring_back, take, with_store
from tests.ledgers import Ledger, fresh_ledger


@pytest.fixture(scope="module")
def backup(mongodb_uri: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a small backup, not to be changed."""
    folder = tmp_path_factory.mktemp("kept") / "backup"
    with fresh_ledger(mongodb_uri) as source:
        source.run(source.store.database["fs.chunks"].create_index([("files_id", 1), ("n", 1)], unique=True))
        chunks = [{"_id": n, "files_id": 1, "n": n, "data": bytes([n]) * 200_000} for n in range(100)]
        source.run(source.store.database["fs.chunks"].insert_many(chunks))
        take(mongodb_uri, source.store.database.name, folder)
    return folder


def cut(file: Path) -> None:
    file.write_bytes(file.read_bytes()[:-7])


def flip(file: Path) -> None:
    content = bytearray(file.read_bytes())
    content[150_000] ^= 1
    file.write_bytes(content)


def drop_last(file: Path) -> None:
    content = file.read_bytes()
    file.write_bytes(content[: -int.from_bytes(content[:4], "little")])


def scribble(file: Path) -> None:
    file.write_bytes(b"\xff\xff\xff\x7f" + file.read_bytes())


@pytest.mark.parametrize("damage", [Path.unlink, cut, flip, drop_last, scribble], ids=lambda damage: damage.__name__)
def test_a_damaged_backup_is_found_out_before_anything_is_written(backup: Path, tmp_path: Path, damage, ledger: Ledger):
    folder = tmp_path / "backup"
    shutil.copytree(backup, folder)
    damage(folder / "fs.chunks.bson")
    with pytest.raises(BrokenBackup, match=r"fs\.chunks\.bson"):
        check(folder)
    with pytest.raises(BrokenBackup):
        ledger.run(restore(ledger.store, folder, tell=str))


@pytest.mark.parametrize("text", [b"", b"{}", b"[1", b'{"format": 1}', b"\xff\xfe"])
def test_a_manifest_that_is_none_is_refused(backup: Path, tmp_path: Path, text: bytes):
    folder = tmp_path / "backup"
    shutil.copytree(backup, folder)
    (folder / "manifest.json").write_bytes(text)
    with pytest.raises(BrokenBackup, match=r"manifest\.json"):
        check(folder)


@pytest.mark.parametrize("name", ["../users", "a/b", "..", ""])
def test_a_manifest_cannot_name_a_file_elsewhere(backup: Path, tmp_path: Path, name: str):
    folder = tmp_path / "backup"
    shutil.copytree(backup, folder)
    manifest = msgspec.json.decode((folder / "manifest.json").read_bytes())
    manifest["collections"][0]["name"] = name
    (folder / "manifest.json").write_bytes(msgspec.json.encode(manifest))
    with pytest.raises(BrokenBackup, match=r"manifest\.json"):
        check(folder)


def test_a_database_that_is_not_empty_is_left_alone(backup: Path, ledger: Ledger):
    with pytest.raises(CannotRestore, match="is not empty"):
        ledger.run(restore(ledger.store, backup, tell=str))
    assert ledger.run(ledger.store.database["fs.chunks"].count_documents({})) == 0


def test_a_restore_that_was_killed_is_not_taken_for_a_good_one(backup: Path, mongodb_uri: str):
    name = "test_half_restored"

    def fail(line: str) -> None:
        if line.endswith("compared"):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        with_store(
            mongodb_uri,
            name,
            lambda store: restore(store, backup, tell=fail),
        )
    try:
        with pytest.raises(CannotRestore, match="did not come to its end"):
            bring_back(mongodb_uri, name, backup)
    finally:
        with MongoClient(mongodb_uri) as client:
            client.drop_database(name)


def test_files_and_indexes_that_are_not_declared_come_back_too(backup: Path, mongodb_uri: str):
    name = "test_with_files"
    try:
        bring_back(mongodb_uri, name, backup)
        with MongoClient(mongodb_uri) as client:
            assert client[name]["fs.chunks"].count_documents({}) == 100
            assert client[name]["fs.chunks"].index_information()["files_id_1_n_1"]["unique"]
            assert client[name][Restoration.collection].find_one({})["finished_at"]
    finally:
        with MongoClient(mongodb_uri) as client:
            client.drop_database(name)


KILLED_IN_BETWEEN = """
import asyncio, os, signal, sys
from pathlib import Path
from freehold.store import Store
from freehold.store.backup import back_up
def die(line):
    if line.startswith("journals"):
        os.kill(os.getpid(), signal.SIGKILL)
async def main():
    await back_up(Store(sys.argv[1], sys.argv[2], connections=2), Path(sys.argv[3]), tell=die)
asyncio.run(main())
"""


def test_a_backup_that_was_killed_is_never_taken_for_a_good_one(ledger: Ledger, mongodb_uri: str, tmp_path: Path):
    arguments = (mongodb_uri, ledger.store.database.name, str(tmp_path / "backup"))
    ended = subprocess.run([sys.executable, "-c", KILLED_IN_BETWEEN, *arguments], check=False, cwd=Path(__file__).parents[2])
    assert ended.returncode == -signal.SIGKILL
    assert [file.name for file in tmp_path.iterdir()] == ["backup.unfinished"]
    with pytest.raises(BrokenBackup):
        check(tmp_path / "backup.unfinished")
    with pytest.raises(FileExistsError, match="or that was killed"):
        take(mongodb_uri, ledger.store.database.name, tmp_path / "backup")


def test_the_command_makes_checks_and_restores_and_says_in_a_sentence_what_is_wrong(
    ledger: Ledger, mongodb_uri: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    folder, name = str(tmp_path / "backup"), ledger.store.database.name
    monkeypatch.setenv("MONGODB_URI", mongodb_uri)
    monkeypatch.setenv("FREEHOLD_MONGODB_DATABASE", name)
    assert main(["make", folder]) == 0
    assert "no violation" in capsys.readouterr().out
    assert main(["check", folder]) == 0
    assert main(["make", folder]) == 1
    assert "is there already" in capsys.readouterr().err
    assert main(["restore", folder]) == 1
    assert "is not empty" in capsys.readouterr().err
    ledger.run(ledger.store.client.drop_database(name))
    assert main(["restore", folder]) == 0
    assert "as when it was backed up" in capsys.readouterr().out
    assert main(["check", str(tmp_path)]) == 1
    assert "is no backup" in capsys.readouterr().err
    (tmp_path / "file").write_text("")
    assert main(["make", str(tmp_path / "file" / "backup")]) == 1
    assert "file" in capsys.readouterr().err
    for spoilt in ("swordfish://h", "mongodb://ada:swordfish@h:123456", "mongodb://ada:sword:fish@h"):
        monkeypatch.setenv("MONGODB_URI", spoilt)
        assert main(["make", str(tmp_path / "other")]) == 1
        said = capsys.readouterr().err
        assert "is no address" in said
        assert "swordfish" not in said
    monkeypatch.setenv("MONGODB_URI", "mongodb://127.0.0.1:1/?serverSelectionTimeoutMS=100")
    assert main(["make", str(tmp_path / "other")]) == 1
    assert "cannot be reached" in capsys.readouterr().err
    assert not (tmp_path / "other").exists()
