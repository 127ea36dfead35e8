"""One run of all parts, with a backend for spans: traces are whole, metrics that are asked for are there, logs keep secrets."""

import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest
import yaml
from websockets.sync.client import connect

from infra.keys import NO_MAIL
from infra.local.ports import free_port
from infra.observability.dashboards import DASHBOARDS
from tests.function_process import ROOT, function_process
from tests.function_process import wait_for as wait_for_port
from tests.gateway.test_telemetry import listener
from tests.hiring import new_application, new_job
from tests.local.processes import LocalRun, wait_for
from tests.otlp import Backend, backend
from tests.scrape import Scrape

TRACE, SPAN = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
CANARY = "Zugvogel"
PASSWORD = f"{CANARY} fly south in autumn"
RULES = ROOT / "infra" / "observability" / "rules"
METRIC = re.compile(r"\b((?:freehold|process)_\w+|up)\b(?:\{([^}]*)\})?")
OF_PROMETHEUS = {"instance", "job", "part", "pod", "le"}


class Whole:
    """A run, and two people who have met in it."""

    def __init__(self, run: LocalRun, spans: Backend) -> None:
        self.run = run
        self.spans = spans
        self.client = httpx.Client(base_url=run.url, timeout=60, trust_env=False)
        self.employer = self._register("employer")
        self.freelancer = self._register("freelancer")

    def as_(self, person: dict[str, Any]) -> dict[str, str]:
        return {"Authorization": f"Bearer {person['access_token']}"}

    def _register(self, role: str) -> dict[str, Any]:
        body = {"email": f"{role}.{CANARY}@example.org", "password": PASSWORD, "name": f"{CANARY} {role}", "roles": [role]}
        return self._checked(self.client.post("/api/auth/register", json=body), 201)

    def apply(self) -> dict[str, Any]:
        """Post a job as one, with a socket open; apply for it as the other, in a trace that nginx would have begun."""
        job = self._checked(self.client.post("/api/jobs", json=new_job(), headers=self.as_(self.employer)), 201)
        body = new_application(job, proposal=f"{CANARY}s apply.")
        headers = self.as_(self.freelancer) | {"traceparent": f"00-{TRACE}-{SPAN}-01"}
        return self._checked(self.client.post("/api/applications", json=body, headers=headers), 201)

    def ticket(self) -> str:
        answer = self.client.post("/api/realtime/tickets", headers=self.as_(self.employer))
        return str(self._checked(answer, 201)["ticket"])

    def logs(self) -> list[dict[str, Any]]:
        lines = [line for file in (self.run.home / "logs").iterdir() for line in file.read_text().splitlines()]
        return [json.loads(line) for line in lines if line.startswith('{"part"')]

    def scrape(self, part: str) -> Scrape:
        """Scrape a door on the port that the run has chosen for it."""
        environ = self.run.part(part).environ()
        port = environ.get("FREEHOLD_HEALTH_PORT") or self.run.relay_port
        return Scrape(httpx.get(f"http://127.0.0.1:{port}/_/metrics", trust_env=False).raise_for_status().text)

    @staticmethod
    def _checked(answer: httpx.Response, status: int) -> Any:
        assert answer.status_code == status, answer.text
        return answer.json()


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Whole]:
    """Start everything, and let an application be told to the employer's open socket."""
    ports = {"FREEHOLD_PORT": str(free_port()), "FREEHOLD_RELAY_PORT": str(free_port())}
    home = tmp_path_factory.mktemp("whole") / "home"
    with backend() as spans:
        environ = {**ports, **spans.environ, "FREEHOLD_LOG_LEVEL": "debug"}
        run = LocalRun(home, environ, sys.executable, "-m", "infra.local", "--no-seed")
        try:
            assert run.comes_up(), run.said()
            whole = Whole(run, spans)
            with connect(f"ws://127.0.0.1:{run.relay_port}/socket.io/?EIO=4&transport=websocket") as socket:
                socket.recv(timeout=30)
                socket.send("40/notifications," + json.dumps({"ticket": whole.ticket()}))
                assert str(socket.recv(timeout=30)).startswith("40/notifications,")
                whole.apply()
                while "applicationStatusUpdate" not in str(socket.recv(timeout=60)):
                    socket.send("3")
            yield whole
        finally:
            run.clean_up()


def test_one_trace_leads_from_the_request_through_the_outbox_and_the_reaction_to_the_socket(whole: Whole):
    reaction = "POST /notifications-tell-about-application"
    path = (
        ("POST /api/applications", "freehold-functions", "server"),
        ("transaction", "freehold-functions", "client"),
        ("send application.submitted", "freehold-connector", "producer"),
        ("process application.submitted", "freehold-connector", "consumer"),
        (reaction, "freehold-functions", "server"),
        ("transaction", "freehold-functions", "client"),
        ("emit applicationStatusUpdate", "freehold-relay", "consumer"),
    )
    found = whole.spans.wait_for(lambda spans: _chain(spans, path))
    assert found[0].parent_id == SPAN
    sent, tried, reacted, emitted = found[2], found[3], found[4], found[6]
    assert sent.attributes["messaging.operation.type"] == "send"
    assert sent.attributes["messaging.message.id"].startswith("evt_")
    assert tried.attributes["messaging.consumer.group.name"] == "notifications-tell-about-application"
    assert tried.attributes["freehold.attempt"] == 1
    assert reacted.attributes["http.response.status_code"] == 200
    assert emitted.attributes["messaging.destination.name"] == "applicationStatusUpdate"
    assert not any(span.failed for span in found)


def _chain(spans: list[Any], path: tuple[tuple[str, str, str], ...]) -> list[Any]:
    """Find spans of these names, services and kinds of which each is the parent of the next, from the one below nginx on."""
    chains = [[span] for span in spans if span.trace_id == TRACE and span.parent_id == SPAN]
    for step in path[1:]:
        chains = [
            [*chain, span]
            for chain in chains
            for span in spans
            if (span.name, span.service, span.kind) == step and span.parent_id == chain[-1].span_id
        ]
    return next((chain for chain in chains if (chain[0].name, chain[0].service, chain[0].kind) == path[0]), [])


def test_a_tick_is_a_trace_of_its_own(whole: Whole):
    def ticked(spans: list[Any]) -> list[Any]:
        return [
            (tick, swept)
            for tick in spans
            for swept in spans
            if tick.service == "freehold-scheduler" and not tick.parent_id and swept.parent_id == tick.span_id
        ]

    tick, swept = whole.spans.wait_for(ticked)[0]
    assert (tick.kind, swept.kind, tick.trace_id) == ("client", "server", swept.trace_id)
    assert swept.name == f"POST /{tick.name.removeprefix('tick ')}"


def test_nothing_of_a_person_is_in_a_span(whole: Whole):
    raw = whole.spans.raw
    secrets = (CANARY, PASSWORD, whole.employer["access_token"], whole.employer["refresh_token"], whole.employer["user_id"])
    assert [text for text in secrets if text.encode() in raw] == []
    assert b"usr_" not in raw


def test_no_log_holds_a_secret_and_each_line_of_a_call_names_its_trace(whole: Whole):
    lines = whole.logs()
    assert {"connector", "front", "relay", "scheduler"} <= {line["part"] for line in lines}
    text = "\n".join(path.read_text() for path in (whole.run.home / "logs").iterdir())
    planted = [CANARY, whole.employer["access_token"], whole.employer["refresh_token"], "Bearer ", "@example.org"]
    planted += [path.read_text().strip() for path in (whole.run.home / "secrets").iterdir()]
    assert [word[:20] for word in planted if word not in {"", NO_MAIL} and word in text] == []
    of_calls = {"answered", "swept", "event_delivered", "event_dispatched", "delivery_delayed", "unexpected_error", "timed_out"}
    assert [line for line in lines if line["event"] in of_calls and not line.get("trace_id")] == []
    of_this = {line["part"] for line in lines if line.get("trace_id") == TRACE}
    assert {"front", "connector"} <= of_this


def test_every_metric_that_a_dashboard_or_a_rule_asks_for_is_in_a_scrape(whole: Whole):
    keys = whole.run.home / "secrets"
    with function_process(keys, "freehold", "auth-list-keys") as (_, port), listener() as listening:
        wait_for_port(port, "/_/ready", 200)
        url = f"http://127.0.0.1:{port}"
        httpx.get(f"{url}/api/auth/jwks.json").raise_for_status()
        assert httpx.get(f"{url}/nowhere").status_code == 404
        line = b'{"ended_at_s":1.5,"duration_s":0.1,"status":200,"cache":"HIT",'
        listening.send(b"freehold: " + line + f'"trace_id":"{TRACE}","span_id":"{SPAN}"}}'.encode())
        assert wait_for(lambda: listening.scrape().labels("freehold_gateway_cached_total"))
        for measured in ("freehold_ledger_violations", "freehold_commands_oldest_open_seconds"):
            assert wait_for(lambda name=measured: whole.scrape("jobs_scheduler").labels(name), limit_s=150)
        assert wait_for(lambda: whole.scrape("connector").labels("freehold_outbox_unsent"))
        scrapes = [
            Scrape(httpx.get(f"{url}/_/metrics").text), listening.scrape(),
            *(whole.scrape(part) for part in ("jobs_scheduler", "connector", "realtime")),
        ]  # fmt: skip
    there: dict[str, set[str]] = {"up": set()}
    for scrape in scrapes:
        for name, labels in scrape.samples:
            there.setdefault(name, set()).update(key for key, _ in labels)
    asked = list(_asked())
    assert {name for name, _ in asked} - set(there) - NOT_YET_SEEN == set()
    assert len(asked) > 80
    wrong = {(name, label) for name, labels in asked for label in labels - OF_PROMETHEUS - there.get(name, labels)}
    assert wrong == set()


NOT_YET_SEEN = {
    "freehold_relay_sockets_cut_total",
    "freehold_relay_sockets_refused_total",
    "freehold_ledger_imbalance_minor",
    "freehold_held_money_minor",
}
"""Metrics whose labels exist only after what they count has happened; other tests see each of them."""


def _asked() -> Iterator[tuple[str, set[str]]]:
    """Give each metric that is asked for, with the labels by which it is chosen or added up."""
    rules = [
        rule for file in RULES.glob("*.yml") for group in yaml.safe_load(file.read_text())["groups"] for rule in group["rules"]
    ]
    recorded = {rule["record"] for rule in rules if "record" in rule}
    queries = [query for board in DASHBOARDS for panel in board.panels for query, _ in panel.queries]
    for expression in [*queries, *(rule["expr"] for rule in rules)]:
        plain = expression
        for name in recorded:
            plain = re.sub(rf"{name}(\{{[^}}]*\}})?", "1", plain)
        assert "freehold:" not in plain, f"no rule records what {expression} asks for"
        for name, selector in METRIC.findall(re.sub(r"\b(sum|max|min) by \([^)]*\)", "", plain)):
            yield name, {part.split("=")[0].rstrip("!~ ") for part in selector.split(",") if part}


def test_every_query_of_a_dashboard_can_be_read_by_prometheus(tmp_path: Path):
    queries = [query.replace("$function", ".*") for board in DASHBOARDS for panel in board.panels for query, _ in panel.queries]
    rules = [{"record": f"test:query:{number}", "expr": query} for number, query in enumerate(queries)]
    file = tmp_path / "queries.yml"
    file.write_text(yaml.safe_dump({"groups": [{"name": "queries", "rules": rules}]}))
    ran = psutil.Popen(["promtool", "check", "rules", str(file)], stdout=-1, stderr=-1, text=True)
    said = "".join(ran.communicate(timeout=60))
    assert ran.returncode == 0, said
    assert f"{len(queries)} rules found" in said
