"""A process that is killed with SIGKILL in the middle of a keyed write, at a moment that the database's driver tells.

Children are forked from a server process that has imported everything, so that each costs no start-up.
"""

import asyncio
import multiprocessing
import os
import signal
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, Final, Literal, NoReturn

import httpx
from pymongo import monitoring

from freehold.edge.server import create_app
from freehold.settings import FunctionSettings, load
from tests.security.limits import LIMITS

Moment = Literal["after its first write", "before its commit", "after its commit"]
MOMENTS: Final[tuple[Moment, ...]] = ("after its first write", "before its commit", "after its commit")
GIVE_UP_S: Final = 60.0
_WRITES: Final = frozenset({"insert", "update", "findAndModify", "delete"})
_processes = multiprocessing.get_context("forkserver")
_processes.set_forkserver_preload(["tests.security.killed", "tests.security.table"])


@dataclass(frozen=True)
class Where:
    """The database and the keys of the process."""

    database: str
    keys: Path

    @property
    def environ(self) -> dict[str, str]:
        """The settings of the process."""
        return {
            "FREEHOLD_SECRETS": str(self.keys),
            "FREEHOLD_ENVIRONMENT": "sandbox",
            "FREEHOLD_MONGODB_DATABASE": self.database,
            "FREEHOLD_INSPECTION_FLOOR_S": "1",
            **{f"FREEHOLD_{name.upper()}": value for name, value in LIMITS.items()},
        }


@dataclass(frozen=True)
class Sent:
    """A request to one function."""

    function: str
    method: str
    path: str
    headers: dict[str, str]
    body: dict[str, Any] | None


def killed(where: Where, moment: Moment, sent: Sent) -> Any:
    """Send a request to a process of its own, and see it killed at this moment. Gives its session at the database."""
    ours, theirs = _processes.Pipe(duplex=False)
    child = _processes.Process(target=_serve_and_die, args=(theirs, where, moment, sent))
    child.start()
    theirs.close()
    child.join(GIVE_UP_S)
    assert child.exitcode == -signal.SIGKILL, f"the process ended with {child.exitcode}"
    return ours.recv()


class _Killer(monitoring.CommandListener):
    """Ends the process when the transaction has come to the moment; tells the transaction's session first."""

    def __init__(self, moment: Moment, told: Connection) -> None:
        self._moment = moment
        self._told = told
        self._writes: set[int] = set()
        self._session: Any = None

    def started(self, event: monitoring.CommandStartedEvent) -> None:
        if event.command.get("autocommit") is not False:
            return
        self._session = event.command["lsid"]
        if event.command_name in _WRITES:
            self._writes.add(event.request_id)
        if event.command_name == "commitTransaction" and self._moment == "before its commit":
            self._die()

    def succeeded(self, event: monitoring.CommandSucceededEvent) -> None:
        if event.request_id in self._writes and self._moment == "after its first write":
            self._die()
        if event.command_name == "commitTransaction" and self._moment == "after its commit":
            self._die()

    def failed(self, event: monitoring.CommandFailedEvent) -> None:
        """Go on: the edge tries again."""

    def _die(self) -> NoReturn:
        self._told.send(dict(self._session))
        os.kill(os.getpid(), signal.SIGKILL)
        raise AssertionError("SIGKILL has come")


def _serve_and_die(told: Connection, where: Where, moment: Moment, sent: Sent) -> None:
    monitoring.register(_Killer(moment, told))
    asyncio.run(_serve(where, sent))


async def _serve(where: Where, sent: Sent) -> None:
    settings = load(FunctionSettings, where.environ)
    app = create_app([sent.function], settings, {})
    await app.open()
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://api") as client:
        content = {} if sent.body is None else {"json": sent.body}
        answer = await client.request(sent.method, sent.path, headers=sent.headers, **content)
    raise AssertionError(f"nothing was killed: {answer.status_code} {answer.text}")
