"""The generated stack files: what faas-cli reads, what each process gets, and that a process lives with just that."""

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal

import httpx
import msgspec
import psutil
import pytest
import yaml
from msgspec import Struct

from freehold.catalogue import Catalogue
from freehold.edge.discovery import find_all
from freehold.settings import FunctionSettings, InvalidSettings, load, load_secrets, wants_traces
from infra.manifest.grouping import MOST_GROUPS
from infra.manifest.openfaas import BASE_SECRETS, ENVIRONMENT, OWN_ENVIRONMENT
from tests.api import PASSWORD
from tests.function_process import function_process, wait_for

ROOT = Path(__file__).parents[2]
FILES = {"standard": "openfaas.yml", "ce": "infra/openfaas/openfaas.ce.yml"}
DEPLOYER = {"FREEHOLD_ENVIRONMENT": "sandbox", "FREEHOLD_RELAY_URL": "https://relay.example.org"}
NAME = re.compile(r"^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$")
LABEL = re.compile(r"^[A-Za-z0-9]([A-Za-z0-9._-]{0,61}[A-Za-z0-9])?$")
MIB = 2**20
EACH_ALONE = """
import os, freehold.edge.server
from freehold.catalogue import Catalogue
from freehold.edge.discovery import find
for entry in Catalogue.load().functions:
    child = os.fork()
    if child == 0:
        find([entry.name])
        os._exit(0)
    if os.waitpid(child, 0)[1]:
        print(entry.name)
"""
"""Each function is imported in a fork of its own, of a process that has only what all of them share."""
_VARIABLE = re.compile(r"\$\{(\w+)(?::-([^}]*))?\}")


class Resources(Struct, forbid_unknown_fields=True):
    memory: str
    cpu: str


class Function(Struct, forbid_unknown_fields=True):
    """What faas-cli knows of a function; all values of the maps are texts."""

    lang: str
    image: str
    skip_build: Literal[True]
    environment: dict[str, str]
    secrets: list[str]
    labels: dict[str, str]
    annotations: dict[str, str]
    limits: Resources
    requests: Resources
    readonly_root_filesystem: Literal[True]


class Provider(Struct, forbid_unknown_fields=True):
    name: Literal["openfaas"]
    gateway: str


class Stack(Struct, forbid_unknown_fields=True):
    version: Literal["1.0"]
    provider: Provider
    functions: dict[str, Function]


def stack(profile: str) -> Stack:
    return msgspec.convert(yaml.safe_load((ROOT / FILES[profile]).read_text()), Stack)


def filled_in(environment: dict[str, str], deployer: dict[str, str]) -> dict[str, str]:
    """Fill in what stands in braces, as faas-cli does from the environment of who deploys."""
    return {
        key: _VARIABLE.sub(lambda match: deployer.get(match[1]) or match[2] or "", value) for key, value in environment.items()
    }


def only_these_secrets(function: Function, keys: Path, folder: Path) -> Path:
    """Give a folder with the secrets that the function lists, and no others."""
    for name in function.secrets:
        (folder / name).write_text((keys / name).read_text())
    return folder


def served(function: Function) -> list[str]:
    return function.environment["FUNCTION"].split(",")


def mebibytes(quantity: str) -> int:
    match = re.fullmatch(r"(\d+)Mi", quantity)
    assert match is not None, quantity
    return int(match[1])


@pytest.mark.parametrize("profile", FILES)
def test_every_function_is_served_by_the_process_that_the_catalogue_names(profile: Literal["standard", "ce"]):
    found = {name: process for process, function in stack(profile).functions.items() for name in served(function)}
    assert found == {entry.name: entry.deployed_as(profile) for entry in Catalogue.load().functions}
    assert sum(len(served(function)) for function in stack(profile).functions.values()) == len(found)


def test_the_community_edition_takes_all_of_the_groups():
    assert 1 < len(stack("ce").functions) <= MOST_GROUPS


@pytest.mark.parametrize("profile", FILES)
def test_names_and_labels_are_what_kubernetes_takes(profile: str):
    for name, function in stack(profile).functions.items():
        assert NAME.match(name), name
        assert all(LABEL.match(value) for value in function.labels.values()), function.labels


@pytest.mark.parametrize("profile", FILES)
def test_each_process_mounts_the_secrets_that_its_functions_declare_and_no_others(profile: str):
    declared = {item.name: {name.replace("_", "-") for name in item.secrets} for item in find_all()}
    for function in stack(profile).functions.values():
        own = {secret for name in served(function) for secret in declared[name]}
        assert len(function.secrets) == len(set(function.secrets))
        assert set(function.secrets) == {*BASE_SECRETS, *own}


def test_no_process_but_those_that_sign_people_in_holds_a_private_key():
    for profile in FILES:
        for name, function in stack(profile).functions.items():
            assert ("access-token-key" in function.secrets) == all(
                each in {"auth-login", "auth-register", "auth-refresh-token"} for each in served(function)
            ), name


@pytest.mark.parametrize("profile", FILES)
def test_each_process_is_scaled_within_what_it_keeps(profile: str):
    for function in stack(profile).functions.values():
        assert 1 <= int(function.labels["com.openfaas.scale.min"]) <= int(function.labels["com.openfaas.scale.max"])
        assert mebibytes(function.requests.memory) <= mebibytes(function.limits.memory)


def test_openfaas_standard_adds_a_process_before_one_is_full_and_asks_whether_it_is_ready():
    for function in stack("standard").functions.values():
        assert function.annotations["com.openfaas.health.http.path"] == "/_/health"
        assert function.annotations["com.openfaas.ready.http.path"] == "/_/ready"
        assert function.labels["com.openfaas.scale.type"] == "capacity"
        assert int(function.labels["com.openfaas.scale.target"]) < int(function.environment["FREEHOLD_CONCURRENCY_LIMIT"])


def test_the_community_profile_has_no_label_for_which_that_edition_refuses_a_function():
    for name, function in stack("ce").functions.items():
        scaling = {label for label in function.labels if label.startswith("com.openfaas.scale.")}
        assert scaling == {"com.openfaas.scale.min", "com.openfaas.scale.max", "com.openfaas.scale.factor"}, name
        assert int(function.labels["com.openfaas.scale.max"]) <= 5, name


@pytest.mark.parametrize("profile", FILES)
def test_each_process_is_found_by_a_prometheus_in_the_cluster(profile: str):
    for function in stack(profile).functions.values():
        scraped = {key: value for key, value in function.annotations.items() if key.startswith("prometheus.io")}
        assert scraped == {"prometheus.io.scrape": "true", "prometheus.io.port": "8080", "prometheus.io.path": "/_/metrics"}


@pytest.mark.parametrize("profile", FILES)
def test_each_process_can_start_from_just_its_environment_and_its_secrets(profile: str, keys: Path, tmp_path: Path):
    declarations = {item.name: item for item in find_all()}
    known = {f"FREEHOLD_{field.upper()}" for field in FunctionSettings.__struct_fields__}
    for name, function in stack(profile).functions.items():
        folder = tmp_path / name
        folder.mkdir()
        environment = filled_in(function.environment, DEPLOYER)
        assert {key for key in environment if not key.startswith("OTEL_")} - {"FUNCTION"} <= known
        assert not wants_traces(environment)
        assert wants_traces(
            filled_in(function.environment, DEPLOYER | {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://collector:4318"})
        )
        environ = {**environment, "FREEHOLD_SECRETS": str(only_these_secrets(function, keys, folder))}
        assert load(FunctionSettings, environ).environment == "sandbox"
        needed = {secret for each in served(function) for secret in declarations[each].secrets}
        assert set(load_secrets(needed, environ)) == needed


def test_a_deployment_that_says_nothing_is_for_production():
    assert filled_in(ENVIRONMENT, {})["FREEHOLD_ENVIRONMENT"] == "production"


def test_a_process_that_must_be_told_the_relays_address_does_not_start_without(keys: Path):
    function = stack("standard").functions["realtime-create-ticket"]
    environ = {**filled_in(function.environment, {"FREEHOLD_ENVIRONMENT": "sandbox"}), "FREEHOLD_SECRETS": str(keys)}
    with pytest.raises(InvalidSettings, match="FREEHOLD_RELAY_URL"):
        load(FunctionSettings, environ)


def test_exactly_the_functions_that_read_the_relays_address_are_told_it():
    readers = set()
    for item in find_all():
        file = ROOT / (item.module.replace(".", "/") + ".py")
        names = {node.attr for node in ast.walk(ast.parse(file.read_text())) if isinstance(node, ast.Attribute)}
        if "relay_url" in names:
            readers.add(item.name)
    assert readers == {name for name, environment in OWN_ENVIRONMENT.items() if "FREEHOLD_RELAY_URL" in environment}
    for function in stack("ce").functions.values():
        assert ("FREEHOLD_RELAY_URL" in function.environment) == bool(readers & set(served(function)))


def test_every_process_of_both_profiles_starts_with_just_what_its_file_gives_it(keys: Path, database: str, tmp_path: Path):
    every = [(profile, name, function) for profile in FILES for name, function in stack(profile).functions.items()]

    def start(place: tuple[str, str, Function]) -> None:
        profile, name, function = place
        folder = tmp_path / profile / name
        folder.mkdir(parents=True)
        with started(function, only_these_secrets(function, keys, folder), database) as (running, _):
            assert_fits(running, function)

    with ThreadPoolExecutor(max_workers=4) as together:
        assert len(list(together.map(start, every))) == len(every)


def test_each_function_can_be_the_only_one_that_a_process_imports():
    told = subprocess.run([sys.executable, "-c", EACH_ALONE], cwd=ROOT, capture_output=True, check=False, text=True)
    assert (told.returncode, told.stdout, told.stderr) == (0, "", "")


def test_a_process_that_signs_people_in_keeps_within_its_memory(keys: Path, database: str, tmp_path: Path):
    function = stack("ce").functions["auth"]
    with started(function, only_these_secrets(function, keys, tmp_path), database) as (running, port):
        register(port, people=4)
        assert_fits(running, function)


@contextmanager
def started(function: Function, secrets: Path, database: str) -> Iterator[tuple[subprocess.Popen[str], int]]:
    """Start a process with the function's environment and secrets; answer it when it is ready."""
    environment = filled_in(function.environment, DEPLOYER) | {"FREEHOLD_MONGODB_DATABASE": database}
    functions = environment.pop("FUNCTION")
    with function_process(secrets, database, functions, **environment) as (running, port):
        wait_for(port, "/_/ready", 200)
        yield running, port


def assert_fits(running: subprocess.Popen[str], function: Function) -> None:
    assert psutil.Process(running.pid).memory_info().rss < mebibytes(function.limits.memory) * MIB, function.environment


def register(port: int, *, people: int) -> None:
    for number in range(people):
        body: dict[str, Any] = {"email": f"stack{port}.{number}@example.org", "password": PASSWORD, "name": "Stack Test"}
        answer = httpx.post(f"http://127.0.0.1:{port}/api/auth/register", json={**body, "roles": ["employer"]}, timeout=30)
        assert answer.status_code == 201, answer.text
