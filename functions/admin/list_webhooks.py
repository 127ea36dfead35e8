"""`GET /api/admin/webhooks`."""

from typing import Annotated, Any

from msgspec import Meta

from freehold.documents import Webhook
from freehold.documents.webhooks import WebhookState
from freehold.edge import Call, endpoint
from freehold.edge.pagination import Page, PageQuery, page_of
from freehold.edge.problems import InvalidCursor
from freehold.views.webhooks import WebhookView, view_webhook


class WebhookQuery(PageQuery, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which of them."""

    state: WebhookState | None = None
    gateway: Annotated[str, Meta(pattern=r"^[a-z]{1,20}$(?!\n)", description="Only what this gateway told.")] | None = None


@endpoint("GET /api/admin/webhooks", auth="admin", errors=[InvalidCursor])
async def list_webhooks(call: Call, query: WebhookQuery) -> Page[WebhookView]:
    """List what payment gateways have told by themselves, the newest first, and what became of it."""
    where: dict[str, Any] = {name: value for name in ("state", "gateway") if (value := getattr(query, name)) is not None}
    found, next_cursor = await page_of(call.store, Webhook, where, query)
    return Page([view_webhook(webhook) for webhook in found], next_cursor)
