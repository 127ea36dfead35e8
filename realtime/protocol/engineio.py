"""Engine.IO v4 packets on a websocket: one text or binary frame is one packet.

A text frame begins with the digit of its type; a binary frame is a message. Not here: the payloads of HTTP long-polling.
Source: https://github.com/socketio/engine.io-protocol, revision 4.
"""

from enum import Enum
from typing import Final

import msgspec
from msgspec import Struct

from realtime.protocol.limits import Limits, Malformed

PROTOCOL: Final = 4
PING: Final = "2"
PONG: Final = "3"
CLOSE: Final = "1"


class PacketType(Enum):
    """The seven kinds of packet, by their digit on the wire."""

    OPEN = "0"
    CLOSE = "1"
    PING = "2"
    PONG = "3"
    MESSAGE = "4"
    UPGRADE = "5"
    NOOP = "6"


class Packet(Struct, frozen=True):
    """One packet. Only a message can hold bytes."""

    type: PacketType
    data: str | bytes = ""


class Opening(Struct, frozen=True, kw_only=True, rename="camel"):
    """What the server tells in its first packet. Times are in milliseconds, as the protocol wants them."""

    sid: str
    upgrades: tuple[str, ...] = ()
    ping_interval: int
    ping_timeout: int
    max_payload: int


_TYPES: Final = {kind.value: kind for kind in PacketType}


def decode(frame: str | bytes) -> Packet:
    """Read a frame. Raises Malformed when it has no known type."""
    if isinstance(frame, bytes):
        return Packet(PacketType.MESSAGE, frame)
    kind = _TYPES.get(frame[:1])
    if kind is None:
        raise Malformed("unknown engine packet type")
    return Packet(kind, frame[1:])


def encode(packet: Packet) -> str | bytes:
    """Write a packet as a frame."""
    if isinstance(packet.data, bytes):
        return packet.data
    return packet.type.value + packet.data


def opening(*, sid: str, limits: Limits) -> str:
    """Make the frame that opens a session on a websocket: there is nothing left to upgrade to."""
    told = Opening(
        sid=sid,
        ping_interval=round(limits.ping_interval_s * 1000),
        ping_timeout=round(limits.ping_timeout_s * 1000),
        max_payload=limits.packet_bytes,
    )
    return PacketType.OPEN.value + msgspec.json.encode(told).decode()
