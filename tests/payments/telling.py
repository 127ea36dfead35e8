"""What gateways tell in tests: webhooks of the sandbox's, signed with its own key, about real commands."""

from datetime import datetime
from typing import Any

import msgspec

from freehold.domain.money import Money
from freehold.domain.news import CommandNews, News
from freehold.domain.settlement import Report
from freehold.ids import new_id
from freehold.payments.gateway import WebhookEvent
from freehold.payments.sandbox import SandboxGateway
from freehold.payments.webhooks import sign
from freehold.store import Store, now


def told(command: Any, outcome: str = "done", *, amount: int | None = None, currency: str | None = None, **fields: Any) -> News:
    """Say how that which a command asked for stands."""
    money = Money(command.money.amount if amount is None else amount, currency or command.money.currency)
    kind = {"fund": "payment", "cancel": "payment"}.get(command.kind, command.kind)
    report = Report(outcome=outcome, reference="sandbox:1", money=money, **fields)
    return CommandNews(kind=kind, key=command.id, milestone_id=command.milestone_id, report=report)


async def signed(
    store: Store, news: News | None, *, event_id: str | None = None, at: datetime | None = None
) -> tuple[bytes, dict[str, str]]:
    """Give the body and the headers of a webhook, as the sandbox sends it."""
    body = msgspec.json.encode(WebhookEvent(id=event_id or new_id("evt"), type="object.changed", news=news))
    return body, sign(body, key=await SandboxGateway(store).webhook_key(), at=at or now())
