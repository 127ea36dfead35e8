"""What all processes take together: memory, CPU, and connections to the database, against a machine and an Atlas tier."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Final

import msgspec
from msgspec import Struct

from freehold.settings import FunctionSettings
from infra.deploy_check.deployment import ATLAS_RESERVED, ATLAS_TIERS, Deployment
from infra.deploy_check.findings import Finding, fault, warning
from infra.deploy_check.kubernetes import quantity
from infra.deploy_check.stack import Function, Stack, whole_number

MONITORS: Final = 1
"""Connections that a process keeps to each node to watch it (`serverMonitoringMode=poll`)."""
CONNECTIONS_OF_DOORS: Final = 60
"""One connector (40 and its monitor) and one relay (16 and its monitor), rounded up."""
LEAST_MEMORY: Final = Decimal(96 * 1024**2)
"""A process has about 65 MiB once it is ready, and needs room for the calls it answers."""
MIB: Final = 1024**2


class Sums(Struct, frozen=True, kw_only=True):
    """For all processes together, with as many replicas as `com.openfaas.scale.min` and `.max` say."""

    processes_least: int
    processes_most: int
    connections_least: int
    connections_most: int
    kept_memory_mib: int
    limit_memory_mib: int
    kept_cpu: Decimal
    limit_cpu: Decimal


def sums_of(stack: Stack, deployment: Deployment) -> Sums:
    """Add up what the functions ask for."""
    replicas = {function.name: _replicas(function, deployment) for function in stack.functions}
    least = [(function, replicas[function.name][0]) for function in stack.functions]
    most = [(function, replicas[function.name][1]) for function in stack.functions]
    return Sums(
        processes_least=sum(number for _, number in least),
        processes_most=sum(number for _, number in most),
        connections_least=sum(number * connections(function) for function, number in least),
        connections_most=sum(number * connections(function) for function, number in most),
        kept_memory_mib=int(sum((number * _of(function.requests.memory) for function, number in least), Decimal(0)) / MIB),
        limit_memory_mib=int(sum((number * _of(function.limits.memory) for function, number in least), Decimal(0)) / MIB),
        kept_cpu=sum((number * _of(function.requests.cpu) for function, number in least), Decimal(0)),
        limit_cpu=sum((number * _of(function.limits.cpu) for function, number in least), Decimal(0)),
    )


def connections(function: Function) -> int:
    """How many connections one process holds to the primary at most: one per call that it takes, and its monitor."""
    (default,) = (field.default for field in msgspec.structs.fields(FunctionSettings) if field.name == "concurrency_limit")
    found = whole_number(function.environment.get("FREEHOLD_CONCURRENCY_LIMIT", ""))
    return (int(default) if found is None else found) + MONITORS


def memory(stack: Stack, _: Deployment) -> Iterator[Finding]:
    """Judge whether a process fits into its memory."""
    for function in stack.functions:
        limit = quantity(function.limits.memory)
        if limit and limit < LEAST_MEMORY:
            yield fault(
                (*function.path, "limits", "memory"),
                f"A process needs {LEAST_MEMORY / MIB:g}Mi: it would be killed under load, or at its start.",
                "Raise it.",
            )


def database(stack: Stack, deployment: Deployment) -> Iterator[Finding]:
    """Judge whether the connections fit into the cluster tier."""
    if deployment.atlas is None:
        return
    room = ATLAS_TIERS[deployment.atlas] - ATLAS_RESERVED - CONNECTIONS_OF_DOORS
    sums = sums_of(stack, deployment)
    advice = "Take a larger tier, lower FREEHOLD_CONCURRENCY_LIMIT, or deploy the groups of infra/openfaas/openfaas.ce.yml."
    if sums.connections_least > room:
        yield fault(
            ("functions",),
            f"They could hold {sums.connections_least:,} connections; {deployment.atlas} leaves {room:,} for functions.",
            advice,
        )
    elif sums.connections_most > room:
        yield warning(
            ("functions",),
            f"With all replicas busy there could be {sums.connections_most:,} connections; {deployment.atlas} leaves {room:,}.",
            f"It takes all functions at their top at once. {advice}",
        )


def _replicas(function: Function, deployment: Deployment) -> tuple[int, int]:
    limit = deployment.edition.replicas
    least = function.replicas("min", 1)
    most = max(least, function.replicas("max", limit or 20))
    return (least, most) if limit is None else (min(least, limit), min(most, limit))


def _of(text: str) -> Decimal:
    return quantity(text) or Decimal(0)
