"""What Freehold's own parts need: each function served once, settings, secrets, times that fit, a folder to write in."""

import re
import tempfile
from collections.abc import Iterator
from pathlib import Path as File
from typing import Final
from urllib.parse import urlsplit

import msgspec

from freehold.catalogue import Catalogue, FunctionEntry
from freehold.settings import DEFAULT_SECRETS, FunctionSettings, InvalidSettings, load
from infra.deploy_check.deployment import Deployment
from infra.deploy_check.findings import Finding, fault, warning
from infra.deploy_check.stack import Function, Stack
from infra.keys import names_of_secrets
from infra.manifest.openfaas import BASE_SECRETS, OWN_ENVIRONMENT

MADE_BY_HAND: Final = ("mongodb-uri", "amqp-uri")
"""Secrets that no command of ours makes: addresses with passwords in them."""
PORT: Final = 8080
"""OpenFaaS calls this port, and no other."""
GRACE_S: Final = 30.0
"""How long Kubernetes and faasd wait after SIGTERM before they kill."""
WRITABLE: Final = "/tmp"  # noqa: S108 - the one folder that OpenFaaS mounts over a read-only root
_PLACES: Final = ("TMPDIR", "PROMETHEUS_MULTIPROC_DIR", "HOME", "XDG_CACHE_HOME", "PYTHONPYCACHEPREFIX")
_WATCHDOG: Final = ("fprocess", "read_timeout", "exec_timeout", "max_inflight", "mode", "upstream_url")


def served(stack: Stack, _: Deployment) -> Iterator[Finding]:
    """Judge whether every function of the catalogue is served by one process, the one that the doors call."""
    entries = {entry.name: entry for entry in Catalogue.load().functions}
    seen: dict[str, str] = {}
    for function in stack.functions:
        path = (*function.path, "environment", "FUNCTION")
        if not function.serves:
            yield fault(path, "The process is told no function to serve.", "Name them, with commas between.")
        for name in function.serves:
            if name not in entries:
                yield fault(path, f"There is no function {name!r}.", "Its names stand in freehold/catalogue.json.")
            elif name in seen:
                yield fault(
                    path, f"{name} is served by {seen[name]} already.", "Serve it once, so that its callers meet one limit."
                )
            seen.setdefault(name, function.name)
        known = [entries[name] for name in function.serves if name in entries]
        yield from _called_by_another_name(function, known)
    if len(stack.functions) == stack.count:
        for name in sorted(set(entries) - set(seen)):
            yield fault(("functions",), f"No process serves {name}.", "Make the file with `python -m infra.manifest`.")


def _called_by_another_name(function: Function, entries: list[FunctionEntry]) -> Iterator[Finding]:
    for entry in entries:
        if function.name not in {entry.name, entry.group}:
            yield fault(
                function.path,
                f"The doors call {entry.name} as {entry.name} or {entry.group}, never as {function.name}.",
                "Give the process the name that the catalogue says.",
            )


def secrets(stack: Stack, deployment: Deployment) -> Iterator[Finding]:
    """Judge whether each process mounts what its functions need, and nothing else."""
    entries = {entry.name: entry for entry in Catalogue.load().functions}
    made = {*names_of_secrets(), *MADE_BY_HAND, *deployment.own_secrets}
    for function in stack.functions:
        path = (*function.path, "secrets")
        own = {name.replace("_", "-") for each in function.serves if each in entries for name in entries[each].secrets}
        needed = {*BASE_SECRETS, *own}
        for name in sorted(needed - set(function.secrets)):
            yield fault(path, f"{name} is missing; the process does not start without it.", f"Add {name}.")
        for name in sorted(set(function.secrets) - needed - deployment.own_secrets):
            if name not in made:
                yield fault(
                    path,
                    f"Nobody makes the secret {name!r}; OpenFaaS refuses the function.",
                    f"Remove it, or say --secret {name}.",
                )
            else:
                yield fault(path, f"{name} is mounted without need.", "Remove it: who breaks into this process would have it.")


def settings(stack: Stack, _: Deployment) -> Iterator[Finding]:
    """Say what each process would say of its settings when it starts."""
    known = {f"FREEHOLD_{field.name.upper()}" for field in msgspec.structs.fields(FunctionSettings)}
    with tempfile.TemporaryDirectory() as folder:
        for name in BASE_SECRETS:
            (File(folder) / name).write_text("a secret for the check", encoding="utf-8")
        for function in stack.functions:
            path = (*function.path, "environment")
            environ = {**function.environment, "FREEHOLD_SECRETS": folder}
            try:
                yield from _sound_but_odd(function, load(FunctionSettings, environ))
            except InvalidSettings as error:
                for line in str(error).splitlines():
                    yield fault(path, f"The process would not start: {line}.", "docs/operations.md lists the settings.")
            for name in function.environment:
                if name.startswith("FREEHOLD_") and name not in known:
                    yield _unknown(function, name)


def _unknown(function: Function, name: str) -> Finding:
    path = (*function.path, "environment", name)
    if name == "FREEHOLD_SECRETS" and function.environment[name] != DEFAULT_SECRETS:
        return fault(path, f"OpenFaaS mounts secrets at {DEFAULT_SECRETS}.", "Leave it out.")
    return warning(path, "No process that serves functions has such a setting.", "Leave it out, or look for a slip of the pen.")


def _sound_but_odd(function: Function, found: FunctionSettings) -> Iterator[Finding]:
    environment = (*function.path, "environment")
    if found.port != PORT:
        yield fault((*environment, "FREEHOLD_PORT"), "OpenFaaS calls the port 8080.", "Leave it out.")
    if found.environment != "production":
        yield warning((*environment, "FREEHOLD_ENVIRONMENT"), "It takes development keys and sandbox money.", "Say production.")
    for name in (name for name in _WATCHDOG if name in function.environment):
        yield warning((*environment, name), "It is for OpenFaaS's watchdog, which this image does not have.", "Leave it out.")


def relay(stack: Stack, _: Deployment) -> Iterator[Finding]:
    """Judge whether clients are told where the sockets are, and can get there."""
    for function in stack.functions:
        path = (*function.path, "environment", "FREEHOLD_RELAY_URL")
        if not any("FREEHOLD_RELAY_URL" in OWN_ENVIRONMENT.get(name, {}) for name in function.serves):
            continue
        address = function.environment.get("FREEHOLD_RELAY_URL", "")
        production = function.environment.get("FREEHOLD_ENVIRONMENT") == "production"
        if "FREEHOLD_RELAY_URL" not in function.environment:
            yield fault(path, "Clients would be sent to a socket on their own machine.", "Add FREEHOLD_RELAY_URL.")
        elif production and (urlsplit(address).hostname or "").startswith(("localhost", "127.", "0.0.0.0", "::1")):  # noqa: S104
            yield fault(path, f"No client reaches {address}.", "Give the address that browsers use.")
        elif production and address.startswith("http://"):
            yield warning(path, "Tickets would travel in the clear.", "Put TLS before the relay and say https://.")


def times(stack: Stack, deployment: Deployment) -> Iterator[Finding]:
    """Judge times: who waits, waits longer than who works; and a process has drained before it is killed."""
    margin = {entry.name: entry.timeout_s for entry in Catalogue.load().functions}
    for function in stack.functions:
        environment = (*function.path, "environment")
        works_s, commits_s = (_seconds(function, name) for name in ("request_timeout_s", "transaction_deadline_s"))
        drains_s = _seconds(function, "drain_delay_s") + _seconds(function, "drain_timeout_s")
        waits_s = min((margin[name] for name in function.serves if name in margin), default=works_s + 1)
        if works_s >= waits_s:
            yield fault(
                (*environment, "FREEHOLD_REQUEST_TIMEOUT_S"),
                f"The function works for up to {works_s:g} s, and the doors wait for {waits_s:g} s.",
                "Shorten it: a door must hear the function's own answer.",
            )
        if waits_s >= deployment.upstream_timeout_s:
            yield fault(
                function.path,
                f"The doors wait for {waits_s:g} s, and OpenFaaS's gateway for {deployment.upstream_timeout_s:g} s.",
                "Raise upstream_timeout of the gateway (and its read_timeout and write_timeout above that).",
            )
        if commits_s >= works_s:
            yield fault((*environment, "FREEHOLD_TRANSACTION_DEADLINE_S"), "A transaction may outlive its call.", "Shorten it.")
        if drains_s >= GRACE_S:
            yield fault(
                (*environment, "FREEHOLD_DRAIN_TIMEOUT_S"),
                f"The process takes {drains_s:g} s to end, and is killed {GRACE_S:g} s after SIGTERM.",
                "Shorten it.",
            )


def _seconds(function: Function, field: str) -> float:
    """Read a time as the process would; its default when it is missing or nonsense (`settings` tells that)."""
    default = next((each.default for each in msgspec.structs.fields(FunctionSettings) if each.name == field), 0.0)
    text = function.environment.get(f"FREEHOLD_{field.upper()}", "")
    return float(text) if re.fullmatch(r"[0-9]+(\.[0-9]+)?", text) else float(default)


def disk(stack: Stack, _: Deployment) -> Iterator[Finding]:
    """Judge the disk: a read-only root, with everything that is written below the one folder that is not."""
    for function in stack.functions:
        if not function.readonly_root_filesystem:
            yield warning(
                (*function.path, "readonly_root_filesystem"), "Who breaks in could write into the image's files.", "Say true."
            )
            continue
        for name in _PLACES:
            place = function.environment.get(name, WRITABLE)
            if place != WRITABLE and not place.startswith(f"{WRITABLE}/"):
                yield fault(
                    (*function.path, "environment", name),
                    f"{place} cannot be written: the root is read-only.",
                    f"Use {WRITABLE}/...",
                )
