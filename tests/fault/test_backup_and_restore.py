"""R12: a backup that is taken while work goes on, restored into an empty server, verified, and worked with from there on."""

import shutil
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest
from pymongo import MongoClient

from freehold.payments.sandbox import SandboxGateway
from infra.keys import write_secret
from tests.api import Api
from tests.connector.world import OwnMongod
from tests.escrow import Work, amounts, resume, settle_payment
from tests.fault.backups import bring_back, take
from tests.fault.books import FUNDED, RELEASED, Books
from tests.ledgers import fresh_ledger


@pytest.fixture
def empty(keys: Path, tmp_path: Path) -> Iterator[tuple[str, Path]]:
    """Give a MongoDB in which nothing is, and secrets that name it."""
    folder = tmp_path / "restored"
    folder.mkdir()
    server = OwnMongod(folder / "mongod")
    server.start()
    shutil.copytree(keys, folder / "secrets")
    (folder / "secrets" / "mongodb-uri").unlink()
    write_secret(folder / "secrets" / "mongodb-uri", server.place.uri)
    yield server.place.uri, folder / "secrets"
    server.kill()


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
