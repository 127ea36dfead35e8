"""Reading what a process exposes to Prometheus."""

from collections.abc import Mapping

from prometheus_client.parser import text_string_to_metric_families


class Scrape:
    """One scrape: every sample by its name and labels."""

    def __init__(self, text: str) -> None:
        self.samples = {
            (sample.name, frozenset(sample.labels.items())): sample.value
            for family in text_string_to_metric_families(text)
            for sample in family.samples
        }

    def value(self, name: str, **labels: str) -> float:
        """Give a sample's value; 0 when there is none (yet)."""
        return self.samples.get((name, frozenset(labels.items())), 0.0)

    def labels(self, name: str) -> set[frozenset[str]]:
        """Give the sets of label names that samples of this name carry."""
        return {frozenset(key for key, _ in labels) for found, labels in self.samples if found == name}


def risen(before: Scrape, after: Scrape, name: str, labels: Mapping[str, str]) -> float:
    """Say by how much a sample has risen."""
    return after.value(name, **labels) - before.value(name, **labels)
