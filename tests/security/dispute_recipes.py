"""Requests for the endpoints of disputes and their evidence: a part of the table."""

import base64
import secrets
from typing import Any, Final

from tests.escrow import usd
from tests.quarrels import complaint
from tests.security.recipe import Make, Recipe, Request
from tests.security.world import World


def _complaint(**fields: Any) -> Make:
    return lambda world: Request(body=complaint(world.disputable(), 10_000, claim=usd(8_000), **fields))


def _dispute_change(state: str, transition: str, **body: Any) -> Make:
    def make(world: World) -> Request:
        dispute = world.dispute(state)
        return Request(dispute["id"], {"version": dispute["version"], "transition": transition, **body})

    return make


def _file() -> dict[str, str]:
    return {"name": "log.txt", "content": base64.b64encode(secrets.token_hex(8).encode()).decode()}


def _evidence_about_hours(world: World) -> Request:
    entry = world.segment()
    world.evidence(f"/api/time-tracking/{entry['id']}")
    return Request(entry["id"])


DISPUTE_RECIPES: Final[dict[str, Recipe]] = {
    "admin-file-dispute": Recipe("admin", _complaint(filer="freelancer")),
    "admin-get-dispute": Recipe("admin", lambda world: Request(world.dispute()["id"])),
    "admin-list-disputes": Recipe("admin", lambda _: Request()),
    "admin-mediate-dispute": Recipe("admin", _dispute_change("filed", "note", note="To be looked at.")),
    "admin-mediate-dispute:propose": Recipe(
        "admin", _dispute_change("mediation", "propose", to_freelancer=usd(3_000), reasons="By the messages.")
    ),
    "admin-mediate-dispute:rule": Recipe(
        "admin", _dispute_change("ruling", "rule", to_freelancer=usd(3_000), reasons="By the messages.")
    ),
    "disputes-create-dispute": Recipe("client", _complaint(), {"freelancer": 201}),
    "disputes-get-dispute": Recipe("client", lambda world: Request(world.dispute("ruling")["id"]), {"freelancer": 200}),
    "disputes-list-disputes": Recipe("client", lambda _: Request()),
    "disputes-update-dispute": Recipe(
        "freelancer", _dispute_change("filed", "contest", statement="It is good work."), {"client": 403}
    ),
    "disputes-update-dispute:accept_claim": Recipe("freelancer", _dispute_change("filed", "accept_claim"), {"client": 403}),
    "disputes-update-dispute:offer": Recipe(
        "client", _dispute_change("negotiating", "offer", to_freelancer=usd(2_000), note="For peace."), {"freelancer": 200}
    ),
    "disputes-update-dispute:accept_offer": Recipe(
        "freelancer", _dispute_change("negotiating", "accept_offer", offer=1), {"client": 409}
    ),
    "disputes-update-dispute:escalate": Recipe("client", _dispute_change("negotiating", "escalate"), {"freelancer": 200}),
    "disputes-update-dispute:accept_proposal": Recipe(
        "client", _dispute_change("proposed", "accept_proposal"), {"freelancer": 200}
    ),
    "disputes-update-dispute:withdraw": Recipe("client", _dispute_change("ruling", "withdraw"), {"freelancer": 403}),
    "admin-list-segments": Recipe("admin", lambda _: Request()),
    "evidence-add-evidence": Recipe("client", lambda world: Request(world.dispute()["id"], _file()), {"freelancer": 201}),
    "evidence-add-segment-evidence": Recipe(
        "client", lambda world: Request(world.segment()["id"], _file()), {"freelancer": 201}
    ),
    "evidence-list-segment-evidence": Recipe("client", _evidence_about_hours, {"freelancer": 200, "admin": 200}),
    "evidence-get-evidence": Recipe("client", lambda world: Request(world.evidence()["id"]), {"freelancer": 200, "admin": 200}),
    "evidence-list-evidence": Recipe(
        "client", lambda world: Request(world.evidence()["dispute_id"]), {"freelancer": 200, "admin": 200}
    ),
}
