"""Following the realtime log by change stream: every row that is inserted, once, in its order, across outages.

The position is kept in memory: a follower that starts begins with now, and one whose position the database no longer
knows says so (LogGap), because rows may have passed unseen.
"""

from collections.abc import AsyncGenerator, Mapping
from typing import Any, Final

import msgspec
import structlog
from bson import Timestamp
from pymongo.asynchronous.change_stream import AsyncChangeStream
from pymongo.errors import OperationFailure, PyMongoError

from freehold.documents import RealtimeRow
from freehold.store.connection import Store
from freehold.store.errors import StoreError
from freehold.store.mapping import from_bson

QUIET_MS: Final = 1_000
"""How long the database waits for a row before it says that there is none."""

_LOST_POSITION: Final = frozenset({136, 260, 280, 286})
"""CappedPositionLost, InvalidResumeToken, ChangeStreamFatalError, ChangeStreamHistoryLost."""
_STAGES: Final = (
    {"$match": {"operationType": {"$in": ["insert", "invalidate"]}}},
    {"$project": {"operationType": 1, "fullDocument": 1}},
)

_log = structlog.get_logger(__name__)


class LogGap(StoreError):  # noqa: N818 - it names what happened
    """The place in the log is lost; the next read begins with now."""


class LogUnreadable(StoreError):  # noqa: N818 - it names what happened
    """The log cannot be read at present; the next read goes on where this one stopped."""


class LogFollower:
    """One process's place in the realtime log. `after` is a place that another follower had (a resume token)."""

    def __init__(self, store: Store, *, after: Mapping[str, Any] | None = None) -> None:
        self._log = store.collection(RealtimeRow)
        self._since: Timestamp | None = None
        self._token = after

    @property
    def has_place(self) -> bool:
        """Whether rows from now on will be given out, also those that come during an outage."""
        return self._token is not None or self._since is not None

    async def rows(self) -> AsyncGenerator[RealtimeRow | None, None]:
        """Give out each new row; None once the log is open, and whenever there is no row for QUIET_MS.

        Raises LogGap when rows may have been missed, LogUnreadable when the next call may go on.
        """
        try:
            async with await self._open() as stream:
                yield None
                while stream.alive:
                    change = await stream.try_next()
                    self._token = stream.resume_token or self._token
                    if change is None:
                        yield None
                    elif change["operationType"] == "insert" and (row := _row_of(change["fullDocument"])) is not None:
                        yield row
        except OperationFailure as error:
            if error.code not in _LOST_POSITION and not error.has_error_label("NonResumableChangeStreamError"):
                raise LogUnreadable(f"the database refuses ({error.code})") from error
            self._forget()
            raise LogGap("the database no longer knows this place in the log") from error
        except PyMongoError as error:
            raise LogUnreadable(type(error).__name__) from error
        self._forget()
        raise LogGap("the log was removed")

    async def _open(self) -> AsyncChangeStream[dict[str, Any]]:
        if not self.has_place:
            latest = (await self._log.database.command("ping"))["operationTime"]
            self._since = Timestamp(latest.time, latest.inc + 1)
        since = self._since if self._token is None else None
        return await self._log.watch(
            list(_STAGES), start_after=self._token, start_at_operation_time=since, max_await_time_ms=QUIET_MS
        )

    def _forget(self) -> None:
        self._token = None
        self._since = None


def _row_of(raw: dict[str, Any]) -> RealtimeRow | None:
    try:
        return from_bson(raw, RealtimeRow)
    except msgspec.ValidationError as error:
        _log.error("realtime_row_unreadable", row=str(raw.get("_id")), fault=str(error))
        return None
