"""Leadership: a role that one process holds at a time, by a lease with a fence.

The database's clock alone decides when a lease ends, and every new holder gets a higher fence; so a process that slept
past its lease is found out at its next write, whatever its own clock says.
"""

import time
from typing import Final

import structlog
from msgspec import Struct
from pymongo import ReturnDocument
from pymongo.client_session import ClientSession
from pymongo.errors import DuplicateKeyError

from connector.database import LONG_AGO, Row, Rows, has_passed, now_plus, one_more

RENEWED_AFTER: Final = 1 / 3
"""Which part of a lease may pass before it is renewed, or before somebody else tries to take it."""

log = structlog.get_logger()


class LeaseLost(Exception):  # noqa: N818 - it says what happened
    """Somebody else holds the role by now."""


class Held(Struct, frozen=True):
    """A lease that we hold: its fence, from when on it wants renewal, and when it has surely run out (monotonic seconds)."""

    fence: int
    renew_at_s: float
    ends_at_s: float


class Leadership:
    """The claim of one process (`holder`, a name that no other has) to one role."""

    def __init__(self, leases: Rows, *, role: str, holder: str, lease_s: float) -> None:
        self._leases = leases
        self._role = role
        self._holder = holder
        self._lease_s = lease_s
        self._try_again_at_s = 0.0
        self.held: Held | None = None

    @property
    def leads(self) -> bool:
        """Whether the role may be ours: not once our lease has run out unrenewed, as when the database is out of reach.

        For those who watch. What is written is ruled by the fence alone.
        """
        return self.held is not None and time.monotonic() < self.held.ends_at_s

    def keep(self) -> Held | None:
        """Renew the lease if it is time, or take it if it is free. Returns None while somebody else holds it."""
        if self.held is not None and time.monotonic() < self.held.renew_at_s:
            return self.held
        before = self.held
        self.held = self._renew(before) if before is not None else None
        if before is not None and self.held is None:
            log.warning("lease_lost", role=self._role, fence=before.fence)
        if self.held is None and time.monotonic() >= self._try_again_at_s:
            self.held = self._take()
        return self.held

    def confirm(self, held: Held, session: ClientSession) -> None:
        """Renew inside a transaction, so that it commits only if the role is still ours. Raises LeaseLost."""
        outcome = self._leases.update_one(self._own(held), [self._extension()], session=session)
        if outcome.matched_count == 0:
            self.held = None
            raise LeaseLost(self._role)

    def give_up(self) -> None:
        """End the lease now, so that another process need not wait for its end."""
        held, self.held = self.held, None
        if held is not None:
            self._leases.update_one(self._own(held), [{"$set": {"expires_at": "$$NOW", "version": one_more("version")}}])
            log.info("lease_given_up", role=self._role, fence=held.fence)

    def _renew(self, held: Held) -> Held | None:
        asked_at_s = time.monotonic()
        outcome = self._leases.update_one(self._own(held), [self._extension()])
        return self._holding(held.fence, asked_at_s) if outcome.matched_count else None

    def _take(self) -> Held | None:
        asked_at_s = time.monotonic()
        row = self._take_free() or (self._take_free() if self._lay_out() else None)
        if row is None:
            self._try_again_at_s = asked_at_s + self._lease_s * RENEWED_AFTER
            return None
        held = self._holding(row["fence"], asked_at_s)
        log.info("lease_taken", role=self._role, fence=held.fence)
        return held

    def _take_free(self) -> Row | None:
        free = {"_id": self._role, **has_passed("expires_at")}
        taken: Row = {"holder": self._holder, "fence": one_more("fence")}
        change = [{"$set": taken}, self._extension()]
        return self._leases.find_one_and_update(free, change, return_document=ReturnDocument.AFTER)

    def _lay_out(self) -> bool:
        """Store the role's lease, run out, if nobody ever held it. Returns whether it was missing."""
        nobody = {"holder": "", "fence": 0, "expires_at": LONG_AGO, "version": 0}
        try:
            return self._leases.update_one({"_id": self._role}, {"$setOnInsert": nobody}, upsert=True).upserted_id is not None
        except DuplicateKeyError:
            return True  # somebody else did, just now

    def _own(self, held: Held) -> Row:
        return {"_id": self._role, "holder": self._holder, "fence": held.fence}

    def _extension(self) -> Row:
        return {"$set": {"expires_at": now_plus(self._lease_s), "version": one_more("version")}}

    def _holding(self, fence: int, asked_at_s: float) -> Held:
        """Note what was granted just now; its end is counted from the answer, which cannot be before the grant."""
        renew_at_s = asked_at_s + self._lease_s * RENEWED_AFTER
        return Held(fence=fence, renew_at_s=renew_at_s, ends_at_s=time.monotonic() + self._lease_s)
