"""Who may import whom is written in pyproject.toml and held by import-linter; here each contract is shown to break."""

import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import grimp
import pytest

from tests.architecture.sources import ROOMS, ROOT, sources

PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
CONTRACTS = {contract["id"]: contract for contract in PYPROJECT["tool"]["importlinter"]["contracts"]}
PLANTED = {
    "direction": ("freehold/ids.py", "import functions"),
    "library": ("freehold/documents/work.py", "import freehold.store"),
    "functions": ("functions/jobs/get_job.py", "import functions.jobs.list_jobs"),
    "circles": ("freehold/domain/money.py", "import freehold.domain.escrow"),
    "domain": ("freehold/domain/text.py", "import freehold.settings"),
    "connector": ("connector/lanes.py", "import freehold.store"),
    "scheduler": ("jobs_scheduler/sweeps.py", "import freehold.events"),
    "relay": ("realtime/hub.py", "import freehold.edge"),
    "front": ("gateway/local/page.py", "import freehold.store"),
    "mongodb": ("functions/jobs/create_job.py", "import pymongo"),
    "eventlet": ("freehold/health.py", "import eventlet"),
    "apscheduler": ("functions/jobs/expire_jobs.py", "import apscheduler"),
    "websockets": ("freehold/realtime_events.py", "import websockets"),
    "http": ("functions/jobs/list_jobs.py", "import starlette"),
    "http-client": ("freehold/payments/sandbox.py", "import httpx"),
    "passwords": ("functions/auth/login.py", "import argon2"),
    "tokens": ("functions/auth/register.py", "import jwt"),
    "telemetry": ("functions/jobs/get_job.py", "import prometheus_client"),
    "gateways": ("functions/projects/get_project.py", "import requests"),
    "stripe": ("freehold/payments/carrying.py", "import stripe"),
    "currencies": ("functions/escrow/deposit.py", "import iso4217"),
    "papers": ("functions/papers/render_invoice.py", "import weasyprint"),
    "vat-ids": ("functions/taxes/put_tax_profile.py", "import stdnum"),
    "exchange-rates": ("functions/fx/create_quote.py", "import currency_converter"),
    "pictures": ("functions/jobs/get_job.py", "import PIL"),
    "programs": ("freehold/logs.py", "import rich"),
    "engine": ("infra/local/parts.py", "import docker"),
}
EVERYWHERE = {"msgspec", "structlog"}
EXTRAS = {
    "connector": ("connector", "traces"),
    "jobs_scheduler": ("scheduler", "traces"),
    "realtime": ("relay", "traces"),
    "functions": ("functions", "papers", "traces"),
    "gateway": ("functions", "papers", "local", "traces"),
}
"""What an image installs that carries this room, beside the dependencies of the wheel."""
DISTRIBUTIONS = {
    "apimatic_core": "paypal-server-sdk",
    "argon2": "argon2-cffi",
    "bson": "pymongo",
    "cryptography": "pyjwt",
    "currency_converter": "currencyconverter",
    "jwt": "pyjwt",
    "PIL": "pillow",
    "opentelemetry": "opentelemetry-sdk",
    "paypalserversdk": "paypal-server-sdk",
    "prometheus_client": "prometheus-client",
    "stdnum": "python-stdnum",
}
"""What a library is installed by, where that has another name."""


@pytest.fixture(scope="module")
def graph() -> grimp.ImportGraph:
    return grimp.build_graph(*ROOMS, include_external_packages=True, cache_dir=None)


def third_party(modules: set[str]) -> set[str]:
    outside = {module.partition(".")[0] for module in modules}
    return outside - set(ROOMS) - set(sys.stdlib_module_names)


def installed_by(extra: str) -> set[str]:
    project = PYPROJECT["project"]
    wanted = [*project["dependencies"], *project["optional-dependencies"][extra]]
    return {re.split(r"[^A-Za-z0-9_.-]", line)[0].lower() for line in wanted}


def test_every_contract_breaks_where_it_is_broken(tmp_path: Path):
    for room in ROOMS:
        shutil.copytree(ROOT / room, tmp_path / room, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    for file, line in PLANTED.values():
        with (tmp_path / file).open("a", encoding="utf-8") as planted:
            planted.write(f"\n{line}\n")
    command = [str(Path(sys.executable).with_name("lint-imports")), "--no-cache", "--no-logo"]
    ran = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False)
    said = " ".join(ran.stdout.split())
    assert set(PLANTED) == set(CONTRACTS)
    assert [name for name in CONTRACTS if f"{CONTRACTS[name]['name']} BROKEN" not in said] == []
    assert ran.returncode == 1


def test_every_library_has_a_home_or_is_welcome_everywhere(graph):
    used = third_party({module for module in graph.modules if graph.is_module_squashed(module)})
    at_home = {module for contract in CONTRACTS.values() for module in contract.get("protected_modules", ())}
    assert used - at_home == EVERYWHERE
    assert at_home <= used, "a home for a library that nobody uses"


@pytest.mark.parametrize("room", EXTRAS)
def test_an_image_installs_all_that_its_room_needs(graph, room):
    needed = third_party(graph.find_upstream_modules(room, as_package=True))
    provided = set.union(*(installed_by(extra) for extra in EXTRAS[room]))
    assert {DISTRIBUTIONS.get(name, name) for name in needed} - provided == set()


def test_the_bootstrap_needs_nothing_that_it_has_not_installed_yet():
    (bootstrap,) = [source for source in sources("infra") if source.path == "infra/bootstrap.py"]
    assert {module.partition(".")[0] for _, module in bootstrap.imports()} - set(sys.stdlib_module_names) == set()
