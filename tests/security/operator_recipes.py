"""Requests for what operators do by hand about money: refunds paid outside, the inbox of webhooks. A part of the table."""

import secrets
from typing import Any, Final

from freehold.ids import new_id
from tests.escrow import Work
from tests.security.recipe import Recipe, Request
from tests.security.world import LONG_AGO, World

PLACE: Final = "/api/admin/refunds-by-hand"


def _blocked_refund(world: World) -> dict[str, Any]:
    """Let the gateway refuse to give a milestone's money back; operators see that."""
    work = Work(world.api, world["client"], world["freelancer"], world.project())
    made = work.created(title=world.words("client", "freelancer"))
    world.hide(made["id"], "client", "freelancer", "admin")
    deposit = {"milestone_id": made["id"], "method": "refund_refused"}
    world["client"].post("/api/escrow/deposit", deposit, status=202)
    world.carry("payment.fund_requested", "payments-carry-out-command")
    work.take(world["freelancer"], work.read(made["id"]), "refund")
    world.carry("payment.refund_requested", "payments-carry-out-command")
    blocked = work.read(made["id"])
    assert blocked["state"] == "refund_blocked", blocked
    return blocked


def _hand_refund(world: World) -> Request:
    body = {"reason": "Their card is closed.", "reference": secrets.token_hex(6)}
    return Request(body={**body, "milestone_id": _blocked_refund(world)["id"]})


def _proposed(world: World) -> str:
    """Let another operator propose to book a refund as paid outside; give the proposal's id."""
    body = {"milestone_id": _blocked_refund(world)["id"], "reason": world.words("admin"), "reference": world.words("admin")}
    return world.hide(world.other_admin.post(PLACE, body)["id"], "admin")


def _parked_webhook(world: World) -> Request:
    """Keep a webhook about something that nobody asked for."""
    row = {
        "_id": new_id("whk"), "version": 1, "gateway": "sandbox", "event_id": new_id("evt"), "type": world.words("admin"),
        "digest": bytes(32), "news": None, "state": "unmatched", "tries": 3, "due_at": None, "error": None,
        "received_at": LONG_AGO, "handled_at": LONG_AGO,
    }  # fmt: skip
    world.api.run(world.api.store.database["webhook_inbox"].insert_one(row))
    return Request(world.hide(str(row["_id"]), "admin"))


OPERATOR_RECIPES: Final[dict[str, Recipe]] = {
    "admin-approve-hand-refund": Recipe("admin", lambda world: Request(_proposed(world), {"note": "Seen."})),
    "admin-get-webhook": Recipe("admin", _parked_webhook),
    "admin-list-blocked-refunds": Recipe("admin", lambda _: Request()),
    "admin-list-hand-refunds": Recipe("admin", lambda _: Request()),
    "admin-list-webhooks": Recipe("admin", lambda _: Request()),
    "admin-propose-hand-refund": Recipe("admin", _hand_refund),
    "admin-reject-hand-refund": Recipe("admin", lambda world: Request(_proposed(world), {"note": "No."})),
    "admin-replay-webhook": Recipe("admin", _parked_webhook),
}
