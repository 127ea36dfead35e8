"""docker-compose.yml as it is read, without an engine: what its numbers and names have to agree with."""

from typing import Any

import msgspec
import pytest
import yaml

from freehold.edge.app import LAST_SPANS_S
from freehold.settings import ConnectorSettings, FunctionSettings, RelaySettings, SchedulerSettings
from tests.function_process import ROOT

SERVICES: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text())["services"]
LAST_LEASE_S = 2.0
"""The connector gives up its lease before its last spans."""


def default(kind: type[msgspec.Struct], name: str) -> float:
    (field,) = [field for field in msgspec.structs.fields(kind) if field.name == name]
    return float(field.default)


WORST_S: dict[str, float] = {
    "functions": default(FunctionSettings, "drain_delay_s") + default(FunctionSettings, "drain_timeout_s") + LAST_SPANS_S,
    "relay": default(RelaySettings, "drain_timeout_s") + LAST_SPANS_S,
    "connector": default(ConnectorSettings, "drain_timeout_s") + LAST_LEASE_S + LAST_SPANS_S,
    "scheduler": default(SchedulerSettings, "drain_timeout_s") + LAST_SPANS_S,
}
WORST_S |= dict.fromkeys(("functions-auth", "functions-payments", "functions-papers", "functions-ledger"), WORST_S["functions"])


def test_every_image_of_ours_is_built_wherever_it_is_named():
    """docker-compose 1.29 pulls what a service names and does not build, before it builds anything."""
    ours = {name for name, service in SERVICES.items() if "ghcr.io/freehold/" in service["image"]}
    assert len(ours) > 10
    assert {name for name in ours if "build" not in SERVICES[name]} == set()


@pytest.mark.parametrize("service", [*WORST_S, "gateway-telemetry"])
def test_whoever_records_spans_is_told_all_of_where_and_how_many(service):
    told = {name for name in SERVICES[service]["environment"] if name.startswith("OTEL_")}
    assert told == {
        "OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_HEADERS", "OTEL_TRACES_SAMPLER", "OTEL_TRACES_SAMPLER_ARG",
    }  # fmt: skip


@pytest.mark.parametrize("service", WORST_S)
def test_a_process_is_not_killed_while_it_drains(service):
    assert WORST_S[service] < float(SERVICES[service]["stop_grace_period"].removesuffix("s"))
