"""Socket.IO v5 packets: `TYPE[ATTACHMENTS-][NAMESPACE,][ID][JSON]`, then one binary frame per attachment.

Stricter than the reference parser where it guesses: an id is digits, an event has a payload, an acknowledgement an id.
Source: https://github.com/socketio/socket.io-protocol, revision 5.
"""

import re
from enum import Enum
from typing import Any, Final

import msgspec
from msgspec import Struct

from realtime.protocol.attachments import attach, detach, is_deeper
from realtime.protocol.limits import Limits, Malformed

MAIN: Final = "/"
RESERVED: Final = frozenset({"connect", "connect_error", "disconnect", "disconnecting", "newListener", "removeListener"})
"""Event names that mean something else to the client's library."""

_PACKET: Final = re.compile(r"([0-6])(?:([1-9][0-9]*)-)?(?:(/[^,]*)(?:,|\Z))?([0-9]*)(.*)", re.DOTALL)
_ATTACHMENT_DIGITS: Final = 3


class PacketType(Enum):
    """The kinds of packet, by their digit on the wire. Packets with attachments have kinds of their own there (5 and 6)."""

    CONNECT = 0
    DISCONNECT = 1
    EVENT = 2
    ACK = 3
    CONNECT_ERROR = 4


_WITH_ATTACHMENTS: Final = {PacketType.EVENT: 5, PacketType.ACK: 6}
_TYPES: Final = {kind.value: kind for kind in PacketType} | {wire: kind for kind, wire in _WITH_ATTACHMENTS.items()}


class Packet(Struct, frozen=True, kw_only=True):
    """One packet. `data` is a list for events and acknowledgements, an object or nothing for the others."""

    type: PacketType
    namespace: str = MAIN
    id: int | None = None
    data: Any = None


class _Pending(Struct):
    """A packet whose attachments are still to come."""

    packet: Packet
    expected: int
    parts: list[bytes]
    size_bytes: int = 0


class Decoder:
    """Reads one client's frames; keeps at most one packet that waits for its attachments."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._pending: _Pending | None = None

    def feed(self, data: str | bytes) -> Packet | None:
        """Return the packet that this frame completes, or None. Raises Malformed."""
        if isinstance(data, bytes):
            return self._take_part(data)
        if self._pending is not None:
            raise Malformed("text where an attachment was due")
        packet, attachments = decode(data, self._limits)
        if attachments == 0:
            return packet
        self._pending = _Pending(packet=packet, expected=attachments, parts=[])
        return None

    def _take_part(self, part: bytes) -> Packet | None:
        pending = self._pending
        if pending is None:
            raise Malformed("an attachment that belongs to no packet")
        pending.parts.append(part)
        pending.size_bytes += len(part)
        if pending.size_bytes > self._limits.attached_bytes:
            raise Malformed("attachments too large")
        if len(pending.parts) < pending.expected:
            return None
        self._pending = None
        return msgspec.structs.replace(pending.packet, data=attach(pending.packet.data, pending.parts))


def decode(text: str, limits: Limits) -> tuple[Packet, int]:
    """Read the text of a packet; returns it and how many attachments follow. Raises Malformed."""
    match = _PACKET.fullmatch(text)
    if match is None:
        raise Malformed("unknown packet type")
    wire, attachments, namespace, identifier, payload = match.groups()
    kind = _TYPES[int(wire)]
    packet = Packet(
        type=kind,
        namespace=_namespace(namespace, limits),
        id=_identifier(identifier, limits),
        data=_payload(payload, limits),
    )
    _check(packet)
    return packet, _attachment_count(attachments, binary=int(wire) != kind.value, limits=limits)


def encode(packet: Packet) -> tuple[str | bytes, ...]:
    """Write a packet: its text, then its attachments."""
    parts: list[bytes] = []
    data = detach(packet.data, parts)
    head = f"{_WITH_ATTACHMENTS[packet.type]}{len(parts)}-" if parts else str(packet.type.value)
    namespace = "" if packet.namespace == MAIN else f"{packet.namespace},"
    identifier = "" if packet.id is None else str(packet.id)
    payload = "" if data is None else msgspec.json.encode(data).decode()
    return head + namespace + identifier + payload, *parts


def _namespace(text: str | None, limits: Limits) -> str:
    if text is not None and len(text) > limits.namespace_characters:
        raise Malformed("namespace too long")
    return text or MAIN


def _identifier(digits: str, limits: Limits) -> int | None:
    if not digits:
        return None
    if len(digits) > len(str(limits.acknowledgement)) or int(digits) > limits.acknowledgement:
        raise Malformed("acknowledgement id too large")
    return int(digits)


def _payload(text: str, limits: Limits) -> object:
    if not text:
        return None
    try:
        value = msgspec.json.decode(text)
    except (ValueError, RecursionError) as error:
        raise Malformed("payload is not JSON") from error
    if is_deeper(value, limits.nesting):
        raise Malformed("payload nested too deep")
    if value is None:
        raise Malformed("payload is null")
    return value


def _attachment_count(digits: str | None, *, binary: bool, limits: Limits) -> int:
    if binary is not (digits is not None):
        raise Malformed("attachments where the type has none, or none where it has")
    if digits is None:
        return 0
    if len(digits) > _ATTACHMENT_DIGITS or int(digits) > limits.attachments:
        raise Malformed("too many attachments")
    return int(digits)


def _check(packet: Packet) -> None:
    """Raise Malformed when the packet's parts do not fit its type."""
    data = packet.data
    match packet.type:
        case PacketType.CONNECT | PacketType.CONNECT_ERROR:
            fits = packet.id is None and (data is None or isinstance(data, dict))
        case PacketType.DISCONNECT:
            fits = packet.id is None and data is None
        case PacketType.ACK:
            fits = packet.id is not None and isinstance(data, list)
        case PacketType.EVENT:
            fits = isinstance(data, list) and len(data) > 0 and _is_event_name(data[0])
    if not fits:
        raise Malformed(f"payload does not fit a packet of type {packet.type.name}")


def _is_event_name(value: object) -> bool:
    if isinstance(value, str):
        return value not in RESERVED
    return isinstance(value, int | float) and not isinstance(value, bool)
