"""Sweeps for a catalogue."""

from freehold.catalogue import FunctionEntry


def sweep(name: str, every_s: float | None, *, timeout_s: float = 5.0) -> FunctionEntry:
    """Describe a sweep of the stand-in."""
    return FunctionEntry(name=name, module="functions", group="tests", kind="sweep", every_s=every_s, timeout_s=timeout_s)
