"""What Stripe tells by itself. An event's copy of the object may be old, and events come in any order: the object is fetched.

The signature is checked against a given clock; the library checks against its own. Source: docs.stripe.com/webhooks/signature.
"""

import hashlib
import hmac
import re
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime
from typing import Final

import msgspec

from freehold.domain.news import News
from freehold.payments.gateway import ChargebackNews, CommandNews, InvalidWebhook, Payee, PayeeNews, WebhookEvent
from freehold.payments.stripe.line import Line
from freehold.payments.stripe.objects import Dispute, Event, ListPage, PaymentIntent, Refund, Reversal, Transfer
from freehold.payments.stripe.payees import payee
from freehold.payments.stripe.reports import (
    chargeback_of,
    report_of_payment,
    report_of_refund,
    report_of_reversal,
    report_of_transfer,
)

HEADER: Final = "stripe-signature"
TOLERANCE_S: Final = 300
_PART: Final = re.compile(r"^(t=\d{1,12}|[a-z0-9]{1,8}=[0-9a-f]{1,128})$")
_MOST_PARTS: Final = 10


def verify(body: bytes, headers: Mapping[str, str], *, keys: str, now: datetime) -> Event:
    """Read an event out of a signed body. Raises InvalidWebhook.

    `keys` are the signing secrets of our endpoints, with blanks between them: Stripe has one for the platform's events, and
    another one for those of payees' accounts. While one is being changed, a header carries a signature by each.
    """
    header = {name.lower(): value for name, value in headers.items()}.get(HEADER, "")
    parts = header.split(",")
    stamps = [part[2:] for part in parts if part.startswith("t=")]
    if len(parts) > _MOST_PARTS or not all(_PART.fullmatch(part) for part in parts) or len(stamps) != 1:
        raise InvalidWebhook("there is no signature that could be checked")
    signatures = [part[3:] for part in parts if part.startswith("v1=")]
    expected = [signature(stamps[0], body, key) for key in keys.split()]
    if not any(hmac.compare_digest(ours, theirs) for ours in expected for theirs in signatures):
        raise InvalidWebhook("the signature is not of this body")
    if abs(now.timestamp() - int(stamps[0])) > TOLERANCE_S:
        raise InvalidWebhook("the signature is too old, or from the future")
    try:
        return msgspec.json.decode(body, type=Event)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise InvalidWebhook(f"the body is no event: {error}") from error


def signature(stamp: str, body: bytes, key: str) -> str:
    """Sign a body as Stripe does."""
    return hmac.new(key.encode(), stamp.encode() + b"." + body, hashlib.sha256).hexdigest()


async def news_of(line: Line, event: Event) -> WebhookEvent:
    """Fetch what the event is about, and say what it means. Raises GatewayUnavailable."""
    tell = _tell(event.type)
    object_id = event.data.object.get("id")
    news = None
    if tell is not None and event.livemode == line.is_live and isinstance(object_id, str):
        news = await tell(line, event, object_id)
    return WebhookEvent(id=event.id, type=event.type, news=news)


Tell = Callable[[Line, Event, str], Awaitable[News | None]]


def _tell(event_type: str) -> Tell | None:
    """Say who understands events of this type: those of a kind, or one alone."""
    kind, _, _ = event_type.rpartition(".")
    return _TELLERS.get(event_type) or _TELLERS.get(kind)


async def _payment(line: Line, _: Event, intent_id: str) -> News | None:
    found = await line.find(f"/v1/payment_intents/{intent_id}", PaymentIntent, expand=["latest_charge.balance_transaction"])
    if found is None or not found.key:
        return None
    return CommandNews(kind="payment", key=found.key, milestone_id=found.milestone_id, report=report_of_payment(found))


async def _refund(line: Line, _: Event, refund_id: str) -> News | None:
    found = await line.find(f"/v1/refunds/{refund_id}", Refund)
    if found is None or not found.key:
        return None
    return CommandNews(kind="refund", key=found.key, milestone_id=found.milestone_id, report=report_of_refund(found))


async def _transfer(line: Line, _: Event, transfer_id: str) -> News | None:
    found = await line.find(f"/v1/transfers/{transfer_id}", Transfer)
    if found is None or not found.key:
        return None
    return CommandNews(kind="transfer", key=found.key, milestone_id=found.milestone_id, report=report_of_transfer(found))


async def _reversed(line: Line, event: Event, transfer_id: str) -> News | None:
    """Tell of the newest reversal if it is ours; else the transfer came back by itself."""
    page = await line.get(f"/v1/transfers/{transfer_id}/reversals", ListPage[Reversal], limit=1)
    if page.data and page.data[0].key:
        newest = page.data[0]
        report = report_of_reversal(newest)
        return CommandNews(kind="reversal", key=newest.key, milestone_id=newest.milestone_id, report=report)
    return await _transfer(line, event, transfer_id)


async def _dispute(line: Line, _: Event, dispute_id: str) -> News | None:
    found = await line.find(f"/v1/disputes/{dispute_id}", Dispute, expand=["payment_intent"])
    report = None if found is None else chargeback_of(found)
    return None if report is None else ChargebackNews(report=report)


async def _account(line: Line, _: Event, account_id: str) -> News | None:
    found = await payee(line, account_id)
    return None if found is None else PayeeNews(payee=found)


async def _left(_: Line, event: Event, __: str) -> News | None:
    """Tell that a payee has cut their account off from the platform."""
    if event.account is None:
        return None
    return PayeeNews(payee=Payee(account=event.account, state="restricted", reasons=("account_disconnected",)))


_TELLERS: Final[dict[str, Tell]] = {
    "payment_intent": _payment,
    "refund": _refund,
    "charge.refund": _refund,
    "transfer": _transfer,
    "transfer.reversed": _reversed,
    "charge.dispute": _dispute,
    "account.updated": _account,
    "account.application.deauthorized": _left,
}
"""By an event's type, or by what stands before its last point."""
EVENTS: Final = (
    "payment_intent.succeeded", "payment_intent.payment_failed", "payment_intent.canceled", "payment_intent.processing",
    "payment_intent.requires_action", "refund.created", "refund.updated", "refund.failed", "transfer.created",
    "transfer.reversed",
    "charge.dispute.created", "charge.dispute.funds_withdrawn", "charge.dispute.funds_reinstated", "charge.dispute.closed",
    "account.updated", "account.application.deauthorized",
)  # fmt: skip
"""What an operator selects for our endpoint at Stripe; docs/payments.md lists them."""
