"""The Grafana dashboards, as lists of panels. `python -m infra.manifest` writes them as the JSON files that Grafana loads."""

from collections.abc import Sequence
from typing import Any, Final

from msgspec import Struct

DATASOURCE: Final = {"type": "prometheus", "uid": "freehold-prometheus"}
COLUMNS: Final = 24
HEIGHT: Final = 8
WIDTH: Final = 8
SCHEMA: Final = 38
"""The version of Grafana's dashboard format (Grafana 10)."""


class Panel(Struct, frozen=True):
    """A graph: `queries` are pairs of PromQL and legend, `unit` is Grafana's name of one. A "stat" shows the newest value."""

    title: str
    unit: str
    queries: tuple[tuple[str, str], ...]
    kind: str = "timeseries"


def slowest(histogram: str, *, by: str) -> str:
    """Ask for the ten whose slowest 1 in 20 take longest."""
    return f"topk(10, histogram_quantile(0.95, sum by ({by}, le) (rate({histogram}_bucket[5m]))))"


class Dashboard(Struct, frozen=True):
    """A page of panels."""

    uid: str
    title: str
    panels: tuple[Panel, ...]


OVERVIEW: Final = Dashboard(
    "freehold-overview",
    "Freehold: overview",
    (
        Panel("Requests", "reqps", (("sum(rate(freehold_requests_total[5m]))", "requests"),)),
        Panel("Faults of ours", "percentunit", (("freehold:request_errors:ratio5m > 0", "{{function}}"),)),
        Panel(
            "Slowest functions (1 in 20 calls)", "s", (("topk(10, freehold:request_duration_seconds:p95_5m)", "{{function}}"),)
        ),
        Panel("Parts that answer", "short", (('sum by (part) (up{job="freehold"})', "{{part}}"),)),
        Panel("Oldest unsent event", "s", (("max(freehold_outbox_oldest_unsent_seconds)", "age"),), kind="stat"),
        Panel("Parked deliveries", "short", (('max(freehold_deliveries_stored{state="parked"})', "parked"),), kind="stat"),
        Panel("Faults in the ledger", "short", (("max(freehold_ledger_violations)", "faults"),), kind="stat"),
        Panel("Sockets", "short", (("sum(freehold_relay_connections)", "sockets"),), kind="stat"),
        Panel("Processor time", "short", (("sum by (part) (rate(process_cpu_seconds_total[5m]))", "{{part}}"),)),
        Panel("Memory", "bytes", (("sum by (part) (process_resident_memory_bytes)", "{{part}}"),)),
    ),
)
FUNCTIONS: Final = Dashboard(
    "freehold-functions",
    "Freehold: functions",
    (
        Panel("Rate", "reqps", (('sum by (function) (freehold:requests:rate5m{function=~"$function"})', "{{function}}"),)),
        Panel("Errors", "percentunit", (('freehold:request_errors:ratio5m{function=~"$function"}', "{{function}}"),)),
        Panel("Duration, 1 in 20", "s", (('freehold:request_duration_seconds:p95_5m{function=~"$function"}', "{{function}}"),)),
        Panel(
            "Refusals",
            "reqps",
            (('sum by (code) (rate(freehold_refusals_total{function=~"$function"}[5m]))', "{{code}}"),),
        ),
        Panel("Answers", "reqps", (('sum by (status) (freehold:requests:rate5m{function=~"$function"})', "{{status}}"),)),
        Panel(
            "In flight, of what is allowed",
            "percentunit",
            (("freehold_requests_in_flight / freehold_requests_in_flight_limit", "{{instance}}"),),
        ),
        Panel("Transactions run again", "ops", (("sum(rate(freehold_transaction_retries_total[5m]))", "retries"),)),
    ),
)
EVENTS: Final = Dashboard(
    "freehold-events",
    "Freehold: events and timed work",
    (
        Panel("Unsent events", "short", (("max(freehold_outbox_unsent)", "unsent"),)),
        Panel(
            "Age of the oldest",
            "s",
            (
                ("max(freehold_outbox_oldest_unsent_seconds)", "unsent event"),
                ("max(freehold_deliveries_oldest_due_seconds)", "due delivery"),
            ),
        ),
        Panel("Events sent", "ops", (("sum(rate(freehold_events_dispatched_total[5m]))", "sent"),)),
        Panel("Deliveries", "ops", (("sum by (outcome) (rate(freehold_deliveries_total[5m]))", "{{outcome}}"),)),
        Panel("Deliveries stored", "short", (("max by (state) (freehold_deliveries_stored)", "{{state}}"),)),
        Panel("In flight", "short", (("sum by (instance) (freehold_deliveries_in_flight)", "{{instance}}"),)),
        Panel(
            "Slowest reactions (1 in 20 tries)",
            "s",
            ((slowest("freehold_delivery_duration_seconds", by="reaction"), "{{reaction}}"),),
        ),
        Panel("Who leads", "short", (("freehold_connector_leads", "{{instance}}"),)),
        Panel(
            "Sweeps: since the last success",
            "s",
            (("time() - max by (sweep) (freehold_sweep_last_success_timestamp_seconds)", "{{sweep}}"),),
        ),
        Panel("Sweeps: failures", "ops", (("sum by (sweep) (rate(freehold_sweep_failures_total[5m]))", "{{sweep}}"),)),
        Panel("Sweeps: things done", "ops", (("sum by (sweep) (rate(freehold_sweep_done_total[5m]))", "{{sweep}}"),)),
    ),
)
MONEY: Final = Dashboard(
    "freehold-money",
    "Freehold: money",
    (
        Panel(
            "Held (minor units)",
            "short",
            (("max by (currency, account) (freehold_held_money_minor)", "{{account}} {{currency}}"),),
        ),
        Panel(
            "Sum of all accounts (must be 0)",
            "short",
            (("max by (currency) (freehold_ledger_imbalance_minor)", "{{currency}}"),),
        ),
        Panel("Faults that the audit found", "short", (("max(freehold_ledger_violations)", "faults"),), kind="stat"),
        Panel("Since the last audit", "s", (("time() - max(freehold_ledger_audited_timestamp_seconds)", "age"),), kind="stat"),
        Panel("Journals", "short", (("max(freehold_ledger_journals)", "journals"),)),
        Panel("Receipts that are not proven yet", "short", (("max(freehold_receipts_pending)", "pending"),)),
        Panel("... the oldest since", "s", (("max(freehold_receipts_oldest_pending_seconds)", "age"),)),
        Panel("Milestones past their deadline", "short", (("max by (deadline) (freehold_late_milestones)", "{{deadline}}"),)),
        Panel("... the oldest since", "s", (("max by (deadline) (freehold_late_milestones_oldest_seconds)", "{{deadline}}"),)),
        Panel("Commands to gateways", "short", (("max by (state) (freehold_commands)", "{{state}}"),)),
        Panel("... the oldest open since", "s", (("max(freehold_commands_oldest_open_seconds)", "age"),)),
    ),
)
REALTIME: Final = Dashboard(
    "freehold-realtime",
    "Freehold: realtime",
    (
        Panel(
            "Sockets",
            "short",
            (
                ("sum by (instance) (freehold_relay_sockets)", "{{instance}}"),
                ("sum(freehold_relay_connections)", "with a ticket"),
            ),
        ),
        Panel(
            "People and channels",
            "short",
            (
                ("sum(freehold_relay_people)", "people"),
                ("sum(freehold_relay_channels)", "channels"),
            ),
        ),
        Panel("Rows read", "ops", (("sum(rate(freehold_relay_rows_total[5m]))", "rows"),)),
        Panel("Packets written", "pps", (("sum(rate(freehold_relay_frames_total[5m]))", "packets"),)),
        Panel("Bytes written", "Bps", (("sum(rate(freehold_relay_sent_bytes_total[5m]))", "bytes"),)),
        Panel(
            "Lag behind the log, 1 in 20", "s", ((slowest("freehold_relay_log_lag_seconds", by="instance"), "{{instance}}"),)
        ),
        Panel("Cut", "ops", (("sum by (reason) (rate(freehold_relay_sockets_cut_total[5m]))", "{{reason}}"),)),
        Panel("Refused", "ops", (("sum by (code) (rate(freehold_relay_sockets_refused_total[5m]))", "{{code}}"),)),
        Panel("Loops that work", "short", (("min by (instance, loop) (freehold_relay_loop_works)", "{{loop}} {{instance}}"),)),
        Panel("Places lost in the log", "short", (("increase(freehold_relay_log_gaps_total[1h])", "{{instance}}"),)),
    ),
)
GATEWAY: Final = Dashboard(
    "freehold-gateway",
    "Freehold: gateway",
    (
        Panel("Rate", "reqps", (("sum by (status) (rate(freehold_gateway_requests_total[5m]))", "{{status}}"),)),
        Panel("Faults of ours", "percentunit", (("freehold:gateway_errors:ratio5m", "faults"),)),
        Panel(
            "Slowest endpoints, 1 in 20",
            "s",
            ((slowest("freehold_gateway_request_duration_seconds", by="endpoint"), "{{endpoint}}"),),
        ),
        Panel("Cache of public lists", "reqps", (("sum by (cache) (rate(freehold_gateway_cached_total[5m]))", "{{cache}}"),)),
        Panel("Refused: the address asks too much", "reqps", (("sum(rate(freehold_gateway_limited_total[5m]))", "refused"),)),
        Panel("Bytes of answers", "Bps", (("sum(rate(freehold_gateway_answer_bytes_total[5m]))", "bytes"),)),
        Panel(
            "Datagrams that cannot be read",
            "ops",
            (("sum(rate(freehold_gateway_datagrams_unreadable_total[5m]))", "datagrams"),),
        ),
    ),
)
DASHBOARDS: Final = (OVERVIEW, FUNCTIONS, EVENTS, MONEY, REALTIME, GATEWAY)


def dashboard_files() -> dict[str, dict[str, Any]]:
    """Give each dashboard's content by its path."""
    return {f"infra/observability/grafana/dashboards/{each.uid}.json": _written(each) for each in DASHBOARDS}


def _written(dashboard: Dashboard) -> dict[str, Any]:
    return {
        "uid": dashboard.uid,
        "title": dashboard.title,
        "tags": ["freehold"],
        "schemaVersion": SCHEMA,
        "editable": False,
        "refresh": "30s",
        "time": {"from": "now-3h", "to": "now"},
        "templating": {"list": _variables(dashboard.panels)},
        "panels": [_panel(number, panel) for number, panel in enumerate(dashboard.panels)],
    }


def _panel(number: int, panel: Panel) -> dict[str, Any]:
    place = number * WIDTH
    return {
        "id": number + 1,
        "title": panel.title,
        "type": panel.kind,
        "datasource": DATASOURCE,
        "gridPos": {"x": place % COLUMNS, "y": place // COLUMNS * HEIGHT, "w": WIDTH, "h": HEIGHT},
        "fieldConfig": {"defaults": {"unit": panel.unit, "min": 0}, "overrides": []},
        "targets": [
            {"refId": chr(ord("A") + index), "datasource": DATASOURCE, "expr": expression, "legendFormat": legend}
            for index, (expression, legend) in enumerate(panel.queries)
        ],
    }


def _variables(panels: Sequence[Panel]) -> list[dict[str, Any]]:
    if not any("$function" in expression for panel in panels for expression, _ in panel.queries):
        return []
    query = "label_values(freehold_requests_total, function)"
    return [
        {
            "name": "function", "type": "query", "datasource": DATASOURCE, "query": query, "refresh": 2, "multi": True,
            "includeAll": True, "allValue": ".*", "current": {"text": "All", "value": "$__all"},
        }
    ]  # fmt: skip
