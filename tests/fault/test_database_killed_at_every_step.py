"""R5: the database is killed before each command of a deposit, its collection, a release and its payout, and started again.

The four are under way at once, each over an API of its own, so that one kill meets a step of each. Whatever the callers
were told: the same request with the same key, or the event delivered again, brings the money to where it belongs, once.
"""

import os
import secrets
import shutil
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest
from pymongo import monitoring

from infra.keys import write_secret
from tests.api import Api
from tests.connector.world import OwnMongod, eventually
from tests.escrow import Work, amounts
from tests.fault.books import CARRIES_OUT, FUNDED, RELEASED, Books
from tests.listening import listening

MOST_COMMANDS = 60
STRIDE = 1 if os.environ.get("FREEHOLD_FAULTS") == "full" else 4
"""`make faults` kills at every step; a run of all tests at each fourth one."""
TO_BE_REPEATED = {503, 504}


class Gate(monitoring.CommandListener):
    """Holds a caller up before its n-th command to the database, until it is opened."""

    def __init__(self) -> None:
        self.left = 0
        self.arrived = threading.Event()
        self.opened = threading.Event()

    def close_before(self, command: int) -> None:
        """Count from here."""
        self.arrived.clear()
        self.opened.clear()
        self.left = command

    def started(self, _: monitoring.CommandStartedEvent) -> None:
        """Count, and wait."""
        self.left -= 1
        if self.left == 0:
            self.arrived.set()
            assert self.opened.wait(60)

    def succeeded(self, _: monitoring.CommandSucceededEvent) -> None:
        """Nothing to count."""

    def failed(self, _: monitoring.CommandFailedEvent) -> None:
        """Nothing to count."""


@dataclass
class Caller:
    """One that calls through an API of its own, and is held up at its gate."""

    api: Api
    gate: Gate
    call: Callable[[Api], httpx.Response] = field(init=False)
    answer: Future[httpx.Response] = field(init=False)

    def is_held_or_done(self) -> bool:
        return self.gate.arrived.is_set() or self.answer.done()


class Cast:
    """The database that is killed, the API of those who look, and four callers."""

    def __init__(self, server: OwnMongod, keys: Path, stack: ExitStack) -> None:
        self.server = server
        self.name = f"test_killed_{secrets.token_hex(4)}"
        self.api = stack.enter_context(Api.opened(server.place.uri, self.name, keys))
        self.threads = stack.enter_context(ThreadPoolExecutor(4))
        self.callers = [self._caller(keys, stack) for _ in range(4)]
        self.books = Books(self.api)

    def _caller(self, keys: Path, stack: ExitStack) -> Caller:
        gate = Gate()
        with listening(gate):
            return Caller(stack.enter_context(Api.opened(self.server.place.uri, self.name, keys)), gate)

    def play(self, calls: list[Callable[[Api], httpx.Response]], *, killed_before: int) -> int:
        """Let all call, kill the database when each is held up or done, start it again. Returns how many were held."""
        for caller, call in zip(self.callers, calls, strict=True):
            caller.gate.close_before(killed_before)
            caller.answer = self.threads.submit(call, caller.api)
        eventually(lambda: all(caller.is_held_or_done() for caller in self.callers), what="all to be held up or done")
        held = sum(caller.gate.arrived.is_set() for caller in self.callers)
        if held:
            self.server.kill()
        for caller in self.callers:
            caller.gate.opened.set()
        if held:
            self.server.start()
        statuses = [caller.answer.result(60).status_code for caller in self.callers]
        assert set(statuses) <= {200, 202, *TO_BE_REPEATED}, statuses
        return held

    def repeated(self, call: Callable[[Api], httpx.Response]) -> httpx.Response:
        """Make a call as a client does: again with the same key, while it is told to come back."""
        return eventually(lambda: answer if (answer := call(self.api)).status_code not in TO_BE_REPEATED else None)


@pytest.fixture
def cast(keys: Path, tmp_path: Path) -> Iterator[Cast]:
    server = OwnMongod(tmp_path / "mongod")
    server.start()
    own = Path(shutil.copytree(keys, tmp_path / "secrets"))
    (own / "mongodb-uri").unlink()
    write_secret(own / "mongodb-uri", server.place.uri)
    with ExitStack() as stack:
        yield Cast(server, own, stack)
    server.kill()


def posted(work: Work, path: str, milestone_id: str, key: str) -> Callable[[Api], httpx.Response]:
    headers = {**work.client.headers, "Idempotency-Key": key}
    return lambda api: api.call("POST", path, headers=headers, json={"milestone_id": milestone_id})


def carried(books: Books, milestone_id: str) -> Callable[[Api], httpx.Response]:
    (event,) = books.asked(milestone_id)
    return lambda api: api.deliver(CARRIES_OUT, event)


def test_money_survives_a_kill_of_the_database_before_each_command(cast: Cast):
    kills = 0
    for step in range(1, MOST_COMMANDS, STRIDE):
        held = one_step(cast, step)
        kills += bool(held)
        if not held:
            break
    cast.books.check()
    assert kills >= 15 // STRIDE


def one_step(cast: Cast, step: int) -> int:
    work, books = Work.begun(cast.api, agreed=10_000_000), cast.books
    released = work.submitted()["id"]
    paid_out = work.take(work.client, work.submitted(), "release")["id"]
    collected = work.funding(method="card")["id"]
    deposited = work.created()["id"]
    deposit = posted(work, "/api/escrow/deposit", deposited, f"deposit-{step}")
    release = posted(work, "/api/escrow/release", released, f"release-{step}")
    calls = [deposit, carried(books, collected), release, carried(books, paid_out)]
    held = cast.play(calls, killed_before=step)
    for call, state in ((deposit, "funding"), (release, "releasing")):
        answer = cast.repeated(call)
        assert (answer.status_code, answer.json()["state"]) == (202, state)
    books.heal(collected, paid_out, by_sweep=step % 2 == 0)
    look(work, books, {deposited: FUNDED, collected: FUNDED, released: RELEASED, paid_out: RELEASED})
    return held


def look(work: Work, books: Books, expected: dict[str, dict[str, Any]]) -> None:
    for milestone_id, money in expected.items():
        assert amounts(work.read(milestone_id)) == money
        is_released = money == RELEASED
        assert books.keys(milestone_id) == (["deposit", "release", "transfer"] if is_released else ["deposit"])
        assert books.moved(milestone_id) == (["payment", "transfer"] if is_released else ["payment"])
