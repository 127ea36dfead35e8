"""Telemetry: what a process counts and measures, for Prometheus, and its part of a trace. The one home of these libraries.

Each part declares its metrics where it counts them (`metrics` makes them); what every process that serves functions counts
stands in `requests`. A trace is handed on by `context`; `spans` begin in `tracing`, and only `otlp` knows OpenTelemetry.
Logs are `freehold.logs`.
"""
