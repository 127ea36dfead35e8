"""A small world for the doors: a database, functions that do as an event tells them, and processes of our own."""

import asyncio
import json
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

import msgspec
from pymongo import MongoClient

from freehold.catalogue import Catalogue, FunctionEntry
from freehold.documents import Delivery, Lease, OutboxRow
from freehold.ids import new_id
from freehold.store import Store, apply_schema
from infra.local import mongod
from infra.local.ports import free_port
from tests.rabbitmq import connected

T = TypeVar("T")

ROOT = Path(__file__).parents[2]
PATIENCE_S = 90.0

REACTIONS = [
    ("tests-first", ("thing.happened", "thing.grew"), 10.0),
    ("tests-second", ("thing.happened",), 10.0),
    ("tests-hasty", ("thing.rushed",), 0.5),
    ("tests-stuck", ("thing.stuck",), 10.0),
]


BOTH = ("tests-first", "tests-second")
"""The reactions that `thing.happened` has."""


def eventually(look: Callable[[], T], *, within_s: float = PATIENCE_S, what: str = "the condition") -> T:
    """Look again and again until what is seen is true; fail after the deadline."""
    give_up_at = time.monotonic() + within_s
    while not (seen := look()):
        assert time.monotonic() < give_up_at, f"{what} did not come true within {within_s} s; last seen: {seen!r}"
        time.sleep(0.02)
    return seen


def wrong_clock(folder: Path, by_s: int) -> dict[str, str]:
    """Give the environment of a process whose clock is wrong by so many seconds."""
    place = folder / f"clock{by_s}"
    place.mkdir(exist_ok=True)
    (place / "sitecustomize.py").write_text(f"import time\nright = time.time\ntime.time = lambda: right() + {by_s}\n")
    return {"PYTHONPATH": str(place)}


class Door:
    """A process of ours: a connector, a scheduler, the functions. Its output goes to a file."""

    def __init__(self, argv: list[str], environ: dict[str, str], output: Path, *, tree: Path = ROOT) -> None:
        self.output = output
        with output.open("wb") as file:
            self.process = subprocess.Popen(argv, cwd=tree, env=environ, stdout=file, stderr=subprocess.STDOUT)

    def lines(self, event: str) -> list[dict[str, Any]]:
        """Read its log: the lines of one event."""
        texts = self.output.read_text(errors="replace").splitlines()
        found = [json.loads(text) for text in texts if text.startswith("{") and text.endswith("}")]
        return [line for line in found if line.get("event") == event]

    def health(self, path: str = "/_/ready") -> int:
        """Ask its health server; 0 when nobody answers."""
        started = self.lines("started")
        if not started:
            assert self.process.poll() is None, self.output.read_text()
            return 0
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{started[0]['health_port']}{path}", timeout=5) as answer:
                return answer.status
        except urllib.error.HTTPError as error:
            return error.code
        except OSError:
            return 0

    def send(self, number: signal.Signals) -> None:
        """Send it a signal."""
        self.process.send_signal(number)

    def stop(self, number: signal.Signals = signal.SIGTERM, within_s: float = PATIENCE_S) -> int:
        """Send it a signal and wait for its end; answer its exit code."""
        self.send(number)
        return self.process.wait(within_s)

    def end(self) -> None:
        """Be sure that it is gone."""
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()


class OwnMongod:
    """A MongoDB of the test's own, which it may kill."""

    def __init__(self, folder: Path) -> None:
        self.place = mongod.prepare(folder, port=free_port(), binary=mongod.find_binary())
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it, or start it again on what is stored."""
        self.process = subprocess.Popen(self.place.argv, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        eventually(lambda: mongod.is_open(self.place.port), what="the database's port")
        mongod.set_up(self.place)

    def kill(self) -> None:
        """Kill it, as a power cut does."""
        self.process.kill()
        self.process.wait()


class World:
    """One database with our schema, and everything that a test starts on it."""

    def __init__(self, uri: str, name: str, keys: Path, folder: Path, *, amqp_uri: str = "") -> None:
        self.folder = folder
        self.amqp_uri = amqp_uri
        self.secrets = keys
        self.client: MongoClient[dict[str, Any]] = MongoClient(uri, tz_aware=True, serverSelectionTimeoutMS=20_000)
        self.database = self.client[name]
        self.functions_port = free_port()
        self.doors: list[Door] = []
        asyncio.run(_prepare(uri, name))
        self.know(self.catalogue())

    def catalogue(self, *, timeout_s: float | None = None) -> Catalogue:
        """Give the catalogue of the stand-in's reactions, with time limits of their own or one for all."""
        reactions = [
            FunctionEntry(
                name=name,
                module=f"functions.{name}",
                group="tests",
                kind="reaction",
                events=events,
                timeout_s=timeout_s or own_s,
            )
            for name, events, own_s in REACTIONS
        ]
        return Catalogue(functions=tuple(reactions))

    def know(self, catalogue: Catalogue) -> None:
        """Write the catalogue that the doors read when they start."""
        (self.folder / "catalogue.json").write_bytes(msgspec.json.encode(catalogue))

    def environ(self, **settings: object) -> dict[str, str]:
        """Give the environment of a door; settings by their names."""
        own = {
            "environment": "sandbox", "secrets": self.secrets, "mongodb_database": self.database.name,
            "functions_url": f"http://127.0.0.1:{self.functions_port}", "catalogue_file": self.folder / "catalogue.json",
            "health_port": 0, "poll_s": 0.2, "lease_s": 1.5, "claim_margin_s": 1.0, "backoff_base_s": 0.05,
            "backoff_max_s": 0.4, "max_attempts": 4, "reconcile_after_s": 1.0, "concurrency": 16,
            "amqp_heartbeat_s": 2.0, **settings,
        }  # fmt: skip
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("FREEHOLD_")}
        inherited["AMQP_URI"] = self.amqp_uri
        return {**inherited, **{f"FREEHOLD_{name.upper()}": str(value) for name, value in own.items()}}

    def start(self, *argv: str, environ: dict[str, str] | None = None, **settings: object) -> Door:
        """Start a process on this world."""
        output = self.folder / f"{len(self.doors)}.log"
        door = Door([sys.executable, *argv], {**self.environ(**settings), **(environ or {})}, output)
        self.doors.append(door)
        return door

    def start_functions(self) -> Door:
        """Start the stand-in for the functions and wait until it listens."""
        door = self.start("-m", "tests.connector.stand_in", str(self.functions_port))
        eventually(lambda: _listens(self.functions_port), what="the stand-in")
        return door

    def start_connector(self, **settings: object) -> Door:
        """Start a connector and wait until it is ready."""
        door = self.start("-m", "connector", **settings)
        eventually(lambda: door.health() == 200, what="the connector's readiness")
        return door

    def emit(self, kind: str = "thing.happened", *, script: dict[str, Any] | None = None, **fields: Any) -> str:
        """Store an event as a function does; answer its id."""
        row = self.row(kind, script=script, **fields)
        self.database.outbox.insert_one(row)
        return row["_id"]

    def row(self, kind: str = "thing.happened", *, script: dict[str, Any] | None = None, **fields: Any) -> dict[str, Any]:
        """Make an outbox row."""
        identifier = new_id("evt")
        own = {"id": identifier, "type": kind, "aggregate": identifier, "aggregate_version": 1, "n": 0, "trace_id": "trc_1"}
        event = OutboxRow(**{**own, **fields}, body={"script": script or {}}, created_at=datetime.now(UTC))
        return msgspec.to_builtins(event, builtin_types=(datetime,))

    def delivery(self, event_id: str, reaction: str = "tests-first") -> dict[str, Any]:
        """Read a delivery; {} while there is none."""
        return self.database.deliveries.find_one({"_id": f"{event_id}:{reaction}"}) or {}

    def state(self, event_id: str, reaction: str = "tests-first") -> str | None:
        """Say in what state a delivery is."""
        return self.delivery(event_id, reaction).get("state")

    def calls(self, event_id: str, reaction: str = "tests-first") -> int:
        """Count how often a reaction was called with an event."""
        return self.database.calls.count_documents({"key": f"{event_id}:{reaction}"})

    def effects(self, event_id: str, reaction: str = "tests-first") -> int:
        """Count a reaction's effects of an event."""
        return self.database.effects.count_documents({"key": f"{event_id}:{reaction}"})

    def close(self, *, drop: bool = True) -> None:
        """End every process; remove the queues, and the database if it is not the test's own."""
        for door in self.doors:
            door.end()
        if drop:
            self.client.drop_database(self.database.name)
        self.client.close()
        if self.amqp_uri:
            with connected(self.amqp_uri) as channel:
                for name in ("dead", *(reaction for reaction, _, _ in REACTIONS)):
                    channel.queue_delete(f"{self.database.name}.{name}")
                channel.exchange_delete(f"{self.database.name}.events")


def assert_each_had_one_effect(world: World, events: list[str]) -> None:
    """Every one of these `thing.happened` had its two effects; nothing had one twice."""
    keys = [f"{event}:{reaction}" for event in events for reaction in BOTH]
    counted = world.database.effects.aggregate([{"$group": {"_id": "$key", "times": {"$sum": 1}}}])
    effects = {row["_id"]: row["times"] for row in counted}
    assert [key for key in keys if key not in effects] == [], "lost"
    assert {key: times for key, times in effects.items() if times > 1} == {}, "done twice"


def all_done(world: World, events: list[str]) -> bool:
    """Whether both deliveries of each of these `thing.happened` are done."""
    done = {"event_id": {"$in": events}, "state": "done"}
    return world.database.deliveries.count_documents(done) == len(events) * len(BOTH)


def _listens(port: int) -> bool:
    try:
        urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=2)
    except urllib.error.HTTPError:
        return True
    except OSError:
        return False
    return True


async def _prepare(uri: str, name: str) -> None:
    store = Store(uri, name, connections=2)
    await apply_schema(store.database, (OutboxRow, Delivery, Lease))
    await store.database.calls.create_index("key")
    await store.database.effects.create_index("key")
    await store.close()
