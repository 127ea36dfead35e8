"""The line to Stripe before localstripe, which others wrote: payments, refunds, errors, and webhooks that it signs itself.

localstripe knows no groups of transfers, no Connect and no idempotency keys; the rest of the adapter is tried before the fake.
"""

import json
import os
import queue
import secrets
import subprocess
import sys
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import httpx
import pytest

from freehold.domain.money import Money
from freehold.payments.gateway import GatewayUnavailable, InvalidWebhook
from freehold.payments.stripe.line import Line, StripeRefused
from freehold.payments.stripe.objects import PaymentIntent, Refund
from freehold.payments.stripe.reports import report_of_payment, report_of_refund
from freehold.payments.stripe.webhooks import verify
from infra.local.ports import free_port
from tests.function_process import wait_for

PROGRAM = Path(__file__).parent / "localstripe_process.py"
SIGNED_WITH = "whsec_of_localstripe"
ARRIVES_IN_S = 30.0


@pytest.fixture(scope="module")
def localstripe(tmp_path_factory) -> Iterator[str]:
    """Give the address of localstripe, in a process of its own."""
    port = free_port()
    process = subprocess.Popen(
        [sys.executable, str(PROGRAM), str(port)], cwd=tmp_path_factory.mktemp("localstripe"), env=os.environ
    )
    try:
        wait_for(port, "/v1/balance", 401)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.kill()
        process.wait()


@pytest.fixture
def line(localstripe) -> Line:
    return Line(f"sk_test_{secrets.token_hex(8)}", address=localstripe)


@pytest.fixture
def told(localstripe) -> Iterator["queue.Queue[tuple[bytes, dict[str, str]]]"]:
    """Give what localstripe tells a listener of ours."""
    arrived: queue.Queue[tuple[bytes, dict[str, str]]] = queue.Queue()

    class Listener(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            arrived.put((self.rfile.read(int(self.headers["Content-Length"])), dict(self.headers)))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = HTTPServer(("127.0.0.1", 0), Listener)
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
    body = json.dumps({"url": f"http://127.0.0.1:{server.server_port}/", "secret": SIGNED_WITH}).encode()
    httpx.post(
        f"{localstripe}/_config/webhooks/ours", content=body, headers={"Content-Type": "application/json"}
    ).raise_for_status()
    yield arrived
    server.shutdown()
    server.server_close()


async def begun(line: Line, way: str = "pm_card_visa") -> PaymentIntent:
    return await line.post(
        "/v1/payment_intents",
        PaymentIntent,
        key=secrets.token_hex(8),
        amount=12_345,
        currency="eur",
        capture_method="automatic",
        payment_method_types=["card"],
        payment_method=way,
        metadata={"freehold_key": "fund:mst_1", "payment_id": "pay_1", "milestone_id": "mst_1"},
    )


async def confirmed(line: Line, intent: PaymentIntent) -> PaymentIntent:
    return await line.post(f"/v1/payment_intents/{intent.id}/confirm", PaymentIntent, key=secrets.token_hex(8))


def test_a_payment_goes_from_its_beginning_to_its_end(line, ledger):
    async def paying() -> None:
        intent = await begun(line)
        waiting = report_of_payment(intent)
        assert (waiting.outcome, waiting.money, waiting.action.token) == ("pending", Money(12_345, "EUR"), intent.client_secret)
        await confirmed(line, intent)
        paid = await line.get(f"/v1/payment_intents/{intent.id}", PaymentIntent)
        assert (report_of_payment(paid).outcome, paid.key, paid.payment_id) == ("done", "fund:mst_1", "pay_1")
        refund = await line.post(
            "/v1/refunds",
            Refund,
            key=secrets.token_hex(8),
            payment_intent=intent.id,
            amount=345,
            metadata={"freehold_key": "r"},
        )
        listed = [each async for each in line.each("/v1/refunds", Refund, payment_intent=intent.id)]
        assert [(report_of_refund(each).money, each.key) for each in listed] == [(Money(345, "EUR"), "r")]
        assert report_of_refund(refund).outcome == "done"

    ledger.run(paying())


def test_what_it_refuses_is_a_refusal(line, ledger):
    with pytest.raises(StripeRefused) as refusal:
        ledger.run(line.post("/v1/payment_intents", PaymentIntent, key="k", amount=-1, currency="eur"))
    assert (refusal.value.status, refusal.value.reason) == (400, "invalid_request")


def test_what_is_not_there_is_not_found(line, ledger):
    assert ledger.run(line.find("/v1/payment_intents/pi_nothing", PaymentIntent)) is None


def test_nobody_answers_where_nobody_listens(ledger):
    silent = Line("sk_test_1", address=f"http://127.0.0.1:{free_port()}")
    with pytest.raises(GatewayUnavailable):
        ledger.run(silent.find("/v1/payment_intents/pi_1", PaymentIntent))


def test_a_webhook_that_it_signs_is_believed_and_an_altered_one_is_not(line, told, ledger):
    async def paying() -> PaymentIntent:
        return await confirmed(line, await begun(line))

    intent = ledger.run(paying())
    while True:
        body, headers = told.get(timeout=ARRIVES_IN_S)
        event = verify(body, headers, keys=SIGNED_WITH, now=datetime.now(UTC))
        if event.type == "payment_intent.succeeded" and event.data.object["id"] == intent.id:
            break
    with pytest.raises(InvalidWebhook):
        verify(body.replace(b"12345", b"92345"), headers, keys=SIGNED_WITH, now=datetime.now(UTC))
    with pytest.raises(InvalidWebhook):
        verify(body, headers, keys="whsec_another", now=datetime.now(UTC))
