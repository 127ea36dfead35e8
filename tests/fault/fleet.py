"""A small deployment: nginx, replicas of all functions behind it, connectors and schedulers, each of the code of some tree."""

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import httpx

from freehold.catalogue import Catalogue
from infra.local.ports import free_port
from tests.connector.world import ROOT, Door, eventually, wrong_clock

LATER_VERSION = Path(__file__).with_name("later_version.patch")
PACKAGES = ("connector", "freehold", "functions", "infra", "jobs_scheduler")
CONF = """
daemon off;
worker_processes 1;
pid {folder}/nginx.pid;
error_log {folder}/nginx.log warn;
events {{ worker_connections 512; }}
http {{
  access_log off;
  client_body_temp_path {folder}/body;
  proxy_temp_path {folder}/proxy;
  fastcgi_temp_path {folder}/fastcgi;
  uwsgi_temp_path {folder}/uwsgi;
  scgi_temp_path {folder}/scgi;
  upstream functions {{ {servers} keepalive 32; }}
  server {{
    listen 127.0.0.1:{port};
    proxy_http_version 1.1;
    proxy_set_header Connection "";
    location = /generation {{ return 200 "{generation}"; }}
    location /api/ {{ proxy_pass http://functions; }}
    location ~ ^/function/[^/]+(/.*)$ {{ proxy_pass http://functions$1; }}
  }}
}}
"""


def later_version(folder: Path) -> Path:
    """Make a tree of the code as a later version might have it, with its own generated files."""
    for package in PACKAGES:
        shutil.copytree(ROOT / package, folder / package)
    patched = ["patch", "--quiet", "--strip=1", "--no-backup-if-mismatch", f"--input={LATER_VERSION}"]
    made = subprocess.run(patched, cwd=folder, check=False, capture_output=True, text=True)
    assert made.returncode == 0, f"{LATER_VERSION.name} no longer fits the code: {made.stdout}{made.stderr}"
    subprocess.run([sys.executable, "-m", "infra.manifest"], cwd=folder, check=True, capture_output=True)
    return folder


class Replica:
    """One process that serves all functions of a tree."""

    def __init__(self, door: Door, port: int) -> None:
        self.door = door
        self.port = port

    def ready(self) -> int:
        """Ask for its readiness; 0 when nobody answers."""
        assert self.door.process.poll() is None, self.door.output.read_text()[-2_000:]
        try:
            return httpx.get(f"http://127.0.0.1:{self.port}/_/ready", timeout=5).status_code
        except httpx.TransportError:
            return 0

    def is_going(self) -> bool:
        """Whether it says that it goes, or has gone."""
        return self.door.process.poll() is not None or self.ready() != 200


class Fleet:
    """The deployment, over one database."""

    def __init__(self, *, secrets: Path, database: str, folder: Path) -> None:
        self.folder = folder
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.replicas: list[Replica] = []
        self._secrets = secrets
        self._database = database
        self._doors: list[Door] = []
        self._generation = 0
        self._nginx: Door | None = None

    def start(self, trees: Sequence[Path]) -> None:
        """Start a replica of each of these trees, and nginx before them."""
        self.replicas = [self._replica(tree) for tree in trees]
        for replica in self.replicas:
            eventually(lambda replica=replica: replica.ready() == 200, what="a replica's readiness")
        self._balance()

    def replace(self, old: Replica, tree: Path) -> None:
        """Put a replica of `tree` in the place of another one, as a rolling deploy does: the new one first."""
        new = self._replica(tree)
        eventually(lambda: new.ready() == 200, what="a replica's readiness")
        self.replicas.append(new)
        self._balance()
        old.door.send(signal.SIGTERM)
        eventually(old.is_going, what="the old replica to say that it goes")
        self.replicas.remove(old)
        self._balance()
        assert old.door.process.wait(60) in {0, -signal.SIGTERM}

    def crash(self, replica: Replica) -> None:
        """Kill a replica while it works, and start another one in its place, of today's code."""
        replica.door.stop(signal.SIGKILL)
        self.replicas.remove(replica)
        self.replicas.append(self._replica(ROOT))
        eventually(lambda: self.replicas[-1].ready() == 200, what="a replica's readiness")
        self._balance()

    def door(self, module: str, tree: Path, *, skewed_by_s: int = 0) -> Door:
        """Start a connector or a scheduler of `tree` and wait until it is ready; one with a wrong clock may never be."""
        door = self._start(["-m", module], tree, skewed_by_s=skewed_by_s, health_port=0, functions_url=self.url)
        if not skewed_by_s:
            eventually(lambda: door.health() == 200, what=f"the readiness of {module}")
        return door

    def apply_schema(self, tree: Path) -> None:
        """Run the schema's command of a tree: before its functions come."""
        door = self._start(["-m", "freehold.store"], tree)
        assert door.process.wait(60) == 0, door.output.read_text()

    def end(self) -> None:
        """End everything. nginx is asked: killed, it would leave its workers behind."""
        if self._nginx is not None:
            self._nginx.stop()
        for door in self._doors:
            door.end()

    def _replica(self, tree: Path) -> Replica:
        names = [entry.name for entry in Catalogue.load(str(tree / "freehold" / "catalogue.json")).functions]
        port = free_port()
        return Replica(self._start(["-m", "freehold.edge.server"], tree, port=port, function=",".join(names)), port)

    def _start(self, argv: list[str], tree: Path, *, function: str = "", skewed_by_s: int = 0, **settings: object) -> Door:
        own = {
            "environment": "sandbox", "secrets": self._secrets, "mongodb_database": self._database, "log_level": "warning",
            "rate_read_per_minute": 100_000, "rate_write_per_minute": 100_000, "rate_auth_per_minute": 10_000,
            "open_jobs_limit": 100_000, "inspection_floor_s": 1, "drain_delay_s": 1, "lease_s": 2, "claim_margin_s": 1,
            "backoff_base_s": 0.05, "backoff_max_s": 1, "max_attempts": 1_000, "reconcile_after_s": 1, "poll_s": 0.2,
            **settings,
        }  # fmt: skip
        if "health_port" in settings:
            own["log_level"] = "info"  # its first line says which port it has
        environ = {
            "PATH": os.environ["PATH"],
            "FUNCTION": function,
            **{f"FREEHOLD_{k.upper()}": str(v) for k, v in own.items()},
            **(wrong_clock(self.folder, skewed_by_s) if skewed_by_s else {}),
        }
        door = Door([sys.executable, *argv], environ, self.folder / f"{len(self._doors)}.log", tree=tree)
        self._doors.append(door)
        return door

    def _balance(self) -> None:
        """Let nginx give the work to the replicas that there are now, and wait until it does."""
        self._generation += 1
        servers = " ".join(f"server 127.0.0.1:{replica.port};" for replica in self.replicas)
        conf = self.folder / "nginx.conf"
        conf.write_text(CONF.format(folder=self.folder, servers=servers, port=self.port, generation=self._generation))
        if self._nginx is None:
            nginx = shutil.which("nginx", path=f"{os.environ['PATH']}:/usr/sbin")
            self._nginx = Door([str(nginx), "-c", str(conf), "-p", str(self.folder)], {}, self.folder / "nginx.out")
            self._doors.insert(0, self._nginx)
        else:
            self._nginx.send(signal.SIGHUP)
        eventually(lambda: self._seen() == str(self._generation), what="nginx to take its configuration")

    def _seen(self) -> str:
        try:
            return httpx.get(f"{self.url}/generation").text
        except httpx.TransportError:
            return ""
