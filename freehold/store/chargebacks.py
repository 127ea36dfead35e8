"""Chargebacks, as the milestone whose payment is taken back takes them in."""

from datetime import datetime

from freehold.documents import Milestone
from freehold.domain.escrow import ChargebackNotExpected
from freehold.domain.settlement import ChargebackReport, chargeback_steps
from freehold.store.milestones import write_step
from freehold.store.unit import Unit


async def take_in(unit: Unit, report: ChargebackReport, *, now: datetime) -> Milestone:
    """Take in what a gateway says of a chargeback, once, however often it says so; give the milestone as it is then.

    Raises Missing when there is no such milestone, ChargebackNotExpected when it does not fit the payment (a person must
    look), LegsPending when money of the milestone is on its way: then come back later.
    """
    milestone = await unit.require(Milestone, report.milestone_id)
    if report.payment_id != milestone.holding.paid_payment_id:
        raise ChargebackNotExpected(f"{report.payment_id} is not what was paid for {milestone.id}")
    for step in chargeback_steps(milestone.held(), report):
        milestone = await write_step(unit, milestone, step, now=now)
    return milestone
