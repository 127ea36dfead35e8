"""`GET /api/admin/ledger/export`."""

from typing import Annotated, Final

from msgspec import Meta, Struct

from freehold.documents import LogLeaf
from freehold.domain.leaves import place_of
from freehold.edge import Call, endpoint
from freehold.store.ledger_log import IN_THEIR_ORDER

LARGEST_PIECE: Final = 1_000


class PieceQuery(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """From which leaf on, and how many at most."""

    begin: Annotated[int, Meta(ge=0, le=10**15 - 1, description="The place of the first leaf; `end` of the piece before.")] = 0
    limit: Annotated[int, Meta(ge=1, le=LARGEST_PIECE, description="How many leaves at most.")] = LARGEST_PIECE


class LogPiece(Struct, frozen=True, kw_only=True):
    """Leaves from `begin` to before `end`, one journal a line, each line ended. Empty when the log has no more."""

    begin: int
    end: int
    log: str


@endpoint("GET /api/admin/ledger/export", auth="admin")
async def export_log(call: Call, query: PieceQuery) -> LogPiece:
    """Read a piece of the log. All pieces after each other, cut at the checkpoint's size, are the file that can be verified.

    `python -m infra.export_ledger` writes it with the checkpoint and the key; `tools/verify_ledger.py` reads them.
    """
    places = {"_id": {"$gte": place_of(query.begin)}}
    leaves = await call.store.find(LogLeaf, places, sort=IN_THEIR_ORDER, limit=query.limit)
    return LogPiece(begin=query.begin, end=query.begin + len(leaves), log="".join(f"{leaf.leaf}\n" for leaf in leaves))
