"""Evidence: keeping a file that a party adds, as long as nothing is decided and there is room for it."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, ClassVar, Final

from freehold.documents import Argued, Dispute, Received, StoredFile, TimeEntry, User
from freehold.domain.dispute_process import UNDECIDED, Party
from freehold.domain.errors import Refused
from freehold.domain.process import NotInThisState
from freehold.domain.week_process import ARGUED
from freehold.ids import new_id
from freehold.store.errors import Missing, Stale
from freehold.store.files import put_file
from freehold.store.reads import Reads
from freehold.store.unit import Unit

FILES_PER_SIDE: Final = 20
BYTES_PER_SIDE: Final = 50 * 1024 * 1024
BYTES_PER_PERSON: Final = 500 * 1024 * 1024
OLDEST_FIRST: Final = (("_id", 1),)
ARGUED_KINDS: Final[Mapping[str, type[Dispute | TimeEntry]]] = {"dsp": Dispute, "ten": TimeEntry}
_OPEN: Final[Mapping[type[Argued], dict[str, Any]]] = {
    Dispute: {"case.state": {"$in": list(UNDECIDED)}},
    TimeEntry: {"state": {"$in": list(ARGUED)}},
}


class TooManyFiles(Refused):
    """The side has added as many files, or as many bytes, as there is room for; or the person has stored as much as one may."""

    code: ClassVar[str] = "too_many_files"


def evidence_in(subject: Dispute | TimeEntry) -> dict[str, Any]:
    """Give the filter of the files about it."""
    return {"purpose": "evidence", "subject_id": subject.id}


async def subject_of(reads: Reads, file: StoredFile) -> Dispute | TimeEntry:
    """Find what a file is evidence in. Raises Missing for a file that is no evidence."""
    kind = ARGUED_KINDS.get(file.subject_id.partition("_")[0]) if file.purpose == "evidence" else None
    if kind is None:
        raise Missing(f"{file.id} is no evidence")
    return await reads.require(kind, file.subject_id)


def party_who_argues(subject: Dispute | TimeEntry, user_id: str) -> Party:
    """Say which party somebody is who may add evidence now. Raises Missing for anybody else, NotInThisState once decided."""
    party = subject.party_of(user_id)
    if party is None:
        raise Missing(f"{user_id} has no part in {subject.id}")
    is_open = subject.case.state in UNDECIDED if isinstance(subject, Dispute) else subject.state in ARGUED
    if not is_open:
        raise NotInThisState("nothing is argued about here (any more); it takes no evidence")
    return party


def require_reader(subject: Dispute | TimeEntry, user_id: str, *, is_operator: bool) -> None:
    """Raise Missing unless this person may see the evidence: a party of it, or an operator."""
    if subject.party_of(user_id) is None and not is_operator:
        raise Missing(f"{user_id} has no part in {subject.id}")


async def keep_evidence(
    unit: Unit, subject: Dispute | TimeEntry, received: Received, *, owner_id: str, now: datetime
) -> StoredFile:
    """Keep a file of one of the parties. Raises what `party_who_argues` raises, and TooManyFiles."""
    await _count(unit, subject, owner_id, size_bytes=len(received.data))
    file = StoredFile(
        id=new_id("fil"),
        purpose="evidence",
        subject_id=subject.id,
        owner_id=owner_id,
        name=received.name,
        media_type=received.media_type,
        size_bytes=len(received.data),
        sha256=received.sha256,
        scanned=received.scanned,
        created_at=now,
    )
    put_file(unit, file, received.data)
    return file


async def _count(unit: Unit, subject: Dispute | TimeEntry, owner_id: str, *, size_bytes: int) -> None:
    """Count one more file of a party, where there is room and nothing is decided yet; those who come at once meet here."""
    party = party_who_argues(subject, owner_id)
    files, stored, is_open = f"{party}_files", f"{party}_bytes", _OPEN[type(subject)]
    room = is_open | {files: {"$not": {"$gte": FILES_PER_SIDE}}, stored: {"$not": {"$gt": BYTES_PER_SIDE - size_bytes}}}
    try:
        await unit.increment(type(subject), subject.id, {files: 1, stored: size_bytes}, guard=room)
    except Stale as error:
        if not await unit.find_ids(type(subject), {"_id": subject.id, **is_open}, limit=1):
            raise NotInThisState("it was decided in the meantime; it takes no evidence") from error
        raise TooManyFiles(f"each side adds at most {FILES_PER_SIDE} files and {BYTES_PER_SIDE} bytes") from error
    mine = {"stored_bytes": {"$not": {"$gt": BYTES_PER_PERSON - size_bytes}}}
    try:
        await unit.increment(User, owner_id, {"stored_bytes": size_bytes}, guard=mine)
    except Stale as error:
        raise TooManyFiles(f"one person stores at most {BYTES_PER_PERSON} bytes") from error
