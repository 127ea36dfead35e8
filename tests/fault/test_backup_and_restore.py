"""R12: a backup that is taken while work goes on, restored into an empty server, verified, and worked with from there on."""

import asyncio
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest
from pymongo import MongoClient

from freehold.documents import Restoration
from freehold.payments.sandbox import SandboxGateway
from freehold.store import Store
from freehold.store.audit import LedgerAudit
from freehold.store.backup import BrokenBackup, CannotRestore, Manifest, back_up, check, restore
from freehold.store.backup.__main__ import main
from infra.keys import write_secret
from tests.api import Api
from tests.connector.world import OwnMongod
from tests.escrow import Work, amounts, resume, settle_payment
from tests.fault.books import FUNDED, RELEASED, Books
from tests.ledgers import Ledger, fresh_ledger


@pytest.fixture(scope="module")
def empty(keys: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Path]]:
    """Give a MongoDB in which nothing is, and secrets that name it."""
    folder = tmp_path_factory.mktemp("restored")
    server = OwnMongod(folder / "mongod")
    server.start()
    shutil.copytree(keys, folder / "secrets")
    (folder / "secrets" / "mongodb-uri").unlink()
    write_secret(folder / "secrets" / "mongodb-uri", server.place.uri)
    yield server.place.uri, folder / "secrets"
    server.kill()


def take(uri: str, database: str, folder: Path, tell: Callable[[str], object] = str) -> Manifest:
    return with_store(uri, database, lambda store: back_up(store, folder, tell=tell))


def bring_back(uri: str, database: str, folder: Path) -> LedgerAudit:
    return with_store(uri, database, lambda store: restore(store, folder, tell=str)).ledger


def with_store(uri: str, database: str, work: Callable[[Store], Any]) -> Any:
    async def whole() -> Any:
        store = Store(uri, database, connections=2)
        try:
            return await work(store)
        finally:
            await store.close()

    return asyncio.run(whole())


class Marketplace:
    """A ledger with milestones at every kind of place, each by its name."""

    def __init__(self, api: Api) -> None:
        self.api = api
        self.work = Work.begun(api, agreed=10_000_000)
        self.at = {
            "created": self.work.created(),
            "unpaid": self.work.funding(),
            "funded": self.work.funded(),
            "submitted": self.work.submitted(),
            "paid out": released(self.work),
            "to be collected": self.work.funding(method="card"),
            "to be paid out": self.work.take(self.work.client, self.work.submitted(), "release"),
        }
        self.api.settle()
        self.at["claimed"] = self.work.take(self.work.client, self.work.submitted(), "release")
        held = {"state": "claimed", "fence": 1, "tries": 1}
        commands = self.api.store.database["commands"]
        in_an_hour = {"due_at": {"$dateAdd": {"startDate": "$$NOW", "unit": "hour", "amount": 1}}}
        self.api.run(commands.update_one({"_id": f"transfer:{self.at['claimed']['id']}:1"}, [{"$set": {**held, **in_an_hour}}]))
        self.api.run(self.api.store.database["outbox"].update_many({"sent": None}, {"$currentDate": {"sent": True}}))
        self.at["asked"] = self.work.take(self.work.client, self.work.submitted(), "release")

    def id(self, name: str) -> str:
        return str(self.at[name]["id"])


def released(work: Work) -> dict[str, Any]:
    milestone = work.take(work.client, work.submitted(), "release")
    work.api.settle()
    return work.read(milestone["id"])


class Returned(Books):
    """The marketplace after its restore: people sign in again."""

    def __init__(self, api: Api, before: Marketplace) -> None:
        super().__init__(api)
        self.before = before
        client, freelancer = (again(api, person) for person in (before.work.client, before.work.freelancer))
        self.work = Work(api, client, freelancer, before.work.project)

    def go_on(self) -> None:
        """Let connector and scheduler do what is due."""
        self.api.settle()
        resume(self.api)

    def check(self) -> None:
        """Let the last payment arrive, and audit the ledger at rest, against the gateway's books too."""
        settle_payment(self.api, self.before.id("unpaid"))
        self.go_on()
        assert amounts(self.work.read(self.before.id("unpaid"))) == FUNDED
        super().check()


def again(api: Api, person: Any) -> Any:
    person.api = api
    return person.signed_in_again()


def test_a_backup_under_load_comes_back_whole_in_an_empty_server_and_work_goes_on(
    mongodb_uri: str, keys: Path, empty: tuple[str, Path], tmp_path: Path
):
    uri, secrets = empty
    written: list[str] = []
    with fresh_ledger(mongodb_uri) as source, Api.opened(mongodb_uri, source.store.database.name, keys) as api:
        before = Marketplace(api)
        others = Work.begun(api, agreed=10_000_000)
        name, token = source.store.database.name, before.work.client.headers

        def write_on(line: str) -> None:  # between each collection and the next, somebody else pays and is paid
            if ": " in line:
                written.append(pool.submit(lambda: released(others)["id"]).result())

        with ThreadPoolExecutor(1) as pool:
            manifest = take(mongodb_uri, name, tmp_path / "backup", write_on)
    assert len(written) > 15
    assert (manifest.ledger.violations, manifest.ledger.at_rest) == ((), False)

    ledger = bring_back(uri, name, tmp_path / "backup")
    assert ledger.totals == manifest.ledger.totals
    with Api.opened(uri, name, secrets) as api:
        assert api.call("GET", "/api/projects", headers=token).status_code == 401
        after = Returned(api, before)
        later = api.store.database["milestones"].count_documents({"_id": {"$in": written}})
        assert api.run(later) == 0, "what was written after the backup's moment is in it"
        submitted = after.work.read(before.id("submitted"))  # its hour may be over: people get a day to ask again
        assert datetime.fromisoformat(submitted["auto_release_at"]) > datetime.now(UTC) + timedelta(hours=23)
        after.go_on()
        for place in ("paid out", "to be paid out", "asked", "claimed"):
            assert (place, amounts(after.work.read(before.id(place)))) == (place, RELEASED)
            assert (place, after.moved(before.id(place))) == (place, ["payment", "transfer"])
        assert amounts(after.work.read(before.id("to be collected"))) == FUNDED
        assert after.work.read(before.id("unpaid"))["state"] == "funding"
        funded = after.work.take(after.work.freelancer, after.work.read(before.id("funded")), "submit", note="Here.")
        after.work.take(after.work.client, funded, "release")
        after.api.settle()
        assert amounts(after.work.read(before.id("funded"))) == RELEASED
        after.check()
        assert_each_event_had_one_effect(api)


def assert_each_event_had_one_effect(api: Api) -> None:
    """Events that went out before the backup go out again: the inbox keeps them from a second effect."""
    api.settle()
    told = api.run(api.store.database["notifications"].find({}, {"user_id": 1, "data": 1, "kind": 1}).to_list())
    seen = [msgspec.json.encode([row["user_id"], row["kind"], row["data"]], order="sorted") for row in told]
    assert len(seen) == len(set(seen)) > 20
    assert api.run(api.store.database["outbox"].count_documents({"sent": None})) == 0


def test_a_gateway_that_went_on_after_the_backup_pays_nothing_twice(
    mongodb_uri: str, keys: Path, empty: tuple[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    uri, secrets = empty
    with fresh_ledger(mongodb_uri) as source, Api.opened(mongodb_uri, source.store.database.name, keys) as api:
        before, name = Marketplace(api), source.store.database.name
        take(mongodb_uri, name, tmp_path / "backup")
        before.work.take(before.work.client, before.at["submitted"], "release")
        api.settle()
        resume(api)
        books = api.run(api.store.database["sandbox_objects"].find({}).to_list())
    bring_back(uri, name, tmp_path / "backup")
    with MongoClient(uri) as client:  # a real gateway has its books elsewhere: they do not go back with ours
        client[name].sandbox_objects.delete_many({})
        client[name].sandbox_objects.insert_many(books)
    with Api.opened(uri, name, secrets) as api:
        after = Returned(api, before)
        monkeypatch.setattr(SandboxGateway, "transfer", forgets_its_keys)
        after.go_on()
        after.work.take(after.work.client, after.work.read(before.id("submitted")), "release")
        after.go_on()
        for place in ("paid out", "asked", "claimed", "submitted"):
            assert (place, amounts(after.work.read(before.id(place)))) == (place, RELEASED)
            assert (place, after.moved(before.id(place))) == (place, ["payment", "transfer"])
        after.check()


async def forgets_its_keys(*_: object) -> None:
    raise AssertionError("asked to pay again: a gateway that keeps keys for a day only would have paid twice")


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
    monkeypatch.setenv("MONGODB_URI", "mongodb://127.0.0.1:1/?serverSelectionTimeoutMS=100")
    assert main(["make", str(tmp_path / "other")]) == 1
    assert "cannot be reached" in capsys.readouterr().err
    assert not (tmp_path / "other").exists()
