"""The inbox of webhooks: each event of a gateway is kept once, waits, and is over once its effect is stored with it.

Whoever handles one changes it in the transaction of its effect: of two who do it at once, one finds it done.
"""

from datetime import datetime
from typing import Any, Final

import msgspec

from freehold.documents import Command, Webhook
from freehold.documents.webhooks import WebhookState
from freehold.domain.errors import Refused
from freehold.domain.news import ChargebackNews, CommandNews, PayeeNews
from freehold.domain.settlement import ChargebackReport, Report
from freehold.events import WebhookReceived
from freehold.store import chargebacks
from freehold.store.commands import take_in
from freehold.store.errors import StoreError
from freehold.store.mapping import to_bson
from freehold.store.payout_accounts import record_news_of
from freehold.store.reads import Reads
from freehold.store.unit import Unit

FIRST_PAUSE_S: Final = 2.0
LONGEST_PAUSE_S: Final = 600.0
LEFT_AFTER_S: Final = 30.0
"""A webhook that nobody has taken up for so long has lost its event (parked, or not deployed yet); the sweep takes it."""
HANDLED_AT_ONCE: Final = 50
LONGEST_ERROR: Final = 500
TRIES_FOR_A_PAYEE: Final = 8
"""A gateway may tell of an account before we have taken down what it is called; after so many tries nobody here has it."""
COMMAND_OF: Final = {"payment": "fund", "transfer": "transfer", "refund": "refund", "reversal": "reversal"}
"""What we call that which a gateway tells of."""


REPLAYED: Final[frozenset[WebhookState]] = frozenset({"refused", "unmatched", "waiting"})
"""What an operator may have handled again: it has had no effect yet."""


class WebhookNotParked(Refused):
    """The webhook has had its effect, or says nothing that we act on."""

    code = "webhook_not_parked"


class AlreadyKept(StoreError):  # noqa: N818 - it names what happened
    """The gateway has told this before."""


def keep(unit: Unit, webhook: Webhook) -> None:
    """Keep what a gateway has told, and ask for its effect if it has one. Raises AlreadyKept at the end."""
    unit.insert(webhook, duplicate=AlreadyKept)
    if webhook.state == "waiting":
        unit.emit(WebhookReceived(webhook_id=webhook.id, gateway=webhook.gateway), webhook)


async def handle(unit: Unit, webhook_id: str, *, now: datetime, truth: Report | None = None) -> WebhookState:
    """Let a webhook have its effect, once; `truth` is what the gateway says by now of what it is about.

    Raises the engine's Refused when money moved that the milestone cannot take in; LegsPending among them: not yet.
    """
    webhook = await unit.require(Webhook, webhook_id)
    if webhook.state != "waiting":
        return webhook.state
    match webhook.news:
        case CommandNews():
            state = await _tell_command(unit, webhook.gateway, webhook.news, truth or webhook.news.report, now)
        case ChargebackNews():
            state = await _tell_chargeback(unit, webhook.gateway, webhook.news.report, now)
        case PayeeNews():
            known = await record_news_of(unit, webhook.gateway, webhook.news.payee, now=now)
            state = "done" if known else "waiting" if webhook.tries < TRIES_FOR_A_PAYEE else "unmatched"
        case None:
            state = "ignored"
    if state == "waiting":
        await postpone(unit, webhook, error="its cause is not known yet")
    else:
        await close(unit, webhook, state, now=now)
    return state


async def command_of(reads: Reads, gateway: str, news: CommandNews) -> Command | None:
    """Find the command that a gateway speaks of; null when that gateway was never asked for this."""
    command = await reads.get(Command, news.key)
    if command is None or command.gateway != gateway or command.milestone_id != news.milestone_id:
        return None
    return command if command.kind == COMMAND_OF[news.kind] else None


async def payment_of(reads: Reads, gateway: str, report: ChargebackReport) -> Command | None:
    """Find the command that asked for the payment of a chargeback; null when that gateway was never asked for it."""
    asked = {"milestone_id": report.milestone_id, "kind": "fund", "payment_id": report.payment_id, "gateway": gateway}
    return await reads.first(Command, asked)


async def close(unit: Unit, webhook: Webhook, state: WebhookState, *, now: datetime, error: str | None = None) -> None:
    """Be done with a webhook. Raises Stale when somebody else was quicker."""
    over = msgspec.structs.replace(webhook, state=state, error=_short(error), due_at=None, handled_at=now)
    await unit.update(webhook, over)


async def postpone(unit: Unit, webhook: Webhook, *, error: str) -> None:
    """Let a webhook wait, for longer each time. Raises Stale when somebody else was quicker."""
    pause_s = min(FIRST_PAUSE_S * 2 ** min(webhook.tries, 30), LONGEST_PAUSE_S)
    later = msgspec.structs.replace(webhook, tries=webhook.tries + 1, error=_short(error))
    await unit.update(webhook, later, deadlines={"due_at": pause_s})


async def replay(unit: Unit, webhook: Webhook) -> Webhook:
    """Let a webhook be handled again that is given up (or waits), with all its tries. Raises WebhookNotParked, Stale."""
    if webhook.state not in REPLAYED:
        raise WebhookNotParked(f"it is {webhook.state}")
    waiting = msgspec.structs.replace(webhook, state="waiting", tries=0, error=None, due_at=None, handled_at=None)
    stored = await unit.update(webhook, waiting)
    unit.emit(WebhookReceived(webhook_id=stored.id, gateway=stored.gateway), stored)
    return stored


async def due_webhooks(reads: Reads, *, limit: int = HANDLED_AT_ONCE) -> list[str]:
    """Find webhooks whose pause is over, and those that nobody ever took up; by the database's clock."""
    left = {"$subtract": ["$$NOW", to_bson(round(LEFT_AFTER_S * 1000))]}
    over = {"due_at": {"$type": "date"}, "$expr": {"$lte": ["$due_at", "$$NOW"]}}
    never_taken = {"due_at": None, "$expr": {"$lte": ["$received_at", left]}}
    filter_: dict[str, Any] = {"state": "waiting", "$or": [over, never_taken]}
    return await reads.find_ids(Webhook, filter_, sort=(("due_at", 1),), limit=limit)


async def _tell_command(unit: Unit, gateway: str, news: CommandNews, report: Report, now: datetime) -> WebhookState:
    command = await command_of(unit, gateway, news)
    if command is None:
        return "unmatched"
    if report.outcome == "pending":
        return "done"  # whoever asked for it waits for more than that
    await take_in(unit, command, report, now=now)
    return "done"


async def _tell_chargeback(unit: Unit, gateway: str, report: ChargebackReport, now: datetime) -> WebhookState:
    if await payment_of(unit, gateway, report) is None:
        return "unmatched"
    await chargebacks.take_in(unit, report, now=now)
    return "done"


def _short(error: str | None) -> str | None:
    return None if error is None else error[:LONGEST_ERROR]
