"""The reaction that tries again what a chargeback kept back, once it is won."""

from functools import partial
from typing import Final

from freehold.documents import Milestone
from freehold.domain.money_process import State, Transition
from freehold.edge import Call, on_event
from freehold.events import MilestoneChargebackWon, MilestoneRefunded, MilestoneReleased
from freehold.store import Unit
from freehold.store.batches import each_on_its_own
from freehold.store.milestones import take_step

RETRIES: Final[dict[State, Transition]] = {"payout_blocked": "retry_payout", "refund_blocked": "retry_refund"}


@on_event("milestone.chargeback_won", "milestone.released", "milestone.refunded", transaction=False)
async def retry_after_chargeback(call: Call, event: MilestoneChargebackWon | MilestoneReleased | MilestoneRefunded) -> None:
    """Ask the gateway again, under a new key, for the payout or refund that waits; of several, for the next as one succeeds.

    What waits for another reason (a hold, an account that is missing, operators who pay it by hand) stays where it is and has
    its own way on. It looks at how the milestone stands now, so that the order and repetition of events do not matter.
    """
    await each_on_its_own([event.milestone_id], lambda milestone_id: call.transact(partial(_retry, call, milestone_id)))
    await call.transact(_nothing, finish=True)


async def _retry(call: Call, milestone_id: str, unit: Unit) -> bool:
    milestone = await unit.require(Milestone, milestone_id)
    transition = RETRIES.get(milestone.state)
    if transition is None or not any(each.state == "won" for each in milestone.holding.chargebacks):
        return False
    await take_step(unit, milestone, transition, by="scheduler", now=call.now)
    return True


async def _nothing(_: Unit) -> None:
    """Finish."""
