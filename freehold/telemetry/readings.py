"""Readings: what a sweep has measured about the whole deployment, on its way to a scrape.

A function measures, because it may ask the database; it answers its tick with what it found. The scheduler keeps the newest
answer of each sweep and writes it down when it is scraped: any replica may measure, and nothing is measured by a scrape.
"""

import threading
from collections.abc import Iterable, Iterator
from typing import Annotated

from msgspec import Meta, Struct
from prometheus_client.core import GaugeMetricFamily

from freehold.telemetry.metrics import REGISTRY

Name = Annotated[str, Meta(pattern=r"^freehold_[a-z][a-z0-9_]{0,79}$(?!\n)")]
LabelName = Annotated[str, Meta(pattern=r"^[a-z][a-z0-9_]{0,39}$(?!\n)")]
LabelValue = Annotated[str, Meta(max_length=80)]


class Reading(Struct, frozen=True):
    """The value of a gauge. Its name ends in its unit; the values of its labels come from a closed set."""

    name: Name
    value: float
    labels: Annotated[dict[LabelName, LabelValue], Meta(max_length=5)] = {}


Readings = Annotated[tuple[Reading, ...], Meta(max_length=500)]


class NewestReadings:
    """The newest readings of each sweep; used by many threads at once."""

    def __init__(self) -> None:
        self._of_sweep: dict[str, tuple[Reading, ...]] = {}
        self._lock = threading.Lock()
        REGISTRY.register(self)

    def keep(self, sweep: str, readings: tuple[Reading, ...]) -> None:
        """Put these in the place of the sweep's earlier ones."""
        with self._lock:
            self._of_sweep[sweep] = readings

    def collect(self) -> Iterable[GaugeMetricFamily]:
        """Write them down, as the registry asks for it."""
        with self._lock:
            every = [(sweep, reading) for sweep, readings in self._of_sweep.items() for reading in readings]
        return _families(every)


def _families(every: list[tuple[str, Reading]]) -> Iterator[GaugeMetricFamily]:
    families: dict[tuple[str, tuple[str, ...]], GaugeMetricFamily] = {}
    for sweep, reading in every:
        key = (reading.name, tuple(reading.labels))
        if key not in families:
            families[key] = GaugeMetricFamily(reading.name, f"Measured by the sweep {sweep}", labels=key[1])
        families[key].add_metric(list(reading.labels.values()), reading.value)
    yield from families.values()
