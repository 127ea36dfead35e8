"""The limits of an edition of OpenFaaS, and what does nothing there."""

import ipaddress
import re
from collections.abc import Iterator
from typing import Final

from infra.deploy_check.deployment import UNUSED_ON_FAASD, Deployment
from infra.deploy_check.findings import Finding, fault, warning
from infra.deploy_check.stack import Function, Stack, whole_number

NAMESPACE: Final = "openfaas-fn"
ZERO: Final = "com.openfaas.scale.zero"
SCALE_TYPES: Final = ("capacity", "rps", "cpu")
_BOUNDS: Final = {"min": (1, 1_000), "max": (1, 1_000), "target": (1, 1_000_000), "factor": (0, 100)}
_PROBES: Final = ("com.openfaas.health.http.", "com.openfaas.ready.http.")
_CLOUD_ANNOTATIONS: Final = ("amazonaws.com", "gke.io")
_REFERENCE: Final = re.compile(
    r"(?P<host>(?=[^/]*[.:])[A-Za-z0-9.-]+(:[0-9]+)?/|localhost(:[0-9]+)?/)?"
    r"[a-z0-9]+([._-]+[a-z0-9]+)*(/[a-z0-9]+([._-]+[a-z0-9]+)*)*"
    r"(?P<tag>:[A-Za-z0-9_][A-Za-z0-9_.-]{0,127})?(?P<digest>@sha256:[0-9a-f]{64})?"
)


def count(stack: Stack, deployment: Deployment) -> Iterator[Finding]:
    """Judge how many functions there are."""
    edition = deployment.edition
    if stack.count > edition.functions:
        yield fault(
            ("functions",),
            f"{edition.title} takes {edition.functions} functions, and here are {stack.count}.",
            "Deploy infra/openfaas/openfaas.ce.yml, which holds the same in groups, or take another edition.",
        )
    elif edition.name == "faasd-edge":
        yield warning(
            ("functions",),
            f"The licence must allow {stack.count} functions.",
            "Compare it with yours: it names a number up to 250.",
        )


def labels(stack: Stack, deployment: Deployment) -> Iterator[Finding]:
    """Judge scaling labels: their values, those that the edition refuses, and those that do nothing there."""
    for function in stack.functions:
        yield from _values(function)
        yield from _refused(function, deployment)
        for label in deployment.edition.idle:
            if label in function.labels:
                yield warning(
                    (*function.path, "labels", label), f"It does nothing in {deployment.edition.title}.", "Leave it out."
                )


def _values(function: Function) -> Iterator[Finding]:
    prefix = "com.openfaas.scale."
    for name, (least, most) in _BOUNDS.items():
        text = function.labels.get(prefix + name)
        number = whole_number(text or "")
        if text is not None and (number is None or not least <= number <= most):
            yield fault(
                (*function.path, "labels", prefix + name), f"{text!r} is none of {least} to {most}.", "Write a whole number."
            )
    if function.replicas("min", 1) > function.replicas("max", 1_000):
        yield fault((*function.path, "labels", f"{prefix}max"), "It is less than com.openfaas.scale.min.", "Raise it.")
    kind = function.labels.get(f"{prefix}type")
    if kind is not None and kind not in SCALE_TYPES:
        yield fault(
            (*function.path, "labels", f"{prefix}type"), f"{kind!r} is no way to scale.", f"One of {', '.join(SCALE_TYPES)}."
        )


def _refused(function: Function, deployment: Deployment) -> Iterator[Finding]:
    edition = deployment.edition
    refused = [label for label in edition.refused if label in function.labels]
    if edition.name == "ce" and function.labels.get(ZERO) == "true":
        refused.append(ZERO)
    for label in refused:
        yield fault((*function.path, "labels", label), f"{edition.title} refuses a function with this label.", "Leave it out.")
    if edition.replicas is None or not edition.kubernetes:
        return
    for bound in ("min", "max"):
        if function.replicas(bound, 1) > edition.replicas:
            path = (*function.path, "labels", f"com.openfaas.scale.{bound}")
            yield fault(path, f"{edition.title} refuses more than {edition.replicas}.", f"Write '{edition.replicas}'.")


def scaled_to_zero(stack: Stack, deployment: Deployment) -> Iterator[Finding]:
    """Warn of functions that sleep: they answer their next caller late."""
    for function in stack.functions:
        if function.labels.get(ZERO) == "true" and deployment.edition.name in {"standard", "faasd-edge"}:
            yield warning(
                (*function.path, "labels", ZERO),
                "Whoever calls it first waits for a process to start and to reach the database.",
                "Leave it out for what people wait for; a sweep is called too often to sleep.",
            )


def replicas(stack: Stack, deployment: Deployment) -> Iterator[Finding]:
    """Warn of more than one process where there is one."""
    if deployment.edition.kubernetes:
        return
    for function in stack.functions:
        if function.replicas("min", 1) > 1:
            yield warning(
                (*function.path, "labels", UNUSED_ON_FAASD[0]), f"{deployment.edition.title} runs one process.", "Expect one."
            )


def annotations(stack: Stack, deployment: Deployment) -> Iterator[Finding]:
    """Judge annotations: those that the edition refuses, or does not look at."""
    edition = deployment.edition
    for function in stack.functions:
        for key, value in function.annotations.items():
            path = (*function.path, "annotations", key)
            if edition.name == "ce" and any(part in key for part in _CLOUD_ANNOTATIONS):
                yield fault(path, f"{edition.title} refuses a function with this annotation.", "Leave it out.")
            if edition.name == "ce" and key == "topic" and "," in value:
                yield fault(path, f"{edition.title} takes one topic.", "Write one.")
            if key.startswith(_PROBES) and not edition.asks_readiness:
                yield warning(
                    path, f"{edition.title} does not look at it.", "Leave it out; /_/health is what it asks, if anything."
                )


def images(stack: Stack, deployment: Deployment) -> Iterator[Finding]:
    """Judge the reference of the image, and whether the edition can pull it."""
    for function in stack.functions:
        path = (*function.path, "image")
        match = _REFERENCE.fullmatch(function.image)
        if match is None:
            yield fault(path, f"{function.image[:80]!r} is no reference of an image.", "Write registry.example.org/name:tag.")
            continue
        if not match["digest"] and (match["tag"] or ":latest") == ":latest":
            yield warning(
                path, "The tag latest moves: two processes may run two versions, and there is no way back.", "Name a version."
            )
        host = (match["host"] or "docker.io/").rstrip("/")
        if deployment.edition.public_images_only and _is_private(host):
            yield fault(
                path,
                f"{deployment.edition.title} pulls public images only, and {host} is not public.",
                "Push it to a public registry.",
            )


def _is_private(host: str) -> bool:
    name = host.rpartition(":")[0] or host
    try:
        return ipaddress.ip_address(name).is_private
    except ValueError:
        return "." not in name or name.endswith((".local", ".internal", ".lan", ".svc", ".localhost"))


def what_is_ignored(stack: Stack, deployment: Deployment) -> Iterator[Finding]:
    """Judge fields that mean nothing in an edition."""
    for function in stack.functions:
        if function.namespace not in {"", NAMESPACE} and deployment.edition.name in {"ce", "faasd-ce", "standard"}:
            yield fault(
                (*function.path, "namespace"), f"{deployment.edition.title} has the namespace {NAMESPACE}.", "Leave it out."
            )
        if function.constraints and deployment.edition.name != "standard":
            yield warning((*function.path, "constraints"), f"{deployment.edition.title} does not look at it.", "Leave it out.")
    if not deployment.edition.kubernetes:
        yield warning(
            ("functions",),
            "faasd enforces limits.memory; it looks at no CPU limit, no requests and no readonly_root_filesystem.",
            "Size the machine for all processes together, and trust the image: it runs as a user who owns nothing in it.",
        )
