"""One client's conversation over a websocket, as a state machine: frames and decisions in, effects out.

A namespace is *asked* from its CONNECT until the shell decides, then *joined* until one side leaves. Whatever the protocol
does not allow ends the connection (`Close`); after that every input has no effect. No method raises on a client's frame.
"""

from collections.abc import Collection
from typing import Any, Final

from realtime.protocol import engineio, socketio
from realtime.protocol.effects import (
    Acknowledged,
    Close,
    CloseCode,
    ConnectAsked,
    Effect,
    Heard,
    Left,
    Received,
    Send,
)
from realtime.protocol.limits import CLOSE_REASON_BYTES, Limits, Malformed
from realtime.protocol.socketio import Packet, PacketType

Effects = tuple[Effect, ...]
NOTHING: Final[Effects] = ()


class Connection:
    """A client's conversation. `sid` names the Engine.IO session, `namespaces` are those that exist."""

    def __init__(self, *, sid: str, namespaces: Collection[str], limits: Limits) -> None:
        self.sid = sid
        self._namespaces = namespaces
        self._limits = limits
        self._decoder = socketio.Decoder(limits)
        self._asked: set[str] = set()
        self._joined: set[str] = set()
        self._refusals = 0
        self._is_closed = False

    @property
    def is_closed(self) -> bool:
        """Say whether a Close was given out."""
        return self._is_closed

    @property
    def joined(self) -> frozenset[str]:
        """The namespaces that the client is in."""
        return frozenset(self._joined)

    def open(self) -> Effects:
        """Begin: tell the client the session's id and the heartbeat's times."""
        return (Send((engineio.opening(sid=self.sid, limits=self._limits),)),)

    def receive(self, frame: str | bytes) -> Effects:
        """Take one frame from the client."""
        if self._is_closed:
            return NOTHING
        try:
            return self._receive(frame)
        except Malformed as error:
            return self.close(CloseCode.MALFORMED, str(error))

    def accept(self, namespace: str, *, sid: str) -> Effects:
        """Let the client into a namespace that it asked for; `sid` names its socket there."""
        if self._is_closed or namespace not in self._asked:
            return NOTHING
        self._asked.remove(namespace)
        self._joined.add(namespace)
        return _send(Packet(type=PacketType.CONNECT, namespace=namespace, data={"sid": sid}))

    def refuse(self, namespace: str, *, code: str | None, message: str) -> Effects:
        """Answer a CONNECT by an error; too many of them end the connection. `code` is for programs, `message` for people."""
        if self._is_closed:
            return NOTHING
        self._asked.discard(namespace)
        self._refusals += 1
        data: dict[str, Any] = {"message": message}
        if code is not None:
            data["data"] = {"code": code}
        told = _send(Packet(type=PacketType.CONNECT_ERROR, namespace=namespace, data=data))
        if self._refusals < self._limits.refusals:
            return told
        return told + self.close(CloseCode.LIMIT, "refused too often")

    def emit(self, namespace: str, name: str, *arguments: object) -> Effects:
        """Send an event to the client, if it is in that namespace."""
        if self._is_closed or namespace not in self._joined:
            return NOTHING
        return _send(event(namespace, name, *arguments))

    def acknowledge(self, namespace: str, identifier: int, *arguments: object) -> Effects:
        """Answer an event that the client wants acknowledged."""
        if self._is_closed or namespace not in self._joined:
            return NOTHING
        return _send(Packet(type=PacketType.ACK, namespace=namespace, id=identifier, data=list(arguments)))

    def dismiss(self, code: CloseCode, reason: str) -> Effects:
        """End the connection for good: a DISCONNECT for each namespace first, so that the client does not come back."""
        if self._is_closed:
            return NOTHING
        packets = (Packet(type=PacketType.DISCONNECT, namespace=namespace) for namespace in sorted(self._joined))
        return tuple(effect for packet in packets for effect in _send(packet)) + self.close(code, reason)

    def close(self, code: CloseCode, reason: str) -> Effects:
        """End the connection; the client may come back."""
        if self._is_closed:
            return NOTHING
        self._is_closed = True
        self._asked.clear()
        self._joined.clear()
        return (Close(code, reason.encode()[:CLOSE_REASON_BYTES].decode(errors="ignore")),)

    def _receive(self, frame: str | bytes) -> Effects:
        if len(frame) > self._limits.packet_bytes:
            raise Malformed("frame too large")
        packet = engineio.decode(frame)
        match packet.type:
            case engineio.PacketType.MESSAGE:
                message = self._decoder.feed(packet.data)
                return NOTHING if message is None else self._take(message)
            case engineio.PacketType.PONG:
                return (Heard(),)
            case engineio.PacketType.CLOSE:
                return self.close(CloseCode.NORMAL, "closed by the client")
            case engineio.PacketType.NOOP:
                return NOTHING
            case _:
                raise Malformed(f"an engine packet of type {packet.type.name} is not the client's to send")

    def _take(self, packet: Packet) -> Effects:
        if packet.type is PacketType.CONNECT:
            return self._ask(packet.namespace, packet.data or {})
        if packet.namespace not in self._joined:
            raise Malformed("a packet for a namespace that was not joined")
        match packet.type:
            case PacketType.EVENT:
                return (Received(packet.namespace, packet.data[0], tuple(packet.data[1:]), packet.id),)
            case PacketType.ACK:
                return (Acknowledged(packet.namespace, packet.id or 0, tuple(packet.data)),)
            case PacketType.DISCONNECT:
                self._joined.remove(packet.namespace)
                return (Left(packet.namespace),)
            case _:
                raise Malformed(f"a packet of type {packet.type.name} is not the client's to send")

    def _ask(self, namespace: str, auth: dict[str, Any]) -> Effects:
        if namespace in self._asked or namespace in self._joined:
            raise Malformed("a namespace joined twice")
        if namespace not in self._namespaces:
            return self.refuse(namespace, code=None, message="Invalid namespace")
        if len(self._asked) + len(self._joined) >= self._limits.namespaces:
            raise Malformed("too many namespaces")
        self._asked.add(namespace)
        return (ConnectAsked(namespace, auth),)


def event(namespace: str, name: str, *arguments: object) -> Packet:
    """Make the packet of an event."""
    return Packet(type=PacketType.EVENT, namespace=namespace, data=[name, *arguments])


def frames_of(packet: Packet) -> tuple[str | bytes, ...]:
    """Write a packet as the frames that a websocket carries: the text as a message, then the attachments."""
    return tuple(engineio.encode(engineio.Packet(engineio.PacketType.MESSAGE, part)) for part in socketio.encode(packet))


def _send(packet: Packet) -> Effects:
    return (Send(frames_of(packet)),)
