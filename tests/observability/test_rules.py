"""Prometheus itself reads what is meant for it, and each alert fires when it should and is quiet when it should be."""

import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.function_process import ROOT

FOLDER = ROOT / "infra" / "observability"
RULES = sorted((FOLDER / "rules").glob("*.yml"))
Case = tuple[dict[str, str], dict[str, str]]
"""Series by which an alert fires, and series by which it does not; values in promtool's notation, one a minute."""


def requests(status: str, values: str) -> dict[str, str]:
    return {f'freehold_requests_total{{function="jobs-get-job",status="{status}"}}': values}


def at_gateway(status: str, values: str) -> dict[str, str]:
    return {f'freehold_gateway_requests_total{{status="{status}"}}': values}


def heard(what: str) -> str:
    return f'freehold_gateway_{what}_total{{instance="a:8080"}}'


def sweep(last_success: str) -> dict[str, str]:
    labels = '{sweep="jobs-expire-jobs"}'
    worked_at = f"freehold_sweep_last_success_timestamp_seconds{labels}"
    return {f"freehold_sweep_period_seconds{labels}": "30x60", worked_at: last_success}


def slow(histogram: str, labels: str, seconds: str, *, other: str) -> dict[str, str]:
    """Let all of 60 observations a minute fall into the bucket up to `seconds`, and none into that up to `other` below it."""
    return {
        f'{histogram}_bucket{{{labels}le="{other}"}}': "0x60",
        f'{histogram}_bucket{{{labels}le="{seconds}"}}': "0+60x60",
        f'{histogram}_bucket{{{labels}le="+Inf"}}': "0+60x60",
    }


def level(name: str, bad: str, good: str) -> Case:
    return {name: f"{bad}x60"}, {name: f"{good}x60"}


def of_relay(name: str) -> str:
    return f'{name}{{instance="a:8080"}}'


CASES: dict[str, Case] = {
    "FreeholdPartDown": level('up{job="freehold",part="relay",instance="a:8080"}', "0", "1"),
    "FreeholdFunctionFails": (
        requests("200", "0+60x60") | requests("500", "0+10x60"), requests("200", "0+60x60") | requests("409", "0+60x60"),
    ),
    "FreeholdFunctionSlow": (
        slow("freehold_request_duration_seconds", 'function="a",', "5.0", other="2.5"),
        slow("freehold_request_duration_seconds", 'function="a",', "1.0", other="0.5"),
    ),
    "FreeholdProcessFull": (
        {"freehold_requests_in_flight": "31x60", "freehold_requests_in_flight_limit": "32x60"},
        {"freehold_requests_in_flight": "16x60", "freehold_requests_in_flight_limit": "32x60"},
    ),
    "FreeholdTransactionsContend": (
        {"freehold_transaction_retries_total": "0+1500x60"}, {"freehold_transaction_retries_total": "0+600x60"},
    ),
    "FreeholdGatewayFails": (
        at_gateway("200", "0+60x60") | at_gateway("502", "0+9x60"), at_gateway("200", "0+60x60") | at_gateway("404", "0+60x60"),
    ),
    "FreeholdGatewayUnheard": (
        {"freehold_gateway_datagrams_unreadable_total": "0+60x60"}, {"freehold_gateway_datagrams_unreadable_total": "0+1x60"},
    ),
    "FreeholdGatewaySilent": (
        {heard("limited"): "0x60"} | {heard("requests"): "0+60x5 300x54"},
        {heard("limited"): "0x60"} | {heard("requests"): "0+1x60"},
    ),
    "FreeholdOutboxOld": level("freehold_outbox_oldest_unsent_seconds", "90", "20"),
    "FreeholdOutboxUnwatched": ({"up": "1x60"}, {"freehold_outbox_oldest_unsent_seconds": "0x60"}),
    "FreeholdDeliveriesLate": level("freehold_deliveries_oldest_due_seconds", "400", "100"),
    "FreeholdDeliveriesParked": level('freehold_deliveries_stored{state="parked"}', "1", "0"),
    "FreeholdSweepStale": (sweep("0x60"), sweep("0+60x60")),
    "FreeholdSweepsUnwatched": ({"up": "1x60"}, sweep("0+60x60")),
    "FreeholdLedgerViolated": level("freehold_ledger_violations", "1", "0"),
    "FreeholdLedgerUnbalanced": level('freehold_ledger_imbalance_minor{currency="USD"}', "-100", "0"),
    "FreeholdLedgerUnaudited": (
        {"freehold_ledger_audited_timestamp_seconds": "-14400x60"}, {"freehold_ledger_audited_timestamp_seconds": "0+60x60"},
    ),
    "FreeholdMilestonesLate": level('freehold_late_milestones_oldest_seconds{deadline="auto_release_at"}', "1000", "60"),
    "FreeholdCommandsStuck": level('freehold_commands{state="stuck"}', "1", "0"),
    "FreeholdReconciliationDiffers": level("freehold_reconciliation_differences", "1", "0"),
    "FreeholdUnreconciled": (
        {"freehold_reconciliation_timestamp_seconds": "-14400x60"}, {"freehold_reconciliation_timestamp_seconds": "0+60x60"},
    ),
    "FreeholdReceiptsPending": level("freehold_receipts_oldest_pending_seconds", "600", "30"),
    "FreeholdWebhooksOld": level("freehold_webhooks_oldest_waiting_seconds", "1200", "60"),
    "FreeholdWebhooksUnmatched": level('freehold_webhooks{state="unmatched"}', "1", "0"),
    "FreeholdCommandsOld": level("freehold_commands_oldest_open_seconds", "2000", "600"),
    "FreeholdRelayLoopBroken": level('freehold_relay_loop_works{loop="feed",instance="a:8080"}', "0", "1"),
    "FreeholdRelayLags": (
        slow("freehold_relay_log_lag_seconds", "", "5.0", other="2.5"),
        slow("freehold_relay_log_lag_seconds", "", "0.1", other="0.05"),
    ),
    "FreeholdRelayGap": (
        {of_relay("freehold_relay_log_gaps_total"): "0 0 1 2x57"}, {of_relay("freehold_relay_log_gaps_total"): "2x60"},
    ),
    "FreeholdRelayFull": (
        {of_relay("freehold_relay_sockets"): "9500x60", of_relay("freehold_relay_socket_limit"): "10000x60"},
        {of_relay("freehold_relay_sockets"): "5000x60", of_relay("freehold_relay_socket_limit"): "10000x60"},
    ),
    "FreeholdRelayCutsMany": level("freehold_relay_sockets_cut_total", "0+120", "0+6"),
}  # fmt: skip


def alerts() -> dict[str, dict[str, Any]]:
    groups = [group for file in RULES for group in yaml.safe_load(file.read_text())["groups"]]
    return {rule["alert"]: rule for group in groups for rule in group["rules"] if "alert" in rule}


def promtool(*arguments: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(["promtool", *map(str, arguments)], capture_output=True, text=True, timeout=120, check=False)


def outcome(alert: str, series: dict[str, str], *, minute: int, folder: Path) -> bool:
    """Say whether an alert fires at a minute, by promtool's own judgement of a test that says that it does not."""
    test = {
        "rule_files": [str(file) for file in RULES],
        "evaluation_interval": "1m",
        "tests": [
            {
                "interval": "1m",
                "input_series": [{"series": name, "values": values} for name, values in series.items()],
                "alert_rule_test": [{"eval_time": f"{minute}m", "alertname": alert, "exp_alerts": []}],
            }
        ],
    }
    file = folder / f"{alert}.test.yml"
    file.write_text(yaml.safe_dump(test))
    ran = promtool("test", "rules", file)
    said = ran.stdout + ran.stderr
    assert "error" not in said.lower(), said
    return ran.returncode != 0


def test_prometheus_takes_its_configuration():
    ran = promtool("check", "config", FOLDER / "prometheus.yml")
    assert ran.returncode == 0, ran.stderr


def test_prometheus_takes_the_configuration_for_kubernetes(tmp_path: Path):
    """Debian's promtool is built without Kubernetes, so that its one block is put aside; all the rest is checked."""
    config = yaml.safe_load((FOLDER / "prometheus.kubernetes.yml").read_text())
    (found,) = config["scrape_configs"][0].pop("kubernetes_sd_configs")
    assert found == {"role": "pod", "namespaces": {"names": ["openfaas-fn", "freehold"]}}
    config["rule_files"] = [str(file) for file in RULES]
    (tmp_path / "prometheus.yml").write_text(yaml.safe_dump(config))
    ran = promtool("check", "config", tmp_path / "prometheus.yml")
    assert ran.returncode == 0, ran.stderr


def test_every_alert_has_a_case_a_severity_a_summary_and_a_page_of_what_to_do():
    found = alerts()
    assert set(found) == set(CASES)
    headings = set(re.findall(r"^### (\w+)$", (ROOT / "docs" / "observability.md").read_text(), re.MULTILINE))
    assert set(found) <= headings
    for name, rule in found.items():
        assert rule["labels"]["severity"] in {"page", "ticket"}
        assert rule["annotations"]["summary"]
        assert rule["annotations"]["runbook"] == f"docs/observability.md#{name.lower()}"


@pytest.mark.parametrize("alert", CASES)
def test_an_alert_fires_when_it_should_and_is_quiet_when_it_should_be(alert: str, tmp_path: Path):
    bad, good = CASES[alert]
    assert any(outcome(alert, bad, minute=minute, folder=tmp_path) for minute in (30, 5)), f"{alert} does not fire"
    assert not outcome(alert, good, minute=30, folder=tmp_path)
