"""The money of a week of hours: a bill becomes a milestone, which is charged to the method that the client has saved.

A charge that is refused is tried again twice; then the project stands still until the client has paid. What happens to
the milestone comes back by `follow`, which looks at how it stands now, so that the order of events does not matter.
"""

from typing import Any, Final

import msgspec
from msgspec import Struct

from freehold.documents import Command, Milestone, PaymentMethod, Project, TimeEntry, WorkWeek
from freehold.domain.billing import was_funded
from freehold.domain.escrow import Facts, command_key
from freehold.domain.holding import Holding
from freehold.domain.hours import is_chargeable
from freehold.domain.money import Money
from freehold.domain.money_process import Actor, State
from freehold.domain.week_process import week_step
from freehold.ids import new_id
from freehold.payments.exponents import require_sendable
from freehold.payments.gateway import AmountNotSendable, GatewayNotAvailable
from freehold.payments.offers import offer_of
from freehold.settings import FunctionSettings
from freehold.store.fees import schedule_in_force
from freehold.store.milestones import take_step
from freehold.store.noted import Noted
from freehold.store.timesheets import stop_timer
from freehold.store.unit import Unit, now
from freehold.store.work_weeks import carry_over, dispute_rest, gather_bill, sum_of, take_up, write_week_step

NO_METHOD: Final = "no_payment_method"
NOT_USABLE: Final = "payment_method_not_usable"
CANCELLED: Final = "payment_cancelled"
GIVEN_BACK: Final = "payment_given_back"
UNPAID: Final[frozenset[State]] = frozenset({"created", "funding"})
ENDS: Final[dict[State, str]] = {"released": "release", "refunded": "refund", "charged_back": "refund"}
AWAITING: Final = frozenset({"billing", "retrying", "payment_failed"})


class Means(Struct, frozen=True):
    """What is charged: a way to pay at a gateway, and the gateway's name for it when it was saved."""

    gateway: str
    method: str
    reference: str | None = None


async def saved_means(unit: Unit, client_id: str) -> Means | None:
    """Find what the client wants charged without being asked; null when they have saved nothing that works."""
    saved = await unit.first(PaymentMethod, {"user_id": client_id, "is_default": True, "state": "ready"})
    return None if saved is None else Means(saved.gateway, saved.method, saved.reference)


async def is_usable(unit: Unit, means: Means, money: Money, *, settings: FunctionSettings) -> bool:
    """Say whether this money can be charged by these means here: the gateway is there, holds the currency, loses no digit."""
    try:
        offer = await offer_of(unit, means.gateway, environment=settings.environment)
        require_sendable(means.gateway, money)
    except (GatewayNotAvailable, AmountNotSendable):
        return False
    return means.method in offer.methods_for(money.currency)


async def bill_week(unit: Unit, week: WorkWeek, *, by: str, settings: FunctionSettings) -> WorkWeek:
    """Make the bill of a week whose review is over, or that the client has approved, and charge it.

    What the client still objects to stays off it. A bill of nothing, or too small to be moved, is carried over. Raises
    NotInThisState, and Stale when the clock comes before its time.
    """
    step = week_step("approve" if by == "client" else "bill", actor=by, state=week.state)
    await dispute_rest(unit, week)
    entries, lines = await gather_bill(unit, week)
    amount = sum_of(lines, week)
    if not is_chargeable(amount.amount):
        return await carry_over(unit, week, entries)
    await take_up(unit, week, entries)
    means = await saved_means(unit, week.client_id)
    billed: dict[str, Any] = {"lines": lines, "amount": amount, "billed_at": now()}
    if means is None or not await is_usable(unit, means, amount, settings=settings):
        after = await write_week_step(unit, week, step, **billed)
        return await give_up(unit, after, reason=NOT_USABLE if means else NO_METHOD)
    milestone_id = new_id("mst")
    after = await write_week_step(unit, week, step, milestone_id=milestone_id, charges=1, **billed)
    await _fund(unit, await _milestone(unit, after, settings=settings), means, by="scheduler", settings=settings)
    return after


async def charge_again(unit: Unit, week: WorkWeek, *, by: str, means: Means | None, settings: FunctionSettings) -> WorkWeek:
    """Ask for a week's money once more: by the clock when its time has come, or by the client, at any time and by any means."""
    step = week_step("pay" if by == "client" else "charge_again", actor=by, state=week.state)
    if means is None or week.amount is None or not await is_usable(unit, means, week.amount, settings=settings):
        return await give_up(unit, week, reason=NOT_USABLE if means else NO_METHOD)
    old = await unit.get(Milestone, week.milestone_id) if week.milestone_id else None
    unpaid = old if old is not None and old.state in UNPAID else None
    milestone_id = unpaid.id if unpaid else new_id("mst")
    changed: dict[str, Any] = {"milestone_id": milestone_id, "charges": week.charges + 1, "retry_at": None}
    after = await write_week_step(unit, week, step, **changed)
    milestone = unpaid or await _milestone(unit, after, settings=settings)
    payer: Actor = "client" if by == "client" else "scheduler"
    await _fund(unit, milestone, means, by=payer, settings=settings)
    return after


async def follow(unit: Unit, week: WorkWeek, milestone: Milestone, *, settings: FunctionSettings) -> None:
    """Take the step of a week that follows from how its milestone stands now, if there is one."""
    if milestone.state in UNPAID:
        if milestone.holding.payment_refused and week.state == "billing":
            await _refuse(unit, week, milestone, settings=settings)
    elif not was_funded(milestone.held()):  # a payment that is given back, because it came late or is another one, pays nothing
        if week.state in {"billing", "retrying"}:
            await give_up(unit, week, reason=CANCELLED if milestone.state == "cancelled" else GIVEN_BACK)
    else:
        if week.state in AWAITING:
            week = await _receive(unit, week)
        if (end := ENDS.get(milestone.state)) is not None and week.state == "funded":
            await write_week_step(unit, week, week_step(end, actor="payment", state=week.state))


async def give_up(unit: Unit, week: WorkWeek, *, reason: str) -> WorkWeek:
    """Stop charging a week: its project stands still, and its timer with it, until the client pays by hand."""
    step = week_step("give_up", actor="payment", state=week.state)
    after = await write_week_step(unit, week, step, refusal=reason, retry_at=None)
    project = await unit.require(Project, week.project_id)
    if project.paused_at is None:
        await unit.update(project, msgspec.structs.replace(project, paused_at=now()))
    running = await unit.first(TimeEntry, {"project_id": project.id, "state": "running"})
    if running is not None:
        await stop_timer(unit, running, by="clock", clock=await unit.database_now())
    return after


async def _refuse(unit: Unit, week: WorkWeek, milestone: Milestone, *, settings: FunctionSettings) -> None:
    asked = await unit.get(Command, command_key("fund", milestone.id, attempt=milestone.holding.fund_attempt))
    reason = (asked.report.reason if asked and asked.report else None) or "refused"
    pauses_s = {1: settings.second_charge_after_s, 2: settings.third_charge_after_s}
    pause_s = pauses_s.get(week.charges)
    if pause_s is None:
        await give_up(unit, week, reason=reason)
        return
    step = week_step("refuse", actor="payment", state=week.state)
    await write_week_step(unit, week, step, refusal=reason, deadlines={"retry_at": pause_s})


async def _receive(unit: Unit, week: WorkWeek) -> WorkWeek:
    """Note that a week is paid; its project goes on, if no other week of it is unpaid."""
    step = week_step("receive", actor="payment", state=week.state)
    after = await write_week_step(unit, week, step, refusal=None, retry_at=None)
    project = await unit.require(Project, week.project_id)
    unpaid = {"project_id": project.id, "state": "payment_failed", "_id": {"$ne": week.id}}
    if project.paused_at is not None and await unit.first(WorkWeek, unpaid) is None:
        await unit.update(project, msgspec.structs.replace(project, paused_at=None))
    return after


async def _milestone(unit: Unit, week: WorkWeek, *, settings: FunctionSettings) -> Milestone:
    """Store the milestone that holds a week's money, and for how long. Raises ValueError for a week without a bill."""
    if week.amount is None or week.milestone_id is None:
        raise ValueError(f"{week.id} has no bill")
    milestone = Milestone(
        id=week.milestone_id,
        project_id=week.project_id,
        job_id=week.job_id,
        client_id=week.client_id,
        freelancer_id=week.freelancer_id,
        title=f"Hours of {week.week}",
        kind="week",
        inspection_s=settings.security_hold_s,
        holding=Holding(amount=week.amount),
        created_at=now(),
        updated_at=now(),
    )
    unit.insert(milestone)
    await unit.flush()
    return milestone


async def _fund(unit: Unit, milestone: Milestone, means: Means, *, by: Actor, settings: FunctionSettings) -> None:
    offer = await offer_of(unit, means.gateway, environment=settings.environment)
    fees = await schedule_in_force(unit)
    facts = Facts(payment_id=new_id("pay"), gateway=means.gateway, fee_schedule=fees)
    noted = Noted(
        lasts_s=settings.week_funding_window_s,
        method=means.method,
        saved_method=means.reference,
        max_hold_days=offer.max_hold_days,
    )
    await take_step(unit, milestone, "fund", by=by, facts=facts, now=now(), noted=noted)
