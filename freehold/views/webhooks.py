"""A webhook of the inbox, as operators see it."""

from typing import Any

from msgspec import Struct

from freehold.documents import Instant, Webhook
from freehold.documents.webhooks import WebhookState
from freehold.domain.news import ChargebackNews, CommandNews, News, PayeeNews


class WebhookView(Struct, frozen=True, kw_only=True):
    """What a gateway told: `type` in its own words, `news` in ours (`payment`, `chargeback`, `payee` ...; null: nothing).

    `about` names what it is about by our own name (null: we know it by none), `outcome` what the gateway said of it.
    `refused` and `unmatched` ones have had no effect: a person must look.
    """

    id: str
    gateway: str
    event_id: str
    type: str
    state: WebhookState
    news: str | None
    about: str | None
    milestone_id: str | None
    outcome: str | None
    tries: int
    error: str | None
    received_at: Instant
    due_at: Instant | None
    handled_at: Instant | None
    version: int


class WebhookDetail(WebhookView, frozen=True, kw_only=True):
    """A webhook with all that we read from it, and the SHA-256 (hexadecimal) of the bytes that the gateway has signed."""

    read: News | None
    digest: str


def view_webhook(webhook: Webhook) -> WebhookView:
    """Show a webhook in a list."""
    return WebhookView(**_fields(webhook))


def view_webhook_detail(webhook: Webhook) -> WebhookDetail:
    """Show a webhook whole."""
    return WebhookDetail(**_fields(webhook), read=webhook.news, digest=webhook.digest.hex())


def _fields(webhook: Webhook) -> dict[str, Any]:
    news, about, milestone_id, outcome = _about(webhook.news)
    return {
        "id": webhook.id,
        "gateway": webhook.gateway,
        "event_id": webhook.event_id,
        "type": webhook.type,
        "state": webhook.state,
        "news": news,
        "about": about,
        "milestone_id": milestone_id,
        "outcome": outcome,
        "tries": webhook.tries,
        "error": webhook.error,
        "received_at": webhook.received_at,
        "due_at": webhook.due_at,
        "handled_at": webhook.handled_at,
        "version": webhook.version,
    }


def _about(news: News | None) -> tuple[str | None, str | None, str | None, str | None]:
    match news:
        case CommandNews():
            return news.kind, news.key, news.milestone_id, news.report.outcome
        case ChargebackNews():
            return "chargeback", news.report.id, news.report.milestone_id, news.report.state
        case PayeeNews():
            return "payee", None, None, news.payee.state
    return None, None, None, None
