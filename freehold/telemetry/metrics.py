"""Making metrics, and writing them down for a scrape. All metrics of a process stand in one registry.

A counter or histogram with labels is resolved once (`labels(...)`) and kept by who counts: the look-up is no part of the
work that is measured. Values of labels come from a closed set (names of functions, statuses, codes), never from a request.
"""

from functools import partial
from typing import Final

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector, generate_latest

__all__ = ["CONTENT_TYPE", "PATH", "REGISTRY", "Counter", "Gauge", "Histogram", "counter", "exposition", "gauge", "histogram"]

PATH: Final = "/_/metrics"
"""Where every process of ours answers a scrape; never public."""
CONTENT_TYPE: Final = "text/plain; version=0.0.4; charset=utf-8"
SECONDS: Final = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
"""Upper bounds of durations. The last one is the longest that a request may take."""

REGISTRY: Final = CollectorRegistry()
ProcessCollector(registry=REGISTRY)

counter: Final = partial(Counter, registry=REGISTRY)
gauge: Final = partial(Gauge, registry=REGISTRY)
histogram: Final = partial(Histogram, registry=REGISTRY, buckets=SECONDS)


def exposition() -> bytes:
    """Write all metrics down in Prometheus's text format, version 0.0.4."""
    return generate_latest(REGISTRY)
