"""Commands to payment gateways: who holds one, under which fence, until when. Times are the database's."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

import msgspec

from freehold.documents import Command, Milestone
from freehold.domain import escrow
from freehold.domain.errors import Refused
from freehold.domain.settlement import Report, effects_of
from freehold.store.errors import Stale, StoreError
from freehold.store.mapping import from_bson, to_bson
from freehold.store.milestones import write_step
from freehold.store.reads import Reads
from freehold.store.unit import Unit

LEASE_S: Final = 30.0
"""How long a claim holds. Longer than any call to a gateway may take, with the transaction after it."""
FIRST_PAUSE_S: Final = 2.0
LONGEST_PAUSE_S: Final = 600.0
ABANDONED_AFTER_S: Final = 30.0
"""A command that nobody has taken for so long has lost its event (parked, or not deployed yet); the sweep takes it."""
RESUMED_AT_ONCE: Final = 50
_OPEN: Final = ("waiting", "claimed")
_OVER: Final = ("settled", "withdrawn")


class CommandBusy(StoreError):  # noqa: N818 - it names what happened
    """Somebody holds the command, or it pauses; it comes round again."""


async def claim(unit: Unit, key: str) -> Command | None:
    """Take hold of a command for LEASE_S, under the next fence; null when it is closed. Raises CommandBusy, or Missing."""
    free = {"$or": [{"$eq": ["$due_at", None]}, {"$lte": ["$due_at", "$$NOW"]}]}
    take = {
        "state": "claimed",
        "fence": {"$add": ["$fence", to_bson(1)]},
        "tries": {"$add": ["$tries", to_bson(1)]},
        "version": {"$add": ["$version", to_bson(1)]},
        "due_at": {"$dateAdd": {"startDate": "$$NOW", "unit": "second", "amount": to_bson(round(LEASE_S))}},
    }
    raw = await unit.collection(Command).find_one_and_update(
        {"_id": key, "state": {"$in": list(_OPEN)}, "$expr": free}, [{"$set": take}], session=unit.session, return_document=True
    )
    if raw is not None:
        return from_bson(raw, Command)
    if (await unit.require(Command, key)).state in _OPEN:
        raise CommandBusy(f"{key} is held, or pauses")
    return None


async def is_wanted(unit: Unit, command: Command) -> bool:
    """Say whether the milestone still wants this. Raises CommandBusy while the payment to be cancelled is being asked for."""
    milestone = await unit.require(Milestone, command.milestone_id)
    if command.kind == "fund":
        return milestone.state == "funding" and milestone.holding.payment_id == command.payment_id
    if command.kind == "cancel":
        held = {"kind": "fund", "milestone_id": command.milestone_id, "state": "claimed"}
        if await unit.first(Command, held) is not None:
            raise CommandBusy(f"{command.id} waits until the payment's own command is back")
    return True


async def settle(unit: Unit, command: Command, report: Report, *, now: datetime) -> None:
    """Take a report in: the command is over, and the milestone takes the step that the report means. Both under the fence.

    Raises Stale when somebody else holds the command by now, and the engine's Refused when the milestone cannot take it in.
    """
    if report.outcome == "pending":
        await pause(unit, command, error=None, report=report)
        return
    await take_in(unit, command, report, now=now, guard=_under_fence(command))


async def take_in(
    unit: Unit, command: Command, report: Report, *, now: datetime, guard: Mapping[str, Any] | None = None
) -> bool:
    """Take in what is known for good of a command, whoever holds it; say whether that was news.

    Whoever holds the command finds it changed, and over. Raises Stale when it is not as it was read, and the engine's Refused
    when the milestone cannot take it in.
    """
    milestone = await unit.require(Milestone, command.milestone_id)
    steps = effects_of(milestone.held(), _as_asked(command), report)
    if not steps and command.state in _OVER:
        return False
    done = msgspec.structs.replace(command, state="settled", report=report, error=None, due_at=None, settled_at=now)
    await unit.update(command, done, guard=guard)
    for step in steps:
        milestone = await write_step(unit, milestone, step, now=now)
    return True


async def withdraw(unit: Unit, command: Command, *, now: datetime) -> None:
    """Close a command that was never sent and is not wanted any more."""
    closed = msgspec.structs.replace(command, state="withdrawn", due_at=None, settled_at=now)
    await unit.update(command, closed, guard=_under_fence(command))


async def pause(unit: Unit, command: Command, *, error: str | None, report: Report | None = None) -> None:
    """Let go of a command whose outcome is not known, for longer each time; the next to take it looks up first.

    `report` is how it stands meanwhile: what its payer must still do is in there.
    """
    pause_s = min(FIRST_PAUSE_S * 2 ** min(command.tries - 1, 30), LONGEST_PAUSE_S)
    waiting = msgspec.structs.replace(command, state="waiting", error=error, report=report or command.report)
    await unit.update(command, waiting, deadlines={"due_at": pause_s}, guard=_under_fence(command))


async def mark_stuck(unit: Unit, command: Command, refusal: Refused, report: Report) -> None:
    """Keep what the gateway said and why the milestone could not take it in, for a person; it is not tried again."""
    await stick(unit, command, refusal, report, guard=_under_fence(command))


async def stick(
    unit: Unit, command: Command, refusal: Refused, report: Report, *, guard: Mapping[str, Any] | None = None
) -> None:
    """Do as `mark_stuck` does, whoever holds the command. Raises Stale when it is not as it was read."""
    error = f"{refusal.code}: {refusal}"
    stuck = msgspec.structs.replace(command, state="stuck", report=report, error=error, due_at=None)
    await unit.update(command, stuck, guard=guard)


async def due_commands(reads: Reads, *, limit: int = RESUMED_AT_ONCE) -> list[str]:
    """Find open commands whose claim or pause is over, and those that nobody ever took; by the database's clock."""
    abandoned = {"$subtract": ["$$NOW", to_bson(round(ABANDONED_AFTER_S * 1000))]}
    over = {"due_at": {"$type": "date"}, "$expr": {"$lte": ["$due_at", "$$NOW"]}}
    never_taken = {"due_at": None, "$expr": {"$lte": ["$created_at", abandoned]}}
    filter_: dict[str, Any] = {"state": {"$in": list(_OPEN)}, "$or": [over, never_taken]}
    return await reads.find_ids(Command, filter_, sort=(("due_at", 1),), limit=limit)


def _under_fence(command: Command) -> dict[str, Any]:
    """Say who we are to the update's own filter."""
    if command.state != "claimed":
        raise Stale(f"{command.id} is not held")
    return {"state": "claimed", "fence": command.fence}


def _as_asked(command: Command) -> escrow.Command:
    return escrow.Command(
        kind=command.kind,
        key=command.id,
        attempt=command.attempt,
        money=command.money,
        payment_id=command.payment_id,
        leg=command.leg,
        transfer_key=command.transfer_key,
        conversion=command.conversion,
    )
