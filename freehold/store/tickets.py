"""Tickets that open one socket each: made for a session, taken once, good for 30 s by the database's clock.

The database holds only a hash of a ticket. Beside them: which sessions are good, which is what a socket lives by.
"""

import hashlib
import secrets
from collections.abc import Collection
from datetime import timedelta
from typing import Final

from freehold.documents import Session, Ticket
from freehold.store.connection import Store
from freehold.store.mapping import from_bson
from freehold.store.reads import Reads
from freehold.store.unit import Unit

LIFETIME_S: Final = 30
LONGEST_TICKET: Final = 100
"""Characters; a longer text is no ticket of ours."""
SESSIONS_AT_ONCE: Final = 1_000
_TICKET_BYTES: Final = 32


async def make_ticket(unit: Unit, session: Session, roles: tuple[str, ...]) -> str:
    """Store a new ticket for this session and return its text, which is known to nobody else."""
    text = secrets.token_urlsafe(_TICKET_BYTES)
    unit.insert(
        Ticket(
            id=_hash(text),
            user_id=session.user_id,
            session_id=session.id,
            sign_in_version=session.sign_in_version,
            roles=roles,
            expires_at=await unit.database_now() + timedelta(seconds=LIFETIME_S),
        )
    )
    return text


async def take_ticket(store: Store, text: str) -> Ticket | None:
    """Take a ticket, which uses it up. None when it is unknown, used or expired."""
    if len(text) > LONGEST_TICKET:
        return None
    unexpired = {"$expr": {"$gt": ["$expires_at", "$$NOW"]}}
    raw = await store.collection(Ticket).find_one_and_delete({"_id": _hash(text), **unexpired})
    return None if raw is None else from_bson(raw, Ticket)


async def good_sessions(reads: Reads, session_ids: Collection[str]) -> dict[str, int]:
    """Map those of these sessions (at most SESSIONS_AT_ONCE) that are neither ended nor expired to their sign-in version."""
    good = {"_id": {"$in": list(session_ids)}, "ended_at": None, "$expr": {"$gt": ["$expires_at", "$$NOW"]}}
    cursor = reads.collection(Session).find(good, {"sign_in_version": 1}, session=reads.session, limit=SESSIONS_AT_ONCE)
    return {raw["_id"]: raw["sign_in_version"] for raw in await cursor.to_list()}


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
