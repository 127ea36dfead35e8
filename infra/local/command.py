"""The command line of the local run."""

import argparse
import asyncio

from infra.local.console import complain
from infra.local.run import run
from infra.local.settings import RunSettings
from infra.local.trouble import Trouble


def main(arguments: list[str] | None = None) -> int:
    """Run until asked to stop. 0: stopped as asked; 1: cannot run, the reason stands on the error output."""
    parser = argparse.ArgumentParser(prog="python -m infra.local", description="Run all of Freehold on this machine.")
    parser.add_argument("--no-seed", action="store_true", help="leave the marketplace empty")
    given = parser.parse_args(arguments)
    try:
        return asyncio.run(run(RunSettings.from_environment(), seeding=not given.no_seed))
    except Trouble as trouble:
        complain(trouble)
        return 1
