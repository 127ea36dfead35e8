"""A real RabbitMQ of one's own: Debian's program, its data in a folder, its ports on loopback, nothing left behind.

`Broker(folder)` is one that a test may kill and wipe. What is shared by a run is kept by `tests.keep_rabbitmq` and comes
from the fixture `amqp_uri`. Tests speak to it through `amqp` alone: kombu belongs to the connector.
"""

import base64
import hashlib
import json
import os
import secrets
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import amqp

from infra.local.ports import free_port

PROGRAM = Path("/usr/lib/rabbitmq/bin/rabbitmq-server")
USER = "freehold"
HALF_BLIND = "half-blind"
"""This user, with the same password, may do anything but read the queue of the reaction `tests-stuck`."""

START_LIMIT_S = 120.0
STOP_LIMIT_S = 20.0


class Trouble(Exception):  # noqa: N818 - it names what is wrong
    """It does not start; the message says why."""


class Broker:
    """One server. Debian's usual wrapper changes to a user of its own; this starts what is behind it, as whoever we are."""

    def __init__(self, folder: Path, *, vhosts: tuple[str, ...] = ("/",), tls: Path | None = None) -> None:
        self.folder = folder
        self.port, self.tls_port, self._distribution_port, self._epmd_port = (free_port() for _ in range(4))
        self.password = secrets.token_urlsafe(12)
        self.process: subprocess.Popen[bytes] | None = None
        self._names: subprocess.Popen[bytes] | None = None
        folder.mkdir(parents=True, exist_ok=True)
        self._write_settings(vhosts, tls)

    def uri(self, vhost: str = "/") -> str:
        """Say where it is."""
        return f"amqp://{USER}:{self.password}@127.0.0.1:{self.port}/{'%2F' if vhost == '/' else vhost}"

    def start(self) -> None:
        """Start it, or start it again on what is stored, and wait until it lets us in."""
        environ = self._environ()
        self._names = subprocess.Popen(
            ["epmd", "-port", str(self._epmd_port), "-address", "127.0.0.1"],
            env=environ, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        with (self.folder / "output").open("wb") as output:
            self.process = subprocess.Popen(
                [PROGRAM], cwd=self.folder, env=environ, stdin=subprocess.DEVNULL, stdout=output, stderr=output
            )
        give_up_at = time.monotonic() + START_LIMIT_S
        while not self._lets_in():
            if self.process.poll() is not None or time.monotonic() > give_up_at:
                raise Trouble(f"{PROGRAM} did not start: {(self.folder / 'output').read_text(errors='replace')[-2000:]}")
            time.sleep(0.1)

    def kill(self) -> None:
        """Kill it, as a power cut does."""
        self._end(signal.SIGKILL)

    def stop(self) -> None:
        """End it in order."""
        self._end(signal.SIGTERM)

    def wipe(self) -> None:
        """Lose everything that it has stored; it must not run."""
        shutil.rmtree(self.folder / "data")

    def _end(self, number: signal.Signals) -> None:
        for process in (self.process, self._names):
            if process is None or process.poll() is not None:
                continue
            process.send_signal(number)
            try:
                process.wait(STOP_LIMIT_S)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()

    def _lets_in(self) -> bool:
        try:
            with connected(self.uri()):
                return True
        except (OSError, amqp.AMQPError):
            return False

    def _environ(self) -> dict[str, str]:
        """Name every place of its own; `detached` makes the script become the server instead of watching over it."""
        beam = "+S 1:1 +sbwt none +sbwtdcpu none +sbwtdio none -kernel inet_dist_use_interface {127,0,0,1}"
        own = {
            "HOME": self.folder, "detached": "yes", "ERL_EPMD_PORT": self._epmd_port, "ERL_EPMD_ADDRESS": "127.0.0.1",
            "RABBITMQ_NODENAME": f"freehold-{self.port}@localhost", "RABBITMQ_DIST_PORT": self._distribution_port,
            "RABBITMQ_MNESIA_BASE": self.folder / "data", "RABBITMQ_LOG_BASE": self.folder / "log",
            "RABBITMQ_CONFIG_FILE": self.folder / "rabbitmq.conf", "RABBITMQ_ENABLED_PLUGINS_FILE": self.folder / "plugins",
            "RABBITMQ_CONF_ENV_FILE": "/dev/null", "RABBITMQ_PID_FILE": self.folder / "pid",
            "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": beam,
        }  # fmt: skip
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("RABBITMQ_", "ERL_"))}
        return {**kept, **{name: str(value) for name, value in own.items()}}

    def _write_settings(self, vhosts: tuple[str, ...], tls: Path | None) -> None:
        settings = {
            "listeners.tcp.1": f"127.0.0.1:{self.port}",
            "load_definitions": self.folder / "definitions.json",
            "log.console": "false",
            "log.file.level": "warning",
            "vm_memory_high_watermark.absolute": "1GB",
            "disk_free_limit.absolute": "50MB",
        }
        if tls is not None:
            settings |= {"listeners.ssl.1": f"127.0.0.1:{self.tls_port}"}
            settings |= {f"ssl_options.{key}": tls / f"{key}.pem" for key in ("cacertfile", "certfile", "keyfile")}
        (self.folder / "rabbitmq.conf").write_text("".join(f"{key} = {value}\n" for key, value in settings.items()))
        (self.folder / "plugins").write_text("[].\n")
        (self.folder / "definitions.json").write_text(json.dumps(self._definitions({"/", *vhosts})))

    def _definitions(self, vhosts: set[str]) -> dict[str, object]:
        salt = secrets.token_bytes(4)
        digest = hashlib.sha256(salt + self.password.encode()).digest()
        password = {
            "password_hash": base64.b64encode(salt + digest).decode(),
            "hashing_algorithm": "rabbit_password_hashing_sha256",
            "tags": "",
        }
        reads = {USER: ".*", HALF_BLIND: "^(?!.*tests-stuck)"}
        return {
            "users": [{"name": name, **password} for name in reads],
            "vhosts": [{"name": name} for name in sorted(vhosts)],
            "permissions": [
                {"user": name, "vhost": vhost, "configure": ".*", "write": ".*", "read": read}
                for vhost in sorted(vhosts) for name, read in reads.items()
            ],
        }  # fmt: skip


@contextmanager
def connected(uri: str) -> Iterator[amqp.Channel]:
    """Give a channel of a connection of the test's own."""
    where = urlsplit(uri)
    vhost = where.path[1:].replace("%2F", "/")
    connection = amqp.Connection(
        f"{where.hostname}:{where.port}", where.username, where.password, virtual_host=vhost, connect_timeout=5, read_timeout=20
    )
    with connection:
        yield connection.channel()
