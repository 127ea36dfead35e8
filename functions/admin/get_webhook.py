"""`GET /api/admin/webhooks/{id}`."""

from freehold.documents import Webhook
from freehold.edge import Call, endpoint
from freehold.edge.problems import NotFound
from freehold.ids import WebhookPath
from freehold.views.webhooks import WebhookDetail, view_webhook_detail


@endpoint("GET /api/admin/webhooks/{id}", auth="admin", errors=[NotFound])
async def get_webhook(call: Call, path: WebhookPath) -> WebhookDetail:
    """Show one webhook of the inbox, with all that was read from it."""
    return view_webhook_detail(await call.store.require(Webhook, path.id))
