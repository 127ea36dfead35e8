"""The images' health check, run as an image runs it."""

import subprocess
import sys

from freehold.health import serve_health
from infra.local.ports import free_port
from tests.function_process import ROOT

PROBE = ROOT / "infra" / "images" / "probe.py"


def probe(*arguments: str, **environ: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-I", "-S", str(PROBE), *arguments],
        env=environ,
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )


def test_it_says_what_the_process_says():
    server = serve_health(0, lambda: {"database": False})
    try:
        port = str(server.port)
        assert probe("PORT_HERE", "9", PORT_HERE=port).returncode == 0
        assert probe("PORT_HERE", port).returncode == 0
        assert probe("PORT_HERE", port, "/_/ready").returncode == 1
    finally:
        server.close()


def test_a_process_that_does_not_answer_is_not_well():
    asked = probe("PORT_HERE", str(free_port()))
    assert (asked.returncode, "no answer" in asked.stderr) == (1, True)
