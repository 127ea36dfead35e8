"""One local run, from the first check to the last stop.

Start: state folder, leftovers, ports, keys, MongoDB, schema, parts, seed; then the line `Freehold is ready`. Stop, on
SIGINT, SIGTERM or SIGHUP at any moment: the parts in the reverse order of their start, MongoDB last.
"""

import asyncio
import os
import signal
import sys
from typing import Any, Final

from freehold.health import serve_health
from infra.keys import UnusableKeys, make_keys, write_secret
from infra.local import mongod, ports
from infra.local.console import complain, say, tell
from infra.local.home import Home, open_home
from infra.local.parts import InnerPorts, mongod_part, own_parts
from infra.local.process import DONE, Part, PartProcess
from infra.local.settings import RunSettings
from infra.local.supervisor import Supervisor, last_words
from infra.local.trouble import Trouble
from infra.seed.content import PASSWORD, address_of
from infra.seed.progress import demo_accounts

SIGNALS: Final = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
SEED_FILE: Final = "seed.json"
_GLANCE_S: Final = 0.03


class Run:
    """One run in one state folder."""

    def __init__(self, settings: RunSettings, home: Home, *, seeding: bool) -> None:
        self._settings = settings
        self._home = home
        self._seeding = seeding
        self._supervisor = Supervisor(home)
        self._asked_to_stop = asyncio.Event()
        self._is_up = False
        self._health = serve_health(0, lambda: {"started": self._is_up})

    async def until_stopped(self) -> int:
        """Run until a signal comes or a part keeps failing; stop everything; answer the exit code."""
        self._listen_for_signals()
        starting = asyncio.create_task(self._start())
        stopping = asyncio.create_task(self._asked_to_stop.wait())
        ends: list[asyncio.Future[Any]] = [stopping, self._supervisor.failed]
        try:
            await asyncio.wait([starting, *ends], return_when=asyncio.FIRST_COMPLETED)
            if starting.done() and not starting.exception():
                await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
            return self._outcome(starting)
        finally:
            self._is_up = False
            starting.cancel()
            stopping.cancel()
            await asyncio.gather(starting, stopping, return_exceptions=True)
            await self._supervisor.stop()
            self._health.close()
            say(f"Freehold has stopped. Its state stays in {self._home.folder}")

    def _listen_for_signals(self) -> None:
        """Take every signal that asks for an end, as often as it comes; the handlers stay until the process is gone."""
        loop = asyncio.get_running_loop()

        def ask(number: int, _frame: object) -> None:
            if not self._asked_to_stop.is_set():
                loop.call_soon_threadsafe(self._ask_to_stop, signal.Signals(number))

        for number in SIGNALS:
            signal.signal(number, ask)

    def _ask_to_stop(self, number: signal.Signals) -> None:
        if not self._asked_to_stop.is_set():
            say(f"{number.name}: stopping everything, MongoDB last")
        self._asked_to_stop.set()

    def _outcome(self, starting: asyncio.Task[None]) -> int:
        if self._asked_to_stop.is_set():
            return 0
        trouble = (starting.exception() if starting.done() else None) or self._supervisor.failed.exception()
        if isinstance(trouble, OSError):
            trouble = Trouble(f"{trouble}. Is {self._home.folder} whole, writable, and its disk not full?")
        if not isinstance(trouble, Trouble):
            raise trouble or AssertionError("a run ends by a signal or by trouble")
        complain(trouble)
        return 1

    async def _start(self) -> None:
        say(f"Freehold starts. Its state is in {self._home.folder}, its logs in {self._home.logs}")
        for name in self._home.stop_leftovers():
            tell(name, "stopped: an earlier run that was killed had left it behind")
        _require_free_port("FREEHOLD_PORT", self._settings.port)
        _require_free_port("FREEHOLD_RELAY_PORT", self._settings.relay_port)
        try:
            make_keys(self._home.secrets, development=True)
        except UnusableKeys as error:
            raise Trouble(str(error)) from error
        await self._start_database()
        parts = own_parts(self._settings, self._home, InnerPorts.choose(supervisor=self._health.port), os.environ)
        await self._once("schema", "freehold.store", parts[-1].environ)
        for part in parts:
            self._supervisor.start(part)
        for part in parts:
            await self._supervisor.until_ready(part)
            tell(part.name, "ready")
        if self._seeding:
            tell("seed", "looking whether the marketplace is empty, and filling it if it is ...")
            state = str(self._home.folder / SEED_FILE)
            await self._once("seed", "infra.seed", parts[-1].environ, "--url", self._settings.url, "--state", state)
        self._announce()
        self._is_up = True

    async def _start_database(self) -> None:
        if given := os.environ.get("MONGODB_URI"):
            write_secret(self._home.secrets / "mongodb-uri", given)
            tell("mongodb", "the one that MONGODB_URI names")
            return
        port = mongod.choose_port(self._home.mongodb)
        place = mongod.prepare(self._home.mongodb, port=port, binary=mongod.find_binary())
        process = PartProcess(mongod_part(place), self._home)
        try:
            while process.is_alive and not mongod.is_open(port):  # noqa: ASYNC110 - neither tells anybody
                await asyncio.sleep(_GLANCE_S)
            if not process.is_alive:
                raise Trouble(mongod.explain(process.output(), place))
        finally:
            self._supervisor.care_for(process)
        await asyncio.to_thread(mongod.set_up, place)
        write_secret(self._home.secrets / "mongodb-uri", place.uri)
        tell("mongodb", f"ready on 127.0.0.1:{place.port}")

    async def _once(self, name: str, module: str, environ: dict[str, str], *arguments: str) -> None:
        """Run a command of ours to its end. Raises Trouble when it fails."""
        part = Part(name=name, argv=(sys.executable, "-m", module, *arguments), environ=environ, port=0)
        process = PartProcess(part, self._home)
        try:
            how = await process.ended()
        finally:
            await process.stop()
        if how != DONE:
            raise Trouble(f"The step `{name}` failed ({how}). {last_words(process)}")
        lines = process.output().strip().splitlines()
        tell(name, lines[0] if len(lines) == 1 else f"{len(lines)} steps done")

    def _announce(self) -> None:
        url = self._settings.url
        say("")
        say(f"  this page     {url}")
        say(f"  API           {url}/api (described by {url}/api/openapi.json)")
        say(f"  sockets       {self._settings.relay_url} (Socket.IO, transport websocket)")
        for role, name in demo_accounts(self._home.folder / SEED_FILE):
            say(f"  {role:<12}  {address_of(name)} ({name}), password {PASSWORD}")
        say("")
        say(f"Freehold is ready at {url} - `make demo` shows the whole loop, ctrl-C stops everything")


async def run(settings: RunSettings, *, seeding: bool) -> int:
    """Run Freehold on this machine until it is asked to stop; answer the exit code."""
    with open_home(settings.home) as home:
        return await Run(settings, home, seeding=seeding).until_stopped()


def _require_free_port(variable: str, port: int) -> None:
    why = ports.why_not(port)
    if isinstance(why, PermissionError):
        raise Trouble(f"Port {port} needs rights that you do not have. Set {variable} to a port above 1023.") from why
    if why is not None:
        raise Trouble(f"Port {port} is taken by another program. Stop that program, or set {variable} to a free port.") from why
