"""Whether a verified token's session still lives: read on every write, cached for at most 5 s on reads."""

import time
from collections import OrderedDict
from typing import Final

from msgspec import Struct

from freehold.documents import Session
from freehold.edge.problems import Unauthenticated
from freehold.edge.tokens import AccessClaims
from freehold.store import Reads, Store

FRESH_FOR_S: Final = 5.0
CACHE_SIZE: Final = 8_192


class Caller(Struct, frozen=True):
    """Who calls: a person, through one of their sessions."""

    user_id: str
    session_id: str
    roles: tuple[str, ...]

    def has_role(self, role: str) -> bool:
        """Whether the person has this role."""
        return role in self.roles


class SessionGate:
    """Knows for a few seconds which sessions are good."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._seen: OrderedDict[str, tuple[float, Session | None]] = OrderedDict()

    async def admit(self, claims: AccessClaims, *, for_write: bool) -> Caller:
        """Turn a token's claims into a caller. Raises Unauthenticated when the session ended or its rights changed."""
        session = await self._session(claims.session_id, fresh=for_write)
        if (
            session is None
            or session.user_id != claims.user_id
            or session.ended_at is not None
            or session.sign_in_version != claims.sign_in_version
        ):
            raise Unauthenticated("The session has ended or its rights have changed; sign in or refresh again.")
        return Caller(user_id=claims.user_id, session_id=claims.session_id, roles=claims.roles)

    async def _session(self, session_id: str, *, fresh: bool) -> Session | None:
        known = self._seen.get(session_id)
        if known is not None and not fresh and time.monotonic() - known[0] < FRESH_FOR_S:
            return known[1]
        asked_at = time.monotonic()
        session = await self._store.get(Session, session_id)
        self._seen[session_id] = (asked_at, session)
        self._seen.move_to_end(session_id)
        if len(self._seen) > CACHE_SIZE:
            self._seen.popitem(last=False)
        return session


async def raise_sign_in_version(reads: Reads, user_id: str) -> None:
    """End every access token that this person holds (their rights changed); refreshing gives one with the new rights."""
    await reads.collection(Session).update_many(
        {"user_id": user_id, "ended_at": None}, {"$inc": {"sign_in_version": 1}}, session=reads.session
    )
