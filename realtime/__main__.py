"""`python -m realtime`: run the relay until SIGTERM."""

import asyncio
import sys

import uvloop

from freehold import logs, settings
from freehold.telemetry import tracing
from freehold.telemetry.tracing import TracesNotRecorded
from realtime.server import run


def main() -> int:
    """Run the command; 0 after a drain, 2 when the settings or the port do not allow it to start."""
    try:
        given = settings.load(settings.RelaySettings)
        if settings.wants_traces():
            tracing.record("freehold-relay")
    except (settings.InvalidSettings, TracesNotRecorded) as error:
        sys.stderr.write(f"{error}\n")
        return 2
    logs.configure(part="relay", level=given.log_level)
    try:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(run(given))
    except OSError as error:
        place = f"{given.relay_host}:{given.relay_port}"
        sys.stderr.write(f"The relay cannot listen on {place} ({error.strerror}). Free it, or set FREEHOLD_RELAY_PORT.\n")
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
