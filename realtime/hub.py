"""Who is connected, on which channels, and whose right to be has ended. Pure: connections are opaque to it."""

from collections.abc import Callable, Collection, Hashable, Mapping
from typing import Final, Generic, TypeVar

from msgspec import Struct

from freehold.documents import Ticket
from freehold.realtime_events import NOTIFICATIONS, channel_of

C = TypeVar("C", bound=Hashable)
Channel = tuple[str, str]
"""A namespace and a channel's name in it."""

NAMESPACES: Final[Mapping[str, Callable[[Ticket], tuple[str, ...]]]] = {
    NOTIFICATIONS: lambda ticket: (channel_of(ticket.user_id),),
}
"""Every namespace that exists, and the channels that joining it puts a person on."""


class Verdict(Struct, Generic[C], frozen=True):
    """Connections that may not go on: their session is over, or its rights changed and it may come back with the new ones."""

    over: tuple[C, ...]
    changed: tuple[C, ...]


class Hub(Generic[C]):
    """The connections of this process. `connections_per_person` bounds what one person may hold."""

    def __init__(self, *, connections_per_person: int) -> None:
        self._limit = connections_per_person
        self._tickets: dict[C, Ticket] = {}
        self._channels: dict[C, set[Channel]] = {}
        self._members: dict[Channel, set[C]] = {}
        self._of_session: dict[str, set[C]] = {}
        self._of_person: dict[str, set[C]] = {}

    def __len__(self) -> int:
        return len(self._tickets)

    @property
    def people(self) -> int:
        """How many people have a connection here."""
        return len(self._of_person)

    @property
    def channels(self) -> int:
        """How many channels have somebody on them."""
        return len(self._members)

    def admit(self, connection: C, ticket: Ticket) -> bool:
        """Bind a connection to the person and session of its ticket; False when the person has too many already."""
        if len(self._of_person.get(ticket.user_id, ())) >= self._limit:
            return False
        self._tickets[connection] = ticket
        self._channels[connection] = set()
        self._of_session.setdefault(ticket.session_id, set()).add(connection)
        self._of_person.setdefault(ticket.user_id, set()).add(connection)
        return True

    def is_admitted(self, connection: C) -> bool:
        """Say whether a connection has given a ticket; it is good for every namespace."""
        return connection in self._tickets

    def join(self, connection: C, namespace: str) -> None:
        """Put an admitted connection on the channels that its person has in a namespace."""
        for name in NAMESPACES[namespace](self._tickets[connection]):
            self._channels[connection].add((namespace, name))
            self._members.setdefault((namespace, name), set()).add(connection)

    def leave(self, connection: C, namespace: str) -> None:
        """Take a connection off all channels of a namespace."""
        for channel in [each for each in self._channels.get(connection, ()) if each[0] == namespace]:
            self._channels[connection].discard(channel)
            _remove(self._members, channel, connection)

    def drop(self, connection: C) -> None:
        """Forget a connection; one that was never admitted is fine."""
        ticket = self._tickets.pop(connection, None)
        if ticket is None:
            return
        for channel in self._channels.pop(connection):
            _remove(self._members, channel, connection)
        _remove(self._of_session, ticket.session_id, connection)
        _remove(self._of_person, ticket.user_id, connection)

    def audience(self, namespace: str, channel: str) -> Collection[C]:
        """Name the connections that get what is sent to a channel."""
        return self._members.get((namespace, channel), frozenset())

    def connections(self) -> tuple[C, ...]:
        """Name every connection that was admitted."""
        return tuple(self._tickets)

    def sessions(self, at_once: int) -> list[tuple[str, ...]]:
        """Name the sessions that have a connection here, in portions of at most `at_once`."""
        every = tuple(self._of_session)
        return [every[start : start + at_once] for start in range(0, len(every), at_once)]

    def judge(self, asked: Collection[str], good: Mapping[str, int]) -> Verdict[C]:
        """Find the connections that may not go on.

        `asked` are the sessions that were looked up, `good` maps those that are neither ended nor expired to their sign-in
        version. A session that came after the question was asked is not judged.
        """
        over: list[C] = []
        changed: list[C] = []
        for session_id in asked:
            version = good.get(session_id)
            for connection in self._of_session.get(session_id, ()):
                if version is None:
                    over.append(connection)
                elif version != self._tickets[connection].sign_in_version:
                    changed.append(connection)
        return Verdict(over=tuple(over), changed=tuple(changed))


K = TypeVar("K", bound=Hashable)


def _remove(index: dict[K, set[C]], key: K, connection: C) -> None:
    """Take a connection out of one of the index's sets, and the set out of the index when it was the last."""
    found = index[key]
    found.discard(connection)
    if not found:
        del index[key]
