"""Telemetry: what a process counts and measures, for Prometheus. The one home of its library.

Each part declares its metrics where it counts them (`freehold.telemetry.metrics` makes them); what every process that
serves functions counts stands in `freehold.telemetry.requests`. Logs are `freehold.logs`.
"""
