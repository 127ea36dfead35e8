"""The run's own servers: shared by workers, gone with the run, however the run ends."""

import os
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import psutil
import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture
def server(request):
    """Name the fixture of the server that the inner run uses."""
    return getattr(request, "param", "mongodb_uri")


@pytest.fixture
def inner_run(tmp_path, server):
    """Start a test run of its own whose two tests note the server and database they got; the second one waits for `go`."""
    (tmp_path / "inner").mkdir()
    (tmp_path / "inner" / "conftest.py").write_text("from tests.conftest import *  # noqa: F403\n")
    (tmp_path / "inner" / "test_inner.py").write_text(
        textwrap.dedent(f"""
        import pathlib, time
        import pytest
        notes = pathlib.Path({str(tmp_path)!r})

        @pytest.mark.parametrize("n", [1, 2])
        def test_inner({server}, database, n):
            (notes / f"note{{n}}").write_text(f"{{{server}}} {{database}}")
            while not (notes / "go").exists():
                time.sleep(0.05)
        """)
    )
    environ = {key: value for key, value in os.environ.items() if not key.startswith(("PYTEST_", "MONGODB_URI"))}
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--rootdir", str(tmp_path / "inner")]
    command += ["-n", "2", "--basetemp", str(tmp_path / "base"), str(tmp_path / "inner")]
    run = subprocess.Popen(
        command, cwd=ROOT, env=environ | {"PYTHONPATH": str(ROOT)}, start_new_session=True, preexec_fn=hear_ctrl_c,  # noqa: PLW1509 - before there are threads
    )  # fmt: skip
    yield run, tmp_path
    if run.poll() is None:
        os.killpg(run.pid, signal.SIGKILL)
        run.wait()


def hear_ctrl_c():
    """Hear ctrl-C also when this run was started in the background, where a shell has it ignored."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def wait_for(condition, limit_s=60):
    give_up_at = time.monotonic() + limit_s
    while time.monotonic() < give_up_at:
        if condition():
            return True
        time.sleep(0.05)
    return False


def servers_in(folder):
    return [
        p
        for p in psutil.process_iter(["cmdline", "environ"])
        if any(str(folder) in part for part in [*(p.info["cmdline"] or []), (p.info["environ"] or {}).get("HOME", "")])
    ]


def mongods_in(folder):
    return [p for p in servers_in(folder) if "--dbpath" in p.info["cmdline"]]


def both_started(folder):
    """Wait for both tests: a RabbitMQ that starts on a busy machine takes a minute."""
    return wait_for(lambda: all((folder / f"note{n}").exists() and (folder / f"note{n}").read_text() for n in (1, 2)), 240)


def test_workers_share_one_server_and_have_databases_of_their_own(inner_run):
    run, folder = inner_run
    assert both_started(folder)
    uris, names = zip(*[(folder / f"note{n}").read_text().split() for n in (1, 2)], strict=True)
    assert len(mongods_in(folder)) == 1
    assert uris[0] == uris[1]
    assert names[0] != names[1]
    (folder / "go").touch()
    assert run.wait(60) == 0
    assert servers_in(folder) == []
    assert not (folder / "base" / "keep_mongod" / "server").exists()


@pytest.mark.parametrize(
    ("server", "ending"),
    [("mongodb_uri", signal.SIGINT), ("mongodb_uri", signal.SIGKILL), ("amqp_uri", signal.SIGKILL)],
    indirect=["server"],
)
def test_the_server_is_gone_after_a_run_that_was_interrupted(inner_run, ending):
    run, folder = inner_run
    assert both_started(folder)
    if ending == signal.SIGINT:
        os.killpg(run.pid, ending)
    else:
        run.send_signal(ending)
        (folder / "go").touch()
    run.wait(60)
    assert wait_for(lambda: servers_in(folder) == [])
