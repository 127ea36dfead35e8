"""One client that is connected: its websocket, and its conversation."""

from realtime import wire
from realtime.protocol import Close, Connection, Effect, Send
from realtime.wire import Emission, RelayConnection

Effects = tuple[Effect, ...]


class Peer:
    """A client of this process. `talk` decides what may be said; nothing is sent past it but shared emissions."""

    def __init__(self, websocket: RelayConnection, talk: Connection) -> None:
        self.websocket = websocket
        self.talk = talk

    async def perform(self, effects: Effects) -> Effects:
        """Send and close as these effects say; return the others, which are not the socket's to perform."""
        others: list[Effect] = []
        for effect in effects:
            match effect:
                case Send(frames):
                    wire.write((self.websocket,), Emission.of(frames))
                case Close(code, reason):
                    await self.websocket.close(code, reason)
                case _:
                    others.append(effect)
        return tuple(others)
