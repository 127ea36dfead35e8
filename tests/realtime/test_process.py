"""`python -m realtime` as a process: how it starts, how it ends."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
from websockets.asyncio.client import connect

from infra.local.ports import free_port
from tests.realtime.live import PATIENCE_S, Client, open_world, run

ROOT = Path(__file__).parents[2]


def environment(keys: Path, database: str, port: int) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("FREEHOLD_")}
    return {
        **kept, "FREEHOLD_SECRETS": str(keys), "FREEHOLD_ENVIRONMENT": "sandbox",
        "FREEHOLD_MONGODB_DATABASE": database, "FREEHOLD_RELAY_PORT": str(port),
        "FREEHOLD_DRAIN_TIMEOUT_S": "3600",  # a socket that only the deadline ends would keep a test waiting
    }  # fmt: skip


@contextmanager
def started(keys: Path, database: str, port: int) -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen(
        [sys.executable, "-m", "realtime"], cwd=ROOT, env=environment(keys, database, port),
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        yield process
    finally:
        if process.poll() is None:
            process.kill()
        process.communicate()


def wait_until_ready(port: int) -> None:
    give_up_at = time.monotonic() + PATIENCE_S
    while time.monotonic() < give_up_at:
        try:
            if httpx.get(f"http://127.0.0.1:{port}/_/ready").status_code == 200:
                return
        except httpx.TransportError:
            pass
        time.sleep(0.05)
    pytest.fail("the relay did not become ready")


@pytest.mark.parametrize("signals", [[signal.SIGTERM], [signal.SIGINT], [signal.SIGTERM, signal.SIGTERM, signal.SIGINT]])
def test_it_becomes_ready_and_ends_well_on_a_signal(keys: Path, database: str, signals: list[signal.Signals]) -> None:
    port = free_port()
    with started(keys, database, port) as process:
        wait_until_ready(port)
        with socket.create_connection(("127.0.0.1", port)):
            for each in signals:
                process.send_signal(each)
            output, errors = process.communicate(timeout=PATIENCE_S)
        assert process.returncode == 0, errors
        assert errors == ""
        assert '"event":"relay_listening"' in output
        assert '"event":"relay_stopped"' in output


def test_a_kill_leaves_nothing_that_stops_the_next_start(keys: Path, database: str) -> None:
    port = free_port()
    for _ in range(2):
        with started(keys, database, port) as process:
            wait_until_ready(port)
            process.kill()
            assert process.wait(PATIENCE_S) == -signal.SIGKILL


def test_a_taken_port_is_said_in_a_sentence(keys: Path, database: str) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with started(keys, database, port) as process:
            _, errors = process.communicate(timeout=PATIENCE_S)
    assert process.returncode == 2
    assert errors.strip().startswith(f"The relay cannot listen on 127.0.0.1:{port} (")
    assert "set FREEHOLD_RELAY_PORT" in errors
    assert "Traceback" not in errors


def test_missing_settings_are_all_named(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "realtime"], cwd=ROOT, env={"PATH": os.environ["PATH"], "FREEHOLD_SECRETS": str(tmp_path)},
        capture_output=True, text=True, timeout=PATIENCE_S, check=False,
    )  # fmt: skip
    assert done.returncode == 2
    assert f"missing secret file {tmp_path}/mongodb-uri" in done.stderr
    assert "missing setting FREEHOLD_ENVIRONMENT" in done.stderr


@pytest.mark.parametrize("origins", ["*", "app.example.org", "https://app.example.org/path", "https://a.org; https://b.org"])
def test_an_origin_list_that_is_none_is_refused(keys: Path, database: str, origins: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "realtime"], cwd=ROOT, env=environment(keys, database, 0) | {"FREEHOLD_RELAY_ORIGINS": origins},
        capture_output=True, text=True, timeout=PATIENCE_S, check=False,
    )  # fmt: skip
    assert done.returncode == 2
    assert "FREEHOLD_RELAY_ORIGINS" in done.stderr


def test_its_log_holds_no_ticket_and_no_payload(keys: Path, database: str, mongodb_uri: str) -> None:
    port = free_port()
    with started(keys, database, port) as process:
        wait_until_ready(port)
        run(_a_visit(mongodb_uri, database, port))
        process.send_signal(signal.SIGTERM)
        output, _ = process.communicate(timeout=PATIENCE_S)
    assert "ticket_invalid" in output
    for secret in ("a-wrong-ticket", "a private word", mongodb_uri):
        assert secret not in output


async def _a_visit(mongodb_uri: str, database: str, port: int) -> None:
    async with open_world(mongodb_uri, database) as world:
        ada = await world.sign_in()
        async with connect(f"ws://127.0.0.1:{port}/socket.io/?EIO=4&transport=websocket") as websocket:
            client = Client(websocket)
            await client.receive()
            assert (await client.join("a-wrong-ticket")).startswith("44")
            assert (await client.join(await world.ticket(ada))).startswith("40")
            await world.say(ada.user_id, "newJob", {"title": "a private word"})
            assert "a private word" in str(await client.receive())
