"""Runs of the whole of Freehold, each in a folder and on ports of its own; nothing of them outlives its test."""

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from infra.local.ports import free_port
from tests.local.processes import LocalRun

Start = Callable[..., LocalRun]
UNSEEDED = (sys.executable, "-m", "infra.local", "--no-seed")


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Give a function that starts a run (of a command), in the same folder and on the same ports each time."""
    ports = {"FREEHOLD_PORT": str(free_port()), "FREEHOLD_RELAY_PORT": str(free_port())}
    runs: list[LocalRun] = []

    def start_run(*command: str, **environ: str) -> LocalRun:
        home = Path(environ.pop("FREEHOLD_HOME", tmp_path / "home"))
        runs.append(LocalRun(home, ports | environ, *(command or UNSEEDED)))
        return runs[-1]

    yield start_run
    for run in runs:
        print(run.said()[-8_000:])  # noqa: T201 - shown with a test that fails
        run.clean_up()
