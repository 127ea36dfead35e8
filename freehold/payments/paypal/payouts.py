"""Payouts at PayPal: one item each, under our key. The SDK does not have them."""

from datetime import timedelta
from typing import Final
from urllib.parse import quote

import msgspec

from freehold.documents import GatewayObject
from freehold.domain.settlement import Outcome
from freehold.payments.gateway import GatewayUnavailable
from freehold.payments.paypal.accounts import kind_of_account
from freehold.payments.paypal.amounts import text_of
from freehold.payments.paypal.line import Declined, Line
from freehold.payments.paypal.wire import Batch, PayoutItem

ITEM_ID_LENGTH: Final = 63
REMEMBERED: Final = timedelta(days=29)
"""For 30 days PayPal refuses a payout under a key that it knows; a day is left for clocks."""

BATCH_OVER: Final = frozenset({"DENIED", "CANCELED"})
ITEM_OUTCOMES: Final[dict[str, Outcome]] = {
    "SUCCESS": "done",
    "PENDING": "pending",
    "UNCLAIMED": "pending",
    "ONHOLD": "pending",
    "FAILED": "refused",
    "DENIED": "refused",
    "BLOCKED": "refused",
    "RETURNED": "returned",
    "REFUNDED": "returned",
    "REVERSED": "returned",
    "CANCELED": "returned",
}
"""What each state of an item means. An unclaimed one waits for its receiver for 30 days; then its money comes back."""


async def create_payout(line: Line, entry: GatewayObject) -> str:
    """Ask for a payout, or find the one that was asked for under this key; answer its id."""
    item = {
        "recipient_type": kind_of_account(entry.account),
        "receiver": entry.account,
        "amount": {"currency": entry.money.currency, "value": text_of(entry.money)},
        "sender_item_id": entry.key[:ITEM_ID_LENGTH],
    }
    body = msgspec.json.encode({"sender_batch_header": {"sender_batch_id": entry.key}, "items": [item]})
    try:
        made = await line.send("POST", "/v1/payments/payouts", Batch, body=body, request_id=entry.key)
    except Declined as declined:
        known = _earlier(declined)
        if known is None:
            raise
        return known
    return made.batch_header.payout_batch_id


async def payout(line: Line, batch_id: str) -> Batch:
    """Say how a payout stands."""
    return await line.send("GET", f"/v1/payments/payouts/{quote(batch_id, safe='')}?page_size=1", Batch)


async def cancel_item(line: Line, item_id: str) -> PayoutItem:
    """Take back an item that nobody has claimed."""
    return await line.send("POST", f"/v1/payments/payouts-item/{quote(item_id, safe='')}/cancel", PayoutItem)


def outcome_of(batch: Batch) -> tuple[Outcome, str | None]:
    """Say what a payout means for its transfer, and why."""
    header = batch.batch_header
    if header.batch_status in BATCH_OVER:
        return "refused", f"payout_{header.batch_status.lower()}"
    if not batch.items:
        return "pending", None
    item = batch.items[0]
    outcome = ITEM_OUTCOMES.get(item.transaction_status)
    if outcome is None:
        raise GatewayUnavailable(f"PayPal says {item.transaction_status[:40]} of a payout")
    if item.transaction_status == "BLOCKED":
        return outcome, "payouts_blocked"
    because = (item.errors.name if item.errors else "") or item.transaction_status
    return outcome, None if item.transaction_status in ("SUCCESS", "PENDING") else because.lower()


def _earlier(declined: Declined) -> str | None:
    """Read which payout PayPal already has under this key; null when it refuses for another reason."""
    found = [link.href.rsplit("/", 1)[1] for link in declined.links if "/v1/payments/payouts/" in link.href]
    return found[0] if found and found[0] else None
