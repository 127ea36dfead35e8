"""What every stored document is: a frozen struct with an `_id` and a version, its collection and indexes beside it."""

import hashlib
from datetime import datetime
from typing import Annotated, ClassVar, Literal

from msgspec import Meta, Struct

Direction = Literal[1, -1, "text", "2dsphere"]
Instant = Annotated[datetime, Meta(tz=True)]
"""An aware time in UTC, whole milliseconds (what MongoDB keeps)."""

Version = Annotated[int, Meta(ge=1, le=2**31 - 1, description="The version of the document that the caller saw.")]
"""How often a document was written, as a caller names it."""


class Index(Struct, frozen=True):
    """One index: `keys` as (field, direction); `partial` limits it to the documents that match.

    One that removes documents (`expire_after_s` behind the date in its only key) says `because` of what they may go.
    """

    keys: tuple[tuple[str, Direction], ...]
    unique: bool = False
    partial: dict[str, object] | None = None
    expire_after_s: int | None = None
    because: str = ""
    weights: dict[str, int] | None = None

    def __post_init__(self) -> None:
        """Raise ValueError unless documents are removed for a reason, and a reason stands only there."""
        if (self.expire_after_s is None) is not (not self.because):
            raise ValueError(f"{self.keys}: an index that removes documents, and no other, says because of what")

    @property
    def name(self) -> str:
        """The name in the database, made from what the index says, so that a changed index gets a new one."""
        parts = [f"{field}_{direction}" for field, direction in self.keys]
        parts += ["unique"] if self.unique else []
        parts += [f"ttl_{self.expire_after_s}"] if self.expire_after_s is not None else []
        rest = [part for part in (self.partial, self.weights) if part is not None]
        parts += [hashlib.sha256(repr(rest).encode()).hexdigest()[:8]] if rest else []
        return "_".join(parts)


class Document(Struct, frozen=True, kw_only=True, rename={"id": "_id"}):
    """A stored document. Unknown fields are tolerated: functions are deployed one by one."""

    collection: ClassVar[str]
    indexes: ClassVar[tuple[Index, ...]] = ()

    id: str
    version: int = 1
