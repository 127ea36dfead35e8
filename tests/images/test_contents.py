"""What is in an image, and what is not: asked of each one with its own Python."""

import json
import re
import subprocess

import pytest

from infra.images.build import TARGETS, bill_of_materials
from tests.architecture.sources import ROOT

NOT_IN_AN_IMAGE = (
    "gcc", "cc", "c++", "make", "ld", "as", "git", "pip", "pip3", "uv", "apt", "apt-get", "dpkg", "perl", "curl", "wget",
)  # fmt: skip
LOOK = """
import importlib.metadata, importlib.util, json, os, pathlib, re, shutil
own = [pathlib.Path("/opt/freehold/lib"), pathlib.Path("/srv/freehold")]
sources = [file for place in own for file in place.rglob("*.py")]
found = [(str(file), pathlib.Path(importlib.util.cache_from_source(str(file)))) for file in sources]
print(json.dumps({
    "tools": [name for name in %(tools)r if shutil.which(name)],
    "modules": [name for name in ("pip", "ensurepip", "setuptools", "eventlet") if importlib.util.find_spec(name)],
    "lists": os.listdir("/var/lib/apt/lists") if os.path.exists("/var/lib/apt/lists") else [],
    "setuid": [str(p) for p in pathlib.Path("/usr").rglob("*") if p.is_file() and p.stat().st_mode & 0o6000],
    "writable": [str(p) for p in own if os.access(p, os.W_OK)],
    "uncompiled": [name for name, compiled in found if not compiled.exists()],
    "compared": [name for name, compiled in found if compiled.exists() and compiled.read_bytes()[4:8] != b"\\1\\0\\0\\0"],
    "installed": sorted({f"{re.sub('[-_.]+', '-', d.name.lower())}=={d.version}" for d in importlib.metadata.distributions()}),
    "rooms": sorted(os.listdir("/srv/freehold")),
}))
"""
ROOMS = {
    "functions": {"functions"},
    "relay": {"realtime"},
    "connector": {"connector"},
    "scheduler": {"jobs_scheduler"},
    "gateway-telemetry": {"gateway"},
    "setup": {"functions", "infra"},
}
"""What an image carries beside the library; `gateway` has no Python, and is asked with its shell."""


def normal(name: str) -> str:
    """Write a distribution's name in the one form that all its spellings share."""
    return re.sub("[-_.]+", "-", name.lower())


@pytest.fixture(scope="module")
def look(engine, images):
    """Look into an image, once for all tests."""
    seen: dict[str, dict] = {}

    def look(target: str) -> dict:
        if target not in seen:
            code = LOOK % {"tools": NOT_IN_AN_IMAGE}
            printed = engine.containers.run(
                images[target], ["python", "-c", code], remove=True, read_only=True, network_mode="none"
            )
            seen[target] = json.loads(printed)
        return seen[target]

    return look


@pytest.mark.parametrize("target", ROOMS)
def test_there_are_no_tools_for_building_and_nothing_to_write_to(look, target):
    found = look(target)
    assert [found[what] for what in ("tools", "lists", "setuid", "writable")] == [[], [], [], []]
    assert set(found["modules"]) == ({"eventlet"} if target == "connector" else set())


@pytest.mark.parametrize("target", ROOMS)
def test_everything_is_compiled_and_never_compared_with_its_source(look, target):
    assert (look(target)["uncompiled"], look(target)["compared"]) == ([], [])


@pytest.mark.parametrize("target", ROOMS)
def test_an_image_carries_the_library_and_its_own_room(look, target):
    found = set(look(target)["rooms"])
    assert {"freehold", "probe.py"} <= found
    assert found & set.union(*ROOMS.values()) == ROOMS[target]


@pytest.mark.parametrize("target", ROOMS)
def test_the_bill_of_materials_lists_exactly_what_is_installed(engine, images, look, target):
    bill = json.loads(bill_of_materials(engine, images[target]))
    listed = [bill["metadata"]["component"], *bill["components"]]
    assert sorted(f"{normal(item['name'])}=={item['version']}" for item in listed) == look(target)["installed"]


@pytest.mark.parametrize("target", ROOMS)
def test_what_is_installed_is_what_the_lock_file_pins(look, target):
    pins = re.findall(r"^([a-z0-9._-]+)==([^\s;]+)", (ROOT / "requirements.lock").read_text(), re.MULTILINE)
    pinned = {f"{normal(name)}=={version}" for name, version in pins}
    assert set(look(target)["installed"]) - pinned == {"freehold==0.1.0"}


def test_every_image_says_what_it_is(engine, images):
    for target in TARGETS:
        config = engine.images.get(images[target]).attrs["Config"]
        labels = {key.removeprefix("org.opencontainers.image."): text for key, text in config["Labels"].items()}
        assert (labels["licenses"], labels["version"]) == ("Apache-2.0", "0.1.0")
        subprocess.run(["git", "merge-base", "--is-ancestor", labels["revision"], "HEAD"], cwd=ROOT, check=True)
        assert labels["source"].startswith("https://")
        assert re.fullmatch(r"[1-9][0-9]*:[1-9][0-9]*", config["User"])
        assert config["StopSignal"] == ("SIGQUIT" if target == "gateway" else "SIGTERM")
        assert config["Healthcheck"]["Test"][0] == ("NONE" if target == "setup" else "CMD")


def test_the_gateway_has_no_tools_and_no_bits_that_make_root(engine, images):
    look = f"for tool in {' '.join(NOT_IN_AN_IMAGE)}; do command -v $tool; done; find / -xdev -perm /6000 -type f; id -u"
    printed = engine.containers.run(images["gateway"], ["sh", "-c", look], remove=True, read_only=True, network_mode="none")
    assert printed.decode().split() == ["10001"]
