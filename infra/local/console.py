"""What the run tells the person who started it: short lines, one thing each."""

import os
import sys
from contextlib import suppress
from datetime import datetime

from infra.local.trouble import Trouble


def say(line: str) -> None:
    """Print a line now. Nobody may be there to read it any more: that must not stop the work."""
    try:
        print(line, flush=True)
    except OSError:
        sys.stdout = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115, PTH123 - it replaces the lost terminal for good


def complain(trouble: Trouble) -> None:
    """Print why the run cannot go on, on the error output."""
    with suppress(OSError):
        print(f"Freehold cannot run: {trouble}", file=sys.stderr, flush=True)


def tell(who: str, what: str) -> None:
    """Print what a part does, with the time."""
    say(f"  {datetime.now().astimezone():%H:%M:%S}  {who:<12}{what}")
