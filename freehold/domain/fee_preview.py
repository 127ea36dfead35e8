"""What the platform would take of releases that have not happened: the engine itself, run on a milestone that does not exist.

So a preview cannot say anything else than what will be taken, unless the schedule changes before the milestone is funded.
"""

from collections.abc import Iterator, Sequence
from typing import Final

from msgspec import Struct

from freehold.domain.escrow import Facts, take
from freehold.domain.fees import FeeSchedule
from freehold.domain.holding import Held, Holding
from freehold.domain.ledger import Balances
from freehold.domain.money import Money

NOWHERE: Final = "mst_preview"


class PreviewedLeg(Struct, frozen=True, kw_only=True):
    """One release: `gross` = `net` + `fee` + `tax`, exactly."""

    gross: Money
    fee: Money
    tax: Money
    net: Money


def preview(amount: Money, schedule: FeeSchedule, parts: Sequence[int] = ()) -> tuple[PreviewedLeg, ...]:
    """Release `parts` (minor units) of a deposit one after the other, then what is left of it.

    Raises what the engine raises: PartNotCovered for a part that is not held or too small, TooManyParts.
    """
    return tuple(_legs(amount, schedule, parts))


def _legs(amount: Money, schedule: FeeSchedule, parts: Sequence[int]) -> Iterator[PreviewedLeg]:
    held = _funded(amount, schedule)
    for part in (*parts, None):
        if held.state != "funded":
            return
        step = take(held, "release", by="client", facts=Facts(part=part))
        leg = step.after.holding.legs[-1]
        gross, fee, tax, net = (Money(each, amount.currency) for each in (leg.gross, leg.fee, leg.tax, leg.net))
        yield PreviewedLeg(gross=gross, fee=fee, tax=tax, net=net)
        paid = Facts(leg=leg.number, attempt=leg.attempt, paid=net)
        held = take(step.after, "transfer_known", by="gateway", facts=paid).after


def _funded(amount: Money, schedule: FeeSchedule) -> Held:
    holding = Holding(
        amount=amount,
        gateway="sandbox",
        payment_id="pay_preview",
        paid_payment_id="pay_preview",
        fee_schedule=schedule,
        deposited=amount.amount,
        balances=Balances(escrow=amount.amount),
    )
    return Held(milestone_id=NOWHERE, state="funded", holding=holding)
