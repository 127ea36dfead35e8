"""R5: the process that answers is killed before each of its commands to the database, and once after the last.

Whatever it had done by then: the same request with the same key, the event delivered again, or (when the event is parked) the
sweep, bring the money to where it belongs. Nothing is lost, nothing happens twice, and the audit of the whole ledger is clean.
"""

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol

import msgspec
import pytest
from bson.binary import UUID_SUBTYPE, Binary

from freehold.documents import LogLeaf, PendingLeaf
from freehold.store.audit import audit_ledger
from tests.api import Api, Person
from tests.escrow import Work, amounts
from tests.fault.books import CARRIES_OUT, FUNDED, REFUNDED, RELEASED, Books
from tests.fault.doomed import End, Job
from tests.invoicing import invoices_of, with_profile
from tests.ledgers import fresh_database
from tests.logs_of_money import APPEND, append_all, tick_until_idle

MOST_COMMANDS = 60
KILLED = -9


class After(Protocol):
    """What is looked at, and put right, after each kill."""

    def __call__(self, dies_before: int, *, killed: bool) -> None:
        """Look."""


class Doom(Books):
    """The forking process, and the ledger that it and the test share."""

    def __init__(self, forker: subprocess.Popen[bytes], api: Api, place: dict[str, Any]) -> None:
        super().__init__(api)
        self.forker = forker
        self.place = place
        self.work = Work.begun(api, agreed=10_000_000)

    def invoice(self, milestone_id: str, *, dies_before: int) -> int:
        """Let a doomed process write an invoice by hand for the freelancer."""
        key = f"invoice-{dies_before}"
        headers = {**self.work.freelancer.headers, "Idempotency-Key": key, "Content-Type": "application/json"}
        fields = {"method": "POST", "path": "/api/invoices", "headers": headers, "body": {"milestone_id": milestone_id}}
        return self.job(dies_before=dies_before, functions=["invoices-create-invoice"], **fields)

    def request(self, path: str, body: dict[str, Any], *, key: str, dies_before: int) -> int:
        """Let a doomed process answer a POST of the client's."""
        function = path.removeprefix("/api/").replace("/", "-")
        return self._request("POST", path, body, self.work.client, function, key=key, dies_before=dies_before)

    def refund(self, milestone: dict[str, Any], *, key: str, dies_before: int) -> int:
        """Let a doomed process answer the freelancer, who gives back what is held."""
        path = f"/api/milestones/{milestone['id']}"
        function = "milestones-update-milestone"
        return self._request(
            "PUT", path, refund_of(milestone), self.work.freelancer, function, key=key, dies_before=dies_before
        )

    def _request(  # noqa: PLR0913 - the parts of a request
        self, method: str, path: str, body: dict[str, Any], person: Person, function: str, *, key: str, dies_before: int
    ) -> int:
        headers = {**person.headers, "Idempotency-Key": key, "Content-Type": "application/json"}
        fields = {"method": method, "path": path, "headers": headers, "body": body, "functions": [function]}
        return self.job(dies_before=dies_before, **fields)

    def deliver(self, milestone_id: str, *, dies_before: int) -> int:
        """Let a doomed process carry out what is asked of the gateway for a milestone."""
        events = [msgspec.to_builtins(event) for event in self.asked(milestone_id)]
        assert len(events) == 1
        return self.job(dies_before=dies_before, reaction=CARRIES_OUT, events=events, functions=[CARRIES_OUT])

    def job(self, **fields: Any) -> int:
        """Let a doomed process do a job, and say how it ended."""
        assert self.forker.stdin is not None
        assert self.forker.stdout is not None
        job = {**self.place, **fields}
        msgspec.convert({**job, "body": msgspec.Raw(b"{}")}, Job)
        self.forker.stdin.write(json.dumps(job, separators=(",", ":")).encode() + b"\n")
        self.forker.stdin.flush()
        end = msgspec.json.decode(self.forker.stdout.readline(), type=End)
        self._forget(end.sessions)
        return end.status

    def _forget(self, sessions: list[str]) -> None:
        """End what a dead process left open, as the server does by itself after transactionLifetimeLimitSeconds."""
        if sessions:
            ids = [{"id": Binary(bytes.fromhex(each), UUID_SUBTYPE)} for each in sessions]
            self.api.run(self.api.store.client.admin.command({"killSessions": ids}))


@contextmanager
def forking(log: Path) -> Iterator[subprocess.Popen[bytes]]:
    """Start the process that forks the doomed ones; end it."""
    with log.open("wb") as errors:
        forker = subprocess.Popen(
            [sys.executable, "-m", "tests.fault.doomed"],
            cwd=Path(__file__).parents[2], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=errors,
        )  # fmt: skip
        try:
            yield forker
        finally:
            forker.communicate(timeout=20)


@pytest.fixture
def doom(mongodb_uri: str, keys: Path, tmp_path: Path) -> Iterator[Doom]:
    with (
        forking(tmp_path / "doomed.log") as forker,
        fresh_database(mongodb_uri) as name,
        Api.opened(mongodb_uri, name, keys) as api,
    ):
        yield Doom(forker, api, {"mongodb_uri": mongodb_uri, "database": name, "keys": str(keys)})


def refund_of(milestone: dict[str, Any]) -> dict[str, Any]:
    return {"transition": "refund", "version": milestone["version"]}


def each_step(die: Callable[[int], int], after: After) -> int:
    """Kill before the first command, the second, and so on, until one survives; look `after` each. Returns how many died."""
    for dies_before in range(1, MOST_COMMANDS):
        status = die(dies_before)
        assert status in {KILLED, 0}, status
        after(dies_before, killed=status == KILLED)
        if status == 0:
            return dies_before - 1
    raise AssertionError("it never came to its end")


def test_a_deposit_survives_a_kill_before_each_of_its_commands(doom: Doom):
    milestones: dict[int, dict[str, Any]] = {}

    def ask(dies_before: int) -> int:
        milestones[dies_before] = doom.work.created()
        body = {"milestone_id": milestones[dies_before]["id"]}
        return doom.request("/api/escrow/deposit", body, key=f"deposit-{dies_before}", dies_before=dies_before)

    def after(dies_before: int, *, killed: bool) -> None:
        milestone_id = milestones[dies_before]["id"]
        state = doom.work.read(milestone_id)["state"]
        assert state in ({"created", "funding"} if killed else {"funding"})
        body = {"milestone_id": milestone_id}
        answer = doom.work.client.post("/api/escrow/deposit", body, key=f"deposit-{dies_before}", status=202)
        assert answer["state"] == "funding"
        doom.api.settle()
        assert amounts(doom.work.read(milestone_id)) == FUNDED
        assert (doom.keys(milestone_id), doom.moved(milestone_id)) == (["deposit"], ["payment"])

    assert each_step(ask, after) >= 8
    doom.check()


def test_collecting_a_deposit_survives_a_kill_before_each_of_its_commands(doom: Doom):
    milestones: dict[int, str] = {}

    def ask(dies_before: int) -> int:
        milestones[dies_before] = doom.work.funding(method="card")["id"]
        return doom.deliver(milestones[dies_before], dies_before=dies_before)

    def after(dies_before: int, *, killed: bool) -> None:
        milestone_id = milestones[dies_before]
        assert doom.work.read(milestone_id)["state"] in ({"funding", "funded"} if killed else {"funded"})
        doom.heal(milestone_id, by_sweep=dies_before % 2 == 0)
        assert amounts(doom.work.read(milestone_id)) == FUNDED
        assert (doom.keys(milestone_id), doom.moved(milestone_id)) == (["deposit"], ["payment"])

    assert each_step(ask, after) >= 12
    doom.check()


def test_a_release_survives_a_kill_before_each_of_its_commands(doom: Doom):
    milestones: dict[int, dict[str, Any]] = {}

    def ask(dies_before: int) -> int:
        milestones[dies_before] = doom.work.submitted()
        body = {"milestone_id": milestones[dies_before]["id"]}
        return doom.request("/api/escrow/release", body, key=f"release-{dies_before}", dies_before=dies_before)

    def after(dies_before: int, *, killed: bool) -> None:
        milestone_id = milestones[dies_before]["id"]
        assert doom.work.read(milestone_id)["state"] in ({"submitted", "releasing"} if killed else {"releasing"})
        body = {"milestone_id": milestone_id}
        answer = doom.work.client.post("/api/escrow/release", body, key=f"release-{dies_before}", status=202)
        assert answer["state"] == "releasing"
        doom.api.settle()
        assert amounts(doom.work.read(milestone_id)) == RELEASED
        assert doom.keys(milestone_id) == ["deposit", "release", "transfer"]
        assert doom.moved(milestone_id) == ["payment", "transfer"]

    assert each_step(ask, after) >= 8
    doom.check()


def test_paying_out_survives_a_kill_before_each_of_its_commands(doom: Doom):
    milestones: dict[int, str] = {}

    def ask(dies_before: int) -> int:
        submitted = doom.work.submitted()
        milestones[dies_before] = doom.work.take(doom.work.client, submitted, "release")["id"]
        return doom.deliver(milestones[dies_before], dies_before=dies_before)

    def after(dies_before: int, *, killed: bool) -> None:
        milestone_id = milestones[dies_before]
        assert doom.work.read(milestone_id)["state"] in ({"releasing", "released"} if killed else {"released"})
        doom.heal(milestone_id, by_sweep=dies_before % 2 == 0)
        assert amounts(doom.work.read(milestone_id)) == RELEASED
        assert doom.keys(milestone_id) == ["deposit", "release", "transfer"]
        assert doom.moved(milestone_id) == ["payment", "transfer"]

    assert each_step(ask, after) >= 15
    doom.check()


def test_appending_to_the_log_survives_a_kill_before_each_of_its_commands(doom: Doom):
    """Each movement becomes a leaf once: none is lost, none stands twice, and the log is what it signed."""
    api, waiting = doom.api, dict[int, int]()
    append_all(api)

    def ask(dies_before: int) -> int:
        doom.work.funded()
        doom.work.funded()
        waiting[dies_before] = len(api.run(api.store.find(PendingLeaf, {})))
        return doom.job(dies_before=dies_before, sweep=APPEND, functions=[APPEND])

    def after(dies_before: int, *, killed: bool) -> None:
        left = len(api.run(api.store.find(PendingLeaf, {})))
        assert left in ({0, waiting[dies_before]} if killed else {0}), "all of them, or none"
        assert tick_until_idle(api) == left
        assert append_all(api)["size"] == len(api.run(api.store.find(LogLeaf, {})))
        assert api.run(audit_ledger(api.store)).violations == ()

    assert each_step(ask, after) >= 4
    doom.check()


def test_the_numbers_of_invoices_have_no_gap_whenever_a_process_dies(doom: Doom):
    with_profile(doom.work.freelancer)
    milestones: dict[int, str] = {}

    def ask(dies_before: int) -> int:
        milestones[dies_before] = doom.work.created()["id"]
        return doom.invoice(milestones[dies_before], dies_before=dies_before)

    def after(dies_before: int, *, killed: bool) -> None:
        stored = len(invoices_of(doom.work.client, {"id": milestones[dies_before]}))
        assert stored in ({0, 1} if killed else {1})
        body = {"milestone_id": milestones[dies_before]}
        answer = doom.work.freelancer.post("/api/invoices", body, key=f"invoice-{dies_before}")
        assert int(answer["number"].rpartition("-")[2]) == dies_before
        assert len(invoices_of(doom.work.client, {"id": milestones[dies_before]})) == 1

    assert each_step(ask, after) >= 8
    doom.check()


def test_giving_money_back_survives_a_kill_before_each_of_its_commands(doom: Doom):
    milestones: dict[int, dict[str, Any]] = {}

    def ask(dies_before: int) -> int:
        milestones[dies_before] = doom.work.funded()
        return doom.refund(milestones[dies_before], key=f"refund-{dies_before}", dies_before=dies_before)

    def after(dies_before: int, *, killed: bool) -> None:
        milestone = milestones[dies_before]
        path = f"/api/milestones/{milestone['id']}"
        assert doom.work.read(milestone["id"])["state"] in ({"funded", "refunding"} if killed else {"refunding"})
        answer = doom.work.freelancer.put(path, refund_of(milestone), key=f"refund-{dies_before}")
        assert answer["state"] == "refunding"
        doom.api.settle()
        assert amounts(doom.work.read(milestone["id"])) == REFUNDED
        assert (doom.keys(milestone["id"]), doom.moved(milestone["id"])) == (
            ["deposit", "reserve", "refund"],
            ["payment", "refund"],
        )

    assert each_step(ask, after) >= 7
    doom.check()


def test_paying_back_survives_a_kill_before_each_of_its_commands(doom: Doom):
    milestones: dict[int, str] = {}

    def ask(dies_before: int) -> int:
        milestones[dies_before] = doom.work.take(doom.work.freelancer, doom.work.funded(), "refund")["id"]
        return doom.deliver(milestones[dies_before], dies_before=dies_before)

    def after(dies_before: int, *, killed: bool) -> None:
        milestone_id = milestones[dies_before]
        assert doom.work.read(milestone_id)["state"] in ({"refunding", "refunded"} if killed else {"refunded"})
        doom.heal(milestone_id, by_sweep=dies_before % 2 == 0)
        assert amounts(doom.work.read(milestone_id)) == REFUNDED
        assert doom.keys(milestone_id) == ["deposit", "reserve", "refund"]
        assert doom.moved(milestone_id) == ["payment", "refund"]

    assert each_step(ask, after) >= 12
    doom.check()
