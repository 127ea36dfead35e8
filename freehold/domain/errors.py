"""What a rule says when it refuses. The edge translates these once, into problems."""

from collections.abc import Iterable
from typing import ClassVar

from msgspec import Struct


class Refused(Exception):  # noqa: N818 - it names what happened, as problems do
    """A rule does not allow this now. `code` is stable and documented; the text is for a person."""

    code: ClassVar[str] = "refused"


class InvalidValue(Refused):
    """A value that no rule can work with (a currency that does not exist, an amount out of range)."""

    code = "invalid_value"


class Fault(Struct, frozen=True):
    """One thing that is wrong with what somebody sent: the `field`, and what was `expected` there."""

    field: str
    expected: str


class InvalidFields(InvalidValue):
    """Fields are each of the right type, but not right together, or not right now. Every faulty one is named."""

    code = "invalid"

    def __init__(self, faults: Iterable[Fault]) -> None:
        self.faults = tuple(faults)
        super().__init__("; ".join(f"{fault.field}: expected {fault.expected}" for fault in self.faults))


def refuse_faults(*faults: Fault) -> None:
    """Raise InvalidFields if there is any fault."""
    if faults:
        raise InvalidFields(faults)
