"""The function server: the ASGI app of one process, with OpenFaaS's contract, and the process itself.

`FUNCTION=jobs-create-job,jobs-list-jobs python -m freehold.edge.server` imports only those modules (`group:jobs` stands for
all of that group) and listens on FREEHOLD_PORT (8080). The port opens first; `/_/ready` turns true when the modules are
imported and the database answers.
"""

import os
import sys
from collections.abc import Callable, Iterable, Mapping

import structlog
import uvicorn
from starlette.types import ASGIApp

from freehold import logs, settings
from freehold.catalogue import Catalogue
from freehold.edge.app import FunctionApp
from freehold.edge.discovery import find
from freehold.edge.draining import DrainingServer
from freehold.edge.joined_writes import JoiningProtocol
from freehold.settings import FunctionSettings, InvalidSettings, Secret
from freehold.telemetry import tracing
from freehold.telemetry.tracing import TracesNotRecorded

log = structlog.get_logger()


def create_app(names: Iterable[str], function_settings: FunctionSettings, secrets: Mapping[str, Secret]) -> FunctionApp:
    """Make the app that serves these functions. Open it (`await app.open()`) before the first call, close it after."""
    return FunctionApp(lambda: find(names), function_settings, secrets)


def serve(
    app: ASGIApp,
    *,
    settings: FunctionSettings,
    drain: Callable[[], bool],
    host: str = "0.0.0.0",  # noqa: S104 - a container's port
) -> None:
    """Run the app until SIGTERM. Then it is told to `drain`, and what is in flight ends (`FunctionSettings` says when)."""
    config = uvicorn.Config(
        app,
        host=host,
        port=settings.port,
        loop="uvloop",
        http=JoiningProtocol,
        ws="none",
        lifespan="on",
        access_log=False,
        log_config=None,
        server_header=False,
        proxy_headers=False,
        timeout_keep_alive=75,
        timeout_graceful_shutdown=max(1, round(settings.drain_timeout_s)),
    )
    DrainingServer(config, drain=drain, delay_s=settings.drain_delay_s).run()


def main() -> int:
    """Serve the functions that FUNCTION names."""
    named = [name.strip() for name in os.environ.get("FUNCTION", "").split(",") if name.strip()]
    names = Catalogue.load().expand(named)
    if not names:
        sys.stderr.write("FUNCTION must name a function, or several with commas between them\n")
        return 2
    try:
        found = settings.load(FunctionSettings)
        app = FunctionApp(lambda: find(names), found)
        if settings.wants_traces():
            tracing.record("freehold-functions")
    except (InvalidSettings, TracesNotRecorded) as error:
        sys.stderr.write(f"{error}\n")
        return 2
    logs.configure(part=names[0] if len(names) == 1 else "functions", level=found.log_level)
    serve(app, settings=found, drain=app.drain)
    return int(app.cannot_start)  # the first process of a container does not die of its own signal: its code must say it


if __name__ == "__main__":
    sys.exit(main())
