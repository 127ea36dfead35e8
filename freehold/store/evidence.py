"""How much evidence there may be: per side of a dispute, and per person over all their files."""

from typing import ClassVar, Final

from freehold.documents import Dispute, User
from freehold.domain.dispute_process import UNDECIDED, Party
from freehold.domain.errors import Refused
from freehold.domain.process import NotInThisState
from freehold.store.errors import Stale
from freehold.store.unit import Unit

FILES_PER_SIDE: Final = 20
BYTES_PER_SIDE: Final = 50 * 1024 * 1024
BYTES_PER_PERSON: Final = 500 * 1024 * 1024


class TooManyFiles(Refused):
    """The side has added as many files, or as many bytes, as a dispute takes; or the person has stored as much as one may."""

    code: ClassVar[str] = "too_many_files"


async def count_file(unit: Unit, dispute: Dispute, party: Party, *, size_bytes: int) -> None:
    """Count one more file of a party, where there is room and nothing is decided yet; those who come at once meet here.

    Raises TooManyFiles, or NotInThisState when the dispute was decided in the meantime.
    """
    files, stored = f"{party}_files", f"{party}_bytes"
    room = {
        "case.state": {"$in": list(UNDECIDED)},
        files: {"$not": {"$gte": FILES_PER_SIDE}},
        stored: {"$not": {"$gt": BYTES_PER_SIDE - size_bytes}},
    }
    try:
        await unit.increment(Dispute, dispute.id, {files: 1, stored: size_bytes}, guard=room)
    except Stale as error:
        if (await unit.require(Dispute, dispute.id)).case.state not in UNDECIDED:
            raise NotInThisState("the dispute was decided in the meantime; it takes no more evidence") from error
        raise TooManyFiles(f"each side adds at most {FILES_PER_SIDE} files and {BYTES_PER_SIDE} bytes") from error
    mine = {"stored_bytes": {"$not": {"$gt": BYTES_PER_PERSON - size_bytes}}}
    try:
        await unit.increment(User, dispute.person(party), {"stored_bytes": size_bytes}, guard=mine)
    except Stale as error:
        raise TooManyFiles(f"one person stores at most {BYTES_PER_PERSON} bytes") from error
