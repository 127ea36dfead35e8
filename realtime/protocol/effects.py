"""What a conversation wants done or has learned: the outputs of `Connection`, for the shell to carry out in order."""

from enum import IntEnum
from typing import Any

from msgspec import Struct


class CloseCode(IntEnum):
    """Why the relay ends a websocket. From 4000 on they are our own; a stock client comes back by itself after all of them.

    A session that is over is told so by a DISCONNECT packet before it, which keeps the client from coming back.
    """

    NORMAL = 1000
    MALFORMED = 1002
    LIMIT = 1008
    RESTART = 1012
    TRY_LATER = 1013
    SESSION_OVER = 4401
    RIGHTS_CHANGED = 4403
    SILENT = 4408
    GAP = 4409


class Send(Struct, frozen=True):
    """Send these frames to the client, in their order."""

    frames: tuple[str | bytes, ...]


class Close(Struct, frozen=True):
    """End the connection. Nothing follows it."""

    code: CloseCode
    reason: str


class ConnectAsked(Struct, frozen=True):
    """The client wants to join a namespace that exists: answer by `accept` or `refuse`."""

    namespace: str
    auth: dict[str, Any]


class Received(Struct, frozen=True):
    """An event from the client. With an `id` it waits for `acknowledge`."""

    namespace: str
    name: str | int | float
    arguments: tuple[Any, ...]
    id: int | None


class Acknowledged(Struct, frozen=True):
    """The client's answer to an event that asked for one."""

    namespace: str
    id: int
    arguments: tuple[Any, ...]


class Left(Struct, frozen=True):
    """The client has left a namespace that it had joined."""

    namespace: str


class Heard(Struct, frozen=True):
    """The client has answered a ping."""


Effect = Send | Close | ConnectAsked | Received | Acknowledged | Left | Heard
