"""Readings: what one process has measured about the whole deployment, on its way to a scrape. No scrape measures anything.

About money a function measures, because it may ask the database: it answers its tick with what it found, and the scheduler
writes the newest answer down when it is scraped. About events the connector that leads measures.
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
    """The newest readings of each source; used by many threads at once."""

    def __init__(self) -> None:
        self._of_source: dict[str, tuple[Reading, ...]] = {}
        self._lock = threading.Lock()
        REGISTRY.register(self)

    def keep(self, source: str, readings: tuple[Reading, ...]) -> None:
        """Put these in the place of the source's earlier ones."""
        with self._lock:
            self._of_source[source] = readings

    def collect(self) -> Iterable[GaugeMetricFamily]:
        """Write them down, as the registry asks for it."""
        with self._lock:
            every = [(source, reading) for source, readings in self._of_source.items() for reading in readings]
        return _families(every)


def _families(every: list[tuple[str, Reading]]) -> Iterator[GaugeMetricFamily]:
    families: dict[tuple[str, tuple[str, ...]], GaugeMetricFamily] = {}
    for source, reading in every:
        key = (reading.name, tuple(reading.labels))
        if key not in families:
            families[key] = GaugeMetricFamily(reading.name, f"Measured by {source}", labels=key[1])
        families[key].add_metric(list(reading.labels.values()), reading.value)
    yield from families.values()
