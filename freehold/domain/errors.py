"""What a rule says when it refuses. The edge translates these once, into problems."""

from typing import ClassVar


class Refused(Exception):  # noqa: N818 - it names what happened, as problems do
    """A rule does not allow this now. `code` is stable and documented; the text is for a person."""

    code: ClassVar[str] = "refused"


class InvalidValue(Refused):
    """A value that no rule can work with (a currency that does not exist, an amount out of range)."""

    code = "invalid_value"
