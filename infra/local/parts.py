"""Which parts a local run has: how each is started, where it says that it works. In the order in which they start.

They stop in the reverse order: the front first, so that no new work comes in; MongoDB last.
"""

import sys
from collections.abc import Mapping
from typing import Final

from msgspec import Struct

from infra.local import mongod
from infra.local.home import Home
from infra.local.ports import free_port
from infra.local.process import Part
from infra.local.settings import RunSettings

LOCAL_SETTINGS: Final = {
    "FREEHOLD_INSPECTION_FLOOR_S": "1",
    "FREEHOLD_RATE_READ_PER_MINUTE": "6000",
    "FREEHOLD_RATE_WRITE_PER_MINUTE": "6000",
    "FREEHOLD_RATE_AUTH_PER_MINUTE": "600",
    "FREEHOLD_FX_RATE_MAX_AGE_DAYS": "400",
    "FREEHOLD_DRAIN_DELAY_S": "0",
    "FREEHOLD_DRAIN_TIMEOUT_S": "3",
}
"""What is different on one's own machine: short waits, wide limits, old rates. The environment of `make run` goes before."""


class InnerPorts(Struct, frozen=True, kw_only=True):
    """Ports of 127.0.0.1 that only the parts use among themselves."""

    supervisor: int
    connector: int
    scheduler: int

    @classmethod
    def choose(cls, *, supervisor: int) -> "InnerPorts":
        """Take ports that are free now; the supervisor has its own already."""
        return cls(supervisor=supervisor, connector=free_port(), scheduler=free_port())


def mongod_part(place: mongod.Place) -> Part:
    """Describe the embedded database."""
    return Part(name="mongodb", argv=tuple(place.argv), environ={}, port=place.port, stop_limit_s=15.0)


def own_parts(settings: RunSettings, home: Home, ports: InnerPorts, environ: Mapping[str, str]) -> tuple[Part, ...]:
    """Describe Freehold's own parts, in the order of their start."""
    shared = {name: value for name, value in LOCAL_SETTINGS.items() if name not in environ}
    shared |= {
        "FREEHOLD_HOME": str(home.folder),
        "FREEHOLD_ENVIRONMENT": "sandbox",
        "FREEHOLD_SECRETS": str(home.secrets),
        "FREEHOLD_FUNCTIONS_URL": settings.url,
        "FREEHOLD_RELAY_URL": settings.relay_url,
        "FREEHOLD_RELAY_PORT": str(settings.relay_port),
        "FREEHOLD_RELAY_ORIGINS": ",".join(_pages_of(settings)),
        "PYTHONUNBUFFERED": "1",
        **dict.fromkeys(("no_proxy", "NO_PROXY"), _without_proxy(environ)),
    }
    ready_urls = {
        "relay": f"{settings.relay_url}/_/ready",
        "connector": f"http://127.0.0.1:{ports.connector}/_/ready",
        "scheduler": f"http://127.0.0.1:{ports.scheduler}/_/ready",
        "start-up": f"http://127.0.0.1:{ports.supervisor}/_/ready",
    }
    named_urls = ",".join(f"{name}={url}" for name, url in ready_urls.items())
    front = shared | {"FREEHOLD_PORT": str(settings.port), "FREEHOLD_READY_URLS": named_urls}
    return (
        _python_part("relay", "realtime", shared, settings.relay_port, ready_urls["relay"]),
        _python_part("connector", "connector", _with_health(shared, ports.connector), ports.connector, ready_urls["connector"]),
        _python_part(
            "scheduler", "jobs_scheduler", _with_health(shared, ports.scheduler), ports.scheduler, ready_urls["scheduler"]
        ),
        _python_part("front", "gateway.local", front, settings.port, f"{settings.url}/_/ready?without=start-up"),
    )


def _python_part(name: str, module: str, environ: dict[str, str], port: int, ready_url: str) -> Part:
    return Part(name=name, argv=(sys.executable, "-m", module), environ=environ, port=port, ready_url=ready_url)


def _with_health(shared: dict[str, str], port: int) -> dict[str, str]:
    return shared | {"FREEHOLD_HEALTH_PORT": str(port)}


def _without_proxy(environ: Mapping[str, str]) -> str:
    """Name the hosts that are reached without a proxy: the parts themselves, and what the person has named."""
    named = environ.get("no_proxy") or environ.get("NO_PROXY")
    return f"{named},127.0.0.1" if named else "127.0.0.1"


def _pages_of(settings: RunSettings) -> tuple[str, ...]:
    """Where a browser may come from that connects to the relay."""
    return (settings.url, f"http://localhost:{settings.port}")
