"""`POST /api/admin/webhooks/{id}/replay`."""

import structlog

from freehold.documents import Webhook
from freehold.edge import Call, endpoint
from freehold.edge.problems import NotFound
from freehold.ids import WebhookPath
from freehold.store.webhooks import WebhookNotParked, replay
from freehold.views.webhooks import WebhookView, view_webhook

log = structlog.get_logger()


@endpoint("POST /api/admin/webhooks/{id}/replay", auth="admin", errors=[NotFound, WebhookNotParked])
async def replay_webhook(call: Call, path: WebhookPath) -> WebhookView:
    """Handle a webhook again that was refused or matched nothing, or one that waits, now. It never has its effect twice.

    Of what was asked for, the gateway is asked how it stands by now if the webhook cannot be taken in as it is. Raises
    WebhookNotParked when it has had its effect, or has none.
    """
    before = await call.unit.require(Webhook, path.id)
    after = await replay(call.unit, before)
    log.info("webhook_replayed", webhook_id=after.id, was=before.state, error=before.error, admin_id=call.caller.user_id)
    return view_webhook(after)
