"""What one client may ask of the relay, each limit by name, and the error for whatever is beyond them."""

from typing import Final

from msgspec import Struct

CLOSE_REASON_BYTES: Final = 123
"""The longest reason that a websocket close frame can carry (RFC 6455, section 5.5)."""


class Malformed(Exception):  # noqa: N818 - it says what the frame is
    """A frame that the protocol does not allow, or that is beyond a limit. It ends the connection."""


class Limits(Struct, frozen=True, kw_only=True):
    """The limits of one connection.

    `packet_bytes` bounds a frame, and is told to the client as `maxPayload`; `attachments` and `attached_bytes` bound the
    binary parts of one packet; `namespaces` counts those that are joined or asked for; `refusals` is how many CONNECT
    packets are answered by an error before the connection ends; `nesting` is how deep JSON may be; `acknowledgement` is
    the largest id that a client can give (what a JavaScript number holds exactly).
    """

    packet_bytes: int = 65_536
    attachments: int = 10
    attached_bytes: int = 262_144
    namespaces: int = 8
    namespace_characters: int = 64
    refusals: int = 3
    nesting: int = 32
    acknowledgement: int = 2**53 - 1
    ping_interval_s: float = 25.0
    ping_timeout_s: float = 20.0
    connect_timeout_s: float = 10.0
