"""Webhooks: taken into the inbox at the door, and handled afterwards, where the gateway may be asked for what is missing.

The same is done for a webhook that comes over HTTP and for one that the sandbox sends itself. No answer to a gateway depends
on what the news do here: it is thanked once they are kept.
"""

import asyncio
import hashlib
from collections.abc import Mapping
from datetime import datetime
from typing import Final

from freehold.documents import Command, Webhook
from freehold.documents.webhooks import WebhookState
from freehold.domain.errors import Refused
from freehold.domain.escrow import LegsPending
from freehold.domain.news import ChargebackNews, CommandNews
from freehold.domain.settlement import Report
from freehold.ids import new_id
from freehold.payments.carrying import CALL_TIMEOUT_S, Gateways, Transact
from freehold.payments.gateway import (
    GatewayError,
    GatewayNotAvailable,
    GatewayUnavailable,
    InvalidWebhook,
    PaymentGateway,
    WebhookEvent,
)
from freehold.payments.looking_up import look_up
from freehold.store import Reads, Unit, now
from freehold.store.commands import stick, take_in
from freehold.store.webhooks import AlreadyKept, close, command_of, handle, keep, payment_of, postpone

LONGEST_EVENT_ID: Final = 255
LONGEST_TYPE: Final = 100


async def receive(
    gateway: PaymentGateway, *, body: bytes, headers: Mapping[str, str], transact: Transact, clock: datetime
) -> bool:
    """Check a webhook's signature and keep it; say whether it is new. `clock` is the database's.

    Raises InvalidWebhook unless it is the gateway's own, and fresh; GatewayUnavailable when that cannot be found out now.
    """
    event = await _read(gateway, body, headers, clock)
    webhook = Webhook(
        id=new_id("whk"),
        gateway=gateway.name,
        event_id=event.id,
        type=event.type[:LONGEST_TYPE],
        digest=hashlib.sha256(body).digest(),
        news=event.news,
        state="ignored" if event.news is None else "waiting",
        received_at=now(),
    )

    async def work(unit: Unit) -> None:
        keep(unit, webhook)

    try:
        await transact(work)
    except AlreadyKept:
        return False
    return True


async def handle_webhook(webhook_id: str, *, reads: Reads, gateways: Gateways, transact: Transact, finish: Transact) -> bool:
    """Let a webhook of the inbox have its effect, once; say whether it is over.

    `transact` and `finish` are as in `carry_out`. What cannot be done yet waits in the inbox, for longer each time.
    """
    webhook = await reads.require(Webhook, webhook_id)
    try:
        await _apply_cause(webhook, reads, gateways, transact)
        return await _handle(webhook_id, None, finish)
    except LegsPending as error:
        return await _put_off(webhook, error, finish)
    except Refused as refusal:
        return await _handle_by_asking(webhook, refusal, reads=reads, gateways=gateways, finish=finish)
    except (GatewayError, GatewayNotAvailable) as error:
        return await _put_off(webhook, error, finish)


async def _read(gateway: PaymentGateway, body: bytes, headers: Mapping[str, str], clock: datetime) -> WebhookEvent:
    try:
        async with asyncio.timeout(CALL_TIMEOUT_S):
            event = await gateway.read_webhook(body=body, headers=headers, now=clock)
    except TimeoutError as error:
        raise GatewayUnavailable(f"{gateway.name} could not say in {CALL_TIMEOUT_S} s whether a webhook is its own") from error
    except Refused as error:
        raise InvalidWebhook(f"{error.code}: {error}") from error
    if not 0 < len(event.id) <= LONGEST_EVENT_ID:
        raise InvalidWebhook(f"an event's id has 1 to {LONGEST_EVENT_ID} characters")
    return event


async def _handle(webhook_id: str, truth: Report | None, finish: Transact) -> bool:
    state: WebhookState = await finish(lambda unit: handle(unit, webhook_id, now=now(), truth=truth))
    return state != "waiting"


async def _apply_cause(webhook: Webhook, reads: Reads, gateways: Gateways, transact: Transact) -> None:
    """Before a chargeback comes its payment: if we do not know yet that it was paid, ask, and take that in first."""
    if webhook.state != "waiting" or not isinstance(webhook.news, ChargebackNews):
        return
    command = await payment_of(reads, webhook.gateway, webhook.news.report)
    if command is None or (command.report is not None and command.report.outcome == "done"):
        return
    report = await look_up(gateways(webhook.gateway), command)
    if report is not None and report.outcome == "done":
        await transact(lambda unit: _take_in(unit, command.id, report))


async def _take_in(unit: Unit, key: str, report: Report) -> None:
    await take_in(unit, await unit.require(Command, key), report, now=now())


async def _handle_by_asking(webhook: Webhook, refusal: Refused, *, reads: Reads, gateways: Gateways, finish: Transact) -> bool:
    """Ask what is true when what was told cannot be taken in; if it is the same, a person must look."""
    news = webhook.news
    command = await command_of(reads, webhook.gateway, news) if isinstance(news, CommandNews) else None
    stuck: tuple[str, Report] | None = None
    if command is not None:
        try:
            truth = await look_up(gateways(webhook.gateway), command)
        except (GatewayError, GatewayNotAvailable) as error:
            return await _put_off(webhook, error, finish)
        if truth is not None and truth.outcome != "pending":
            try:
                return await _handle(webhook.id, truth, finish)
            except Refused as still:
                refusal, stuck = still, (command.id, truth)
    reason = refusal
    await finish(lambda unit: _give_up(unit, webhook.id, reason, stuck))
    return True


async def _give_up(unit: Unit, webhook_id: str, refusal: Refused, stuck: tuple[str, Report] | None) -> None:
    webhook = await unit.require(Webhook, webhook_id)
    if webhook.state != "waiting":
        return
    await close(unit, webhook, "refused", now=now(), error=f"{refusal.code}: {refusal}")
    if stuck is not None:
        key, report = stuck
        await stick(unit, await unit.require(Command, key), refusal, report)


async def _put_off(webhook: Webhook, error: Exception, finish: Transact) -> bool:
    await finish(lambda unit: postpone(unit, webhook, error=f"{type(error).__name__}: {error}"))
    return False
