"""Mails: stored with the change that wants them, claimed by whoever sends them. Times are the database's."""

from datetime import datetime
from typing import Any, Final

import msgspec

from freehold.documents import Mail
from freehold.domain.invoicing import Language
from freehold.domain.text import line
from freehold.events import MailRequested
from freehold.ids import new_id
from freehold.store.errors import StoreError
from freehold.store.mapping import from_bson, to_bson
from freehold.store.reads import Reads
from freehold.store.unit import Unit

LEASE_S: Final = 60.0
"""How long a claim holds. Longer than a server may take to accept a message."""
FIRST_PAUSE_S: Final = 5.0
LONGEST_PAUSE_S: Final = 3_600.0
MOST_TRIES: Final = 40
"""About a day and a half of trying; then the mail is given up."""
ABANDONED_AFTER_S: Final = 60.0
SENT_AT_ONCE: Final = 4
LONGEST_TEXT: Final = 20_000
_OPEN: Final = ("waiting", "sending")


class MailBusy(StoreError):  # noqa: N818 - it names what happened
    """Somebody is sending the mail, or it pauses; it comes round again."""


def post(  # noqa: PLR0913 - what a mail is
    unit: Unit, *, user_id: str, subject: str, text: str, language: Language, now: datetime, paper_of: str | None = None
) -> Mail:
    """Store a mail to a person, to be sent once this transaction is committed."""
    mail = Mail(
        id=new_id("mal"),
        user_id=user_id,
        subject=line(subject),
        text=text[:LONGEST_TEXT],
        language=language,
        paper_of=paper_of,
        created_at=now,
    )
    unit.insert(mail)
    unit.emit(MailRequested(mail_id=mail.id), mail)
    return mail


async def claim(unit: Unit, mail_id: str) -> Mail | None:
    """Take hold of a mail for LEASE_S, under the next fence; null when it is sent or given up. Raises MailBusy, or Missing."""
    take = {
        "state": "sending",
        "fence": {"$add": ["$fence", to_bson(1)]},
        "tries": {"$add": ["$tries", to_bson(1)]},
        "version": {"$add": ["$version", to_bson(1)]},
        "due_at": {"$dateAdd": {"startDate": "$$NOW", "unit": "second", "amount": to_bson(round(LEASE_S))}},
    }
    free = {"$or": [{"$eq": ["$due_at", None]}, {"$lte": ["$due_at", "$$NOW"]}]}
    row = await unit.collection(Mail).find_one_and_update(
        {"_id": mail_id, "state": {"$in": list(_OPEN)}, "$expr": free},
        [{"$set": take}],
        session=unit.session,
        return_document=True,
    )
    if row is not None:
        return from_bson(row, Mail)
    if (await unit.require(Mail, mail_id)).state in _OPEN:
        raise MailBusy(f"{mail_id} is being sent, or pauses")
    return None


async def mark_sent(unit: Unit, mail: Mail, *, now: datetime) -> None:
    """Note that the server has taken it."""
    await _close(unit, mail, state="sent", sent_at=now, error=None)


async def keep(unit: Unit, mail: Mail) -> None:
    """Note that it stays here, because nobody is there to send it."""
    await _close(unit, mail, state="kept", error=None)


async def refuse(unit: Unit, mail: Mail, *, error: str) -> None:
    """Note that it is refused for good."""
    await _close(unit, mail, state="refused", error=error)


async def pause(unit: Unit, mail: Mail, *, error: str) -> None:
    """Let go of a mail that could not be handed over, for longer each time; after MOST_TRIES it is given up."""
    if mail.tries >= MOST_TRIES:
        await refuse(unit, mail, error=error)
        return
    pause_s = min(FIRST_PAUSE_S * 2 ** min(mail.tries - 1, 30), LONGEST_PAUSE_S)
    waiting = msgspec.structs.replace(mail, state="waiting", error=error)
    await unit.update(mail, waiting, deadlines={"due_at": pause_s}, guard=_under_fence(mail))


async def due_mails(reads: Reads, *, limit: int = SENT_AT_ONCE) -> list[str]:
    """Find open mails whose claim or pause is over, and those that nobody ever took; by the database's clock."""
    abandoned = {"$subtract": ["$$NOW", to_bson(round(ABANDONED_AFTER_S * 1000))]}
    over = {"due_at": {"$type": "date"}, "$expr": {"$lte": ["$due_at", "$$NOW"]}}
    never_taken = {"due_at": None, "$expr": {"$lte": ["$created_at", abandoned]}}
    filter_: dict[str, Any] = {"state": {"$in": list(_OPEN)}, "$or": [over, never_taken]}
    return await reads.find_ids(Mail, filter_, sort=(("due_at", 1),), limit=limit)


async def _close(unit: Unit, mail: Mail, **changes: object) -> None:
    closed = msgspec.structs.replace(mail, due_at=None, **changes)
    await unit.update(mail, closed, guard=_under_fence(mail))


def _under_fence(mail: Mail) -> dict[str, Any]:
    return {"state": "sending", "fence": mail.fence}
