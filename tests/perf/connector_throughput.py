"""How many events the connector carries per second, and what one costs: `python -m tests.perf.connector_throughput [EVENTS]`.

In one run, on servers of its own: outbox to broker with batches and one by one; outbox to an instant function through
MongoDB and through RabbitMQ. CPU is the connector's own; a busy machine spoils the seconds, hardly the CPU.
"""

import shutil
import socket
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import psutil

from infra.keys import make_keys, write_secret
from tests.connector.world import Door, OwnMongod, World, eventually
from tests.rabbitmq import Broker

LIMIT_S = 900.0
UNHURRIED = {
    "poll_s": 1.0, "lease_s": 10.0, "reconcile_after_s": 300.0, "concurrency": 32,
}  # fmt: skip


def main(count: int) -> None:
    """Measure and print a table."""
    folder = Path(tempfile.mkdtemp(prefix="freehold-throughput-"))
    mongod, broker = OwnMongod(folder / "mongod"), Broker(folder / "rabbitmq")
    try:
        mongod.start()
        broker.start()
        make_keys(folder / "keys", development=True)
        write_secret(folder / "keys" / "mongodb-uri", mongod.place.uri)
        say(f"{count} events, one reaction each")
        for label, amqp_uri, settings in (
            ("to the broker, batches of 128", broker.uri(), {"concurrency": 1}),
            ("to the broker, one by one", broker.uri(), {"concurrency": 1, "dispatch_batch": 1}),
            ("to the function, through MongoDB", "", {}),
            ("to the function, through RabbitMQ", broker.uri(), {}),
        ):
            place = Path(tempfile.mkdtemp(dir=folder))
            world = World(mongod.place.uri, f"perf_{place.name}", folder / "keys", place, amqp_uri=amqp_uri)
            measure(world, label, count, settings)
    finally:
        broker.kill()
        mongod.kill()
        shutil.rmtree(folder, ignore_errors=True)


def say(line: str) -> None:
    """Print a line at once."""
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def measure(world: World, label: str, count: int, settings: dict[str, object]) -> None:
    """Run one connector on a world of its own, and print what it did; towards the broker alone, the functions hang."""
    with socket.create_server(("127.0.0.1", 0), backlog=64) as hanging:
        carry(world, label, count, {"functions_url": f"http://127.0.0.1:{hanging.getsockname()[1]}", **settings})


def carry(world: World, label: str, count: int, settings: dict[str, object]) -> None:
    """Store the events, start the connector, and wait until it is through."""
    try:
        if "broker" not in label:
            world.start("-m", "tests.perf.instant_functions", str(world.functions_port))
            settings.pop("functions_url")
        world.start_connector(**UNHURRIED).stop()  # what is made once (queues, leases) is there
        world.database.outbox.insert_many([world.row("thing.grew") for _ in range(count)])
        connector = world.start("-m", "connector", **{**UNHURRIED, **settings})
        seconds, cpu_s = until(connector, _done(world, label, count))
        say(f"{label:36} {count / seconds:7.0f}/s {cpu_s / count * 1000:7.2f} ms CPU each")
    finally:
        world.close()


def _done(world: World, label: str, count: int) -> Callable[[], bool]:
    if "broker" in label:
        return lambda: world.database.outbox.count_documents({"sent": None}) == 0
    return lambda: world.database.deliveries.count_documents({"state": "done"}) == count


def until(connector: Door, done: Callable[[], bool]) -> tuple[float, float]:
    """Measure the seconds and the CPU from the process's readiness to the end."""
    eventually(lambda: connector.lines("started"))
    process, began_s = psutil.Process(connector.process.pid), time.monotonic()
    cpu_before_s = sum(process.cpu_times()[:2])
    eventually(done, within_s=LIMIT_S)
    return time.monotonic() - began_s, sum(process.cpu_times()[:2]) - cpu_before_s


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 3_000)
