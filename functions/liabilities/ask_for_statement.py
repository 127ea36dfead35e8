"""`POST /api/admin/liabilities`."""

from typing import Annotated

from msgspec import Struct

from freehold.documents import Instant, LiabilityStatement
from freehold.domain.text import prose, required_text
from freehold.edge import Call, endpoint


class Reason(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Why now, for whoever reads later what was asked for."""

    reason: Annotated[str, required_text(200)]


class Asked(Struct, frozen=True, kw_only=True):
    """A statement that is on its way; the newest one that is signed is at `GET /api/liabilities`."""

    id: str
    asked_at: Instant


@endpoint("POST /api/admin/liabilities", auth="admin", status=202)
async def ask_for_statement(call: Call, body: Reason) -> Asked:
    """Ask for a statement of what is owed to all users, before the next hour. One that waits already is the answer."""
    waiting = await call.unit.first(LiabilityStatement, {"state": "asked"})
    if waiting is None:
        waiting = LiabilityStatement(id=call.new_id("lia"), reason=prose(body.reason), asked_at=call.now)
        call.unit.insert(waiting)
    return Asked(id=waiting.id, asked_at=waiting.asked_at)
