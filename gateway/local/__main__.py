"""`python -m gateway.local`: serve every function of the catalogue on 127.0.0.1:FREEHOLD_PORT."""

import sys

from freehold import logs, settings
from freehold.catalogue import Catalogue
from freehold.edge.app import FunctionApp
from freehold.edge.discovery import find
from freehold.edge.server import serve
from freehold.settings import FunctionSettings, InvalidSettings
from freehold.telemetry import tracing
from freehold.telemetry.tracing import TracesNotRecorded
from gateway.local.front import LocalFront
from gateway.local.page import About
from gateway.local.readiness import Readiness, read_addresses


class FrontSettings(FunctionSettings, frozen=True, kw_only=True):
    """What the local front knows beside what functions know: `ready_urls` are `name=url` items with commas between."""

    ready_urls: str = ""


def main() -> int:
    """Serve until SIGTERM."""
    try:
        found = settings.load(FrontSettings)
        if settings.wants_traces():
            tracing.record("freehold-functions")
    except (InvalidSettings, TracesNotRecorded) as error:
        sys.stderr.write(f"{error}\n")
        return 2
    logs.configure(level=found.log_level, part="front")
    catalogue = Catalogue.load()
    functions = FunctionApp(lambda: find(entry.name for entry in catalogue.functions), found)
    readiness = Readiness(functions, read_addresses(found.ready_urls))
    url = f"http://127.0.0.1:{found.port}"
    about = About(api=f"{url}/api", api_description=f"{url}/api/openapi.json", ready=f"{url}/_/ready", sockets=found.relay_url)
    front = LocalFront(functions, catalogue, readiness, about)
    serve(front, settings=found, drain=functions.drain, host="127.0.0.1")
    return 0


if __name__ == "__main__":
    sys.exit(main())
