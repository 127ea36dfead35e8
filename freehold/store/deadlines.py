"""How long the deadlines last that a step starts. They are set by the database's clock, and compared with it."""

from datetime import datetime, timedelta
from typing import Final

from freehold.documents import Milestone
from freehold.domain.escrow import Step
from freehold.domain.money_process import Deadline
from freehold.store.noted import Noted

DAY_S: Final = 86_400.0
HOLD_MARGIN_DAYS: Final = 2
"""So long before a gateway's own limit the money goes on or back, which takes a while itself."""
FIRST_REMINDER: Final = 0.5
LAST_REMINDER: Final = 0.9
"""When the client is reminded of what is released by itself: parts of the inspection period."""


def deadlines_of(milestone: Milestone, step: Step, noted: Noted) -> dict[str, float] | None:
    """Say for how many seconds each deadline lasts that a step starts. Raises ValueError when nobody has said."""
    lengths = {name: _length(name, milestone, step, noted) for name in step.row.starts}
    return {name: length for name, length in lengths.items() if length is not None} or None


def next_reminder(milestone: Milestone) -> datetime | None:
    """Say when the client is reminded again; null when that was the last time."""
    if milestone.reminders or milestone.auto_release_at is None or milestone.inspection_s is None:
        return None
    left = timedelta(milliseconds=round(milestone.inspection_s * 1000 * (1 - LAST_REMINDER)))
    return milestone.auto_release_at - left


def _length(deadline: Deadline, milestone: Milestone, step: Step, noted: Noted) -> float | None:
    inspection_s = noted.lasts_s or milestone.inspection_s
    match deadline:
        case "hold_expires_at":
            return (milestone.max_hold_days - HOLD_MARGIN_DAYS) * DAY_S if milestone.max_hold_days else None
        case "remind_at" if step.row.transition == "remind":
            return None
        case "remind_at":
            return inspection_s * FIRST_REMINDER if inspection_s else None
        case "auto_release_at" if step.row.transition == "withdraw_dispute":
            return inspection_s  # one that was submitted before this was kept goes on with its old deadline
        case "auto_release_at" if inspection_s:
            return inspection_s
        case "funding_expires_at" if noted.lasts_s:
            return noted.lasts_s
    raise ValueError(f"{step.row.transition} starts {deadline}, but for how long?")
