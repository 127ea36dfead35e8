"""Which of the messages that went out has the broker taken in charge? A map from delivery tags to our own ids. Pure: no I/O.

The broker numbers the messages of a channel from 1, and confirms in any order, one by one or all up to a number. A
message that fits no queue comes back first and is confirmed all the same, so what came back never counts as taken.
"""


class Confirms:
    """The confirmations of one channel; it must see every message of that channel, and every answer."""

    def __init__(self) -> None:
        self._last_tag = 0
        self._open: dict[int, str] = {}
        self._taken: set[str] = set()
        self._refused: set[str] = set()
        self._returned: set[str] = set()

    @property
    def open(self) -> int:
        """How many messages are neither confirmed nor refused."""
        return len(self._open)

    @property
    def refused(self) -> int:
        """How many the broker refused."""
        return len(self._refused)

    @property
    def returned(self) -> int:
        """How many came back because no queue wants them."""
        return len(self._returned)

    @property
    def taken(self) -> set[str]:
        """The ids that are safe with the broker; an id that went out more than once is so only if all its messages are."""
        return self._taken - self._refused - self._returned - set(self._open.values())

    @property
    def denied(self) -> frozenset[str]:
        """The ids that got a plain no."""
        return frozenset(self._refused | self._returned)

    def went_out(self, identifier: str) -> None:
        """Take note of a message, right before it is written."""
        self._last_tag += 1
        self._open[self._last_tag] = identifier

    def came_back(self, identifier: object) -> None:
        """Take note of a message that no queue wants."""
        self._returned.add(str(identifier))

    def confirmed(self, tag: int, multiple: bool) -> None:  # noqa: FBT001 - the protocol's own signature
        """Take note of a confirmation."""
        self._taken.update(self._settle(tag, multiple=multiple))

    def was_refused(self, tag: int, multiple: bool) -> None:  # noqa: FBT001 - the protocol's own signature
        """Take note of a refusal."""
        self._refused.update(self._settle(tag, multiple=multiple))

    def begin(self) -> None:
        """Forget the outcomes of the batch before."""
        self._taken, self._refused, self._returned = set(), set(), set()

    def _settle(self, tag: int, *, multiple: bool) -> list[str]:
        """Find the messages of an answer: one, all up to a number, or all that went out (0)."""
        up_to = self._last_tag if tag == 0 else tag
        tags = [each for each in self._open if each <= up_to and (multiple or each == tag)]
        return [self._open.pop(each) for each in tags]
