"""The Socket.IO v5 protocol over Engine.IO v4, without sockets, clocks or tasks: frames in, effects out.

`engineio` and `socketio` turn frames into packets and back, `connection` is one client's conversation, `limits` bounds it.
Not here: transports (the shell's), who may connect (the relay's), polling and recovery.
Source: https://github.com/socketio/engine.io-protocol, https://github.com/socketio/socket.io-protocol.
"""

from realtime.protocol.connection import Connection, event, frames_of
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
from realtime.protocol.limits import Limits, Malformed

__all__ = [
    "Acknowledged",
    "Close",
    "CloseCode",
    "ConnectAsked",
    "Connection",
    "Effect",
    "Heard",
    "Left",
    "Limits",
    "Malformed",
    "Received",
    "Send",
    "event",
    "frames_of",
]
