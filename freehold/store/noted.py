"""What a step of a milestone leaves behind beside its money."""

from typing import Final

from msgspec import Struct


class Noted(Struct, frozen=True, kw_only=True):
    """What a person's step leaves on the milestone beside the money, and how long the deadline that it starts lasts.

    `saved_method` is the gateway's name for a saved way to pay; `max_hold_days` how long the gateway holds money at all.
    """

    submission_note: str | None = None
    requested_changes: str | None = None
    lasts_s: float | None = None
    method: str = ""
    saved_method: str | None = None
    max_hold_days: int | None = None


NOTHING_NOTED: Final = Noted()
