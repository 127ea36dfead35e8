"""A request as nginx tells it: one line of JSON behind a syslog header (`gateway/nginx/access_log.conf` writes it)."""

from typing import Annotated, Final

import msgspec
from msgspec import Meta, Struct

MARK: Final = b"freehold: "
"""What stands before the line: nginx's tag, as `gateway/start` sets it."""


class NotARequest(Exception):  # noqa: N818 - it names what is wrong
    """A datagram tells of no request."""


class Request(Struct, frozen=True, kw_only=True):
    """What is needed of a line; what else it says is for the log. Times are in seconds of nginx's clock."""

    ended_at_s: Annotated[float, Meta(gt=0, lt=1e11)]
    duration_s: Annotated[float, Meta(ge=0, lt=1e9)]
    status: Annotated[int, Meta(ge=0, le=999)]
    trace_id: Annotated[str, Meta(pattern=r"^(?!0{32})[0-9a-f]{32}$(?!\n)")]
    span_id: Annotated[str, Meta(pattern=r"^(?!0{16})[0-9a-f]{16}$(?!\n)")]
    parent_span_id: Annotated[str, Meta(pattern=r"^([0-9a-f]{16})?$(?!\n)")] = ""
    trace_flags: Annotated[str, Meta(pattern=r"^[0-9a-f]{2}$(?!\n)")] = "01"
    method: str = ""
    route: str = ""
    endpoint: str = ""
    limited: str = ""
    cache: str = ""
    answer_bytes: Annotated[int, Meta(ge=0)] = 0

    @property
    def is_sampled(self) -> bool:
        """Whether the trace is recorded, as whoever began it says."""
        return int(self.trace_flags, 16) & 1 == 1


_decoder: Final = msgspec.json.Decoder(Request)


def read_request(datagram: bytes) -> Request:
    """Read a datagram. Raises NotARequest."""
    _, mark, line = datagram.partition(MARK)
    if not mark:
        raise NotARequest("the tag is missing")
    try:
        return _decoder.decode(line)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise NotARequest(str(error)) from error
