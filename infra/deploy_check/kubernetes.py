"""What Kubernetes and containerd take: names, labels, annotations, variables, quantities."""

import re
from collections.abc import Iterator
from decimal import Decimal
from typing import Final

import msgspec

from freehold.settings import ConnectorSettings, FunctionSettings, RelaySettings, SchedulerSettings
from infra.deploy_check.deployment import Deployment
from infra.deploy_check.findings import Finding, Path, fault
from infra.deploy_check.stack import Function, Stack

LONGEST_NAME: Final = 63
LONGEST_PREFIX: Final = 253
ANNOTATIONS_BYTES: Final = 262_144
CONTAINERD_LABEL_BYTES: Final = 4_096
_NAME: Final = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?")
_CONTAINER: Final = re.compile(r"[A-Za-z0-9]+([._-][A-Za-z0-9]+)*")
_KEY: Final = re.compile(r"[A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?")
_SUBDOMAIN: Final = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*")
_VARIABLE: Final = re.compile(r"[-._a-zA-Z][-._a-zA-Z0-9]*")
_QUANTITY: Final = re.compile(
    r"(?P<number>[0-9]{1,18}(\.[0-9]{0,9})?|\.[0-9]{1,9})(?P<unit>m|[kMGTPE]|[KMGTPE]i|[eE][-+]?[0-9]{1,2})?"
)
_THOUSANDS: Final = "kMGTPE"
RESERVED_LABELS: Final = ("faas_function", "uid")
_SETTINGS: Final = (FunctionSettings, ConnectorSettings, SchedulerSettings, RelaySettings)


def quantity(text: str) -> Decimal | None:
    """Read a quantity of Kubernetes as a plain number (bytes, or cores); None when it is none."""
    match = _QUANTITY.fullmatch(text)
    if match is None:
        return None
    number, unit = Decimal(match["number"]), match["unit"] or ""
    if unit == "m":
        return number / 1000
    if unit.endswith("i"):
        return number * Decimal(1024) ** (_THOUSANDS.index(unit[0].replace("K", "k")) + 1)
    if len(unit) > 1:
        return Decimal(match["number"] + unit)
    return number * Decimal(1000) ** (_THOUSANDS.index(unit) + 1) if unit else number


def names(stack: Stack, deployment: Deployment) -> Iterator[Finding]:
    """Judge names of functions and secrets."""
    for function in stack.functions:
        if not _NAME.fullmatch(function.name) or len(function.name) > LONGEST_NAME:
            yield fault(
                function.path,
                f"{function.name!r} is no name for a function.",
                f"At most {LONGEST_NAME} of a-z, 0-9 and -, with a letter or digit at both ends.",
            )
        elif not deployment.edition.kubernetes and not _CONTAINER.fullmatch(function.name):
            yield fault(function.path, "containerd takes no name with two separators in a row.", "Use single dashes.")
        yield from _hidden_setting(function)
        for secret in function.secrets:
            if not _SUBDOMAIN.fullmatch(secret) or len(secret) > LONGEST_PREFIX:
                yield fault((*function.path, "secrets"), f"{secret!r} is no name for a secret.", "Use a-z, 0-9, - and dots.")


def _hidden_setting(function: Function) -> Iterator[Finding]:
    """Find a name whose Service would set one of our settings: Kubernetes gives every pod NAME_PORT=tcp://..."""
    injected = f"{function.name.upper().replace('-', '_')}_PORT"
    settings = {f"FREEHOLD_{field.name.upper()}" for kind in _SETTINGS for field in msgspec.structs.fields(kind)}
    if injected in settings:
        yield fault(
            function.path,
            f"Kubernetes gives every pod the variable {injected} of a Service with this name, and it is a setting of ours.",
            "Choose another name.",
        )


def labels_and_annotations(stack: Stack, deployment: Deployment) -> Iterator[Finding]:
    """Judge keys and values of labels and annotations, and find those that OpenFaaS writes itself."""
    for function in stack.functions:
        for key, value in function.labels.items():
            path = (*function.path, "labels", key)
            yield from _key(path, key)
            if value and (not _KEY.fullmatch(value) or len(value) > LONGEST_NAME):
                yield fault(
                    path,
                    f"{value[:80]!r} is no value of a label.",
                    f"At most {LONGEST_NAME} of A-Z, a-z, 0-9, - _ and dots, with a letter or digit at both ends.",
                )
            if key in RESERVED_LABELS or key.startswith("com.openfaas.annotations."):
                yield fault(path, "OpenFaaS writes this label itself.", "Remove it.")
        for key in function.annotations:
            yield from _key((*function.path, "annotations", key), key)
        yield from _sizes(function, deployment)


def _key(path: Path, key: str) -> Iterator[Finding]:
    prefix, slash, name = key.rpartition("/")
    sound = _KEY.fullmatch(name) and len(name) <= LONGEST_NAME
    if slash:
        sound = sound and _SUBDOMAIN.fullmatch(prefix) and len(prefix) <= LONGEST_PREFIX
    if not sound:
        yield fault(path, f"{key[:80]!r} is no key of a label or annotation.", "Write name, or example.org/name.")


def _sizes(function: Function, deployment: Deployment) -> Iterator[Finding]:
    path = (*function.path, "annotations")
    pairs = [len(key.encode()) + len(value.encode()) for key, value in function.annotations.items()]
    if sum(pairs) > ANNOTATIONS_BYTES:
        yield fault(path, f"Together they are larger than {ANNOTATIONS_BYTES:,} bytes.", "Shorten them.")
    longest = CONTAINERD_LABEL_BYTES - len("com.openfaas.annotations.")
    if not deployment.edition.kubernetes and any(size > longest for size in pairs):
        yield fault(path, f"One is longer than {longest:,} bytes; faasd keeps it as a label of containerd.", "Shorten it.")


def variables(stack: Stack, _: Deployment) -> Iterator[Finding]:
    """Judge names of environment variables."""
    for function in stack.functions:
        for name in function.environment:
            if not _VARIABLE.fullmatch(name):
                yield fault((*function.path, "environment", name), f"{name!r} is no name of a variable.", "Use A-Z, 0-9 and _.")


def quantities(stack: Stack, _: Deployment) -> Iterator[Finding]:
    """Judge memory and CPU: that they are said, are quantities, and that no more is kept than may be taken."""
    for function in stack.functions:
        for resource in ("memory", "cpu"):
            most, kept = (getattr(part, resource) for part in (function.limits, function.requests))
            yield from _quantity((*function.path, "limits", resource), most)
            yield from _quantity((*function.path, "requests", resource), kept)
            limit, request = quantity(most), quantity(kept)
            if limit is not None and request is not None and request > limit:
                yield fault(
                    (*function.path, "requests", resource), f"{kept} is kept, and only {most} may be taken.", "Raise the limit."
                )


def _quantity(path: Path, text: str) -> Iterator[Finding]:
    if not text:
        yield fault(path, "This is missing.", "Say it, so that one function cannot starve the others.")
    elif not quantity(text):
        yield fault(path, f"{text!r} is no quantity above zero.", "Write 128Mi of memory, 500m or 0.5 of CPU.")
