"""What a row asks for: its conditions choose between rows, its guards refuse."""

from collections.abc import Callable
from typing import Final

from freehold.domain.escrow.exchanging import asked_of, brings_enough
from freehold.domain.escrow.facts import Facts
from freehold.domain.escrow.refusals import (
    ChargebackNotExpected,
    ChargebackOpen,
    DisputeNotOpen,
    DisputeOpen,
    LegNotPending,
    LegsPending,
    NoProposal,
    PartNotCovered,
    PaymentNotExpected,
    PayoutOnHold,
    TooManyDisputes,
    TooManyParts,
)
from freehold.domain.holding import SMALLEST_AMOUNT_MINOR, Held
from freehold.domain.legs import CHARGEBACKS_LIMIT, DISPUTES_LIMIT, LEGS_LIMIT, Leg
from freehold.domain.money_process import Condition, Guard, LegState, Row
from freehold.domain.process import NotInThisState


def part_of(held: Held, facts: Facts) -> int:
    """Say how much a step is about, of what is in escrow: all of it, unless a part is named."""
    return held.holding.balances.escrow if facts.part is None else facts.part


def leg_turned(held: Held, row: Row, facts: Facts) -> Leg | None:
    """Find the leg that a row turns: the one that the gateway names, or the first that is blocked."""
    if row.by == "gateway":
        leg = held.holding.leg(facts.leg)
        return leg if leg is not None and leg.kind == row.of else None
    return next((leg for leg in held.holding.legs_of(row.of or "release") if leg.state == "blocked"), None)


def _no_open_chargeback(held: Held, _: Row, __: Facts) -> None:
    if held.chargeback is not None:
        raise ChargebackOpen("a chargeback is open on this payment")


def _no_open_dispute(held: Held, _: Row, __: Facts) -> None:
    if held.holding.dispute is not None:
        raise DisputeOpen("a dispute about this milestone is open already")


def _part_is_covered(held: Held, _: Row, facts: Facts) -> None:
    part, escrow = part_of(held, facts), held.holding.balances.escrow
    rest = escrow - part
    if part <= 0 or rest < 0:
        raise PartNotCovered(f"{part} is not within the {escrow} that are held")
    if rest and min(part, rest) < SMALLEST_AMOUNT_MINOR:
        raise PartNotCovered(f"a part, and what it leaves, must be at least {SMALLEST_AMOUNT_MINOR} minor units")


def _within_escrow(held: Held, _: Row, facts: Facts) -> None:
    part, escrow = part_of(held, facts), held.holding.balances.escrow
    if not min(SMALLEST_AMOUNT_MINOR, escrow) <= part <= escrow or part <= 0:
        raise PartNotCovered(f"{part} is not within the {escrow} that are held, or too small to argue about")


def _within_released(held: Held, _: Row, facts: Facts) -> None:
    released = held.holding.released
    part = released if facts.part is None else facts.part
    if not 0 < part <= released:
        raise PartNotCovered(f"{part} is not within the {released} that were released")


def _split_is_covered(held: Held, _: Row, facts: Facts) -> None:
    _require_split(part_of(held, facts), held.holding.balances.escrow)


def _require_split(part: int, whole: int) -> None:
    if not 0 <= part <= whole:
        raise PartNotCovered(f"{part} is not within {whole}")


def _legs_left(held: Held, row: Row, facts: Facts) -> None:
    whole = part_of(held, facts) == held.holding.balances.escrow and row.source == "escrow"
    if len(held.holding.legs) >= LEGS_LIMIT - 1 and not whole:
        raise TooManyParts(f"after {LEGS_LIMIT - 1} parts only the whole rest can be moved")


def _disputes_left(held: Held, _: Row, __: Facts) -> None:
    if len(held.holding.disputes) >= DISPUTES_LIMIT:
        raise TooManyDisputes(f"there can be at most {DISPUTES_LIMIT} disputes about one milestone")


def _same_payment(held: Held, _: Row, facts: Facts) -> None:
    if facts.payment_id is None or facts.payment_id != held.holding.payment_id:
        raise PaymentNotExpected(f"{facts.payment_id} is not the payment of this milestone")


def _currency_matches(held: Held, _: Row, facts: Facts) -> None:
    if facts.paid is None or facts.paid.amount <= 0 or facts.paid.currency != held.holding.amount.currency:
        raise PaymentNotExpected(f"the payment is not in {held.holding.amount.currency}")


def _leg_stands(held: Held, row: Row, facts: Facts, state: LegState) -> None:
    leg = leg_turned(held, row, facts)
    if leg is None or (leg.attempt, leg.state) != (facts.attempt, state):
        raise LegNotPending(f"attempt {facts.attempt} of leg {facts.leg} waits for no outcome")


def _leg_is_pending(held: Held, row: Row, facts: Facts) -> None:
    _leg_stands(held, row, facts, "pending")


def _leg_is_done(held: Held, row: Row, facts: Facts) -> None:
    _leg_stands(held, row, facts, "done")


def _no_leg_is_pending(held: Held, _: Row, __: Facts) -> None:
    if any(leg.state == "pending" for leg in held.holding.legs):
        raise LegsPending("money of this milestone is on its way")


def _amount_as_asked(held: Held, row: Row, facts: Facts) -> None:
    leg = leg_turned(held, row, facts)
    asked = None if leg is None else asked_of(leg, held.holding.amount.currency)
    if facts.paid != asked:
        raise PaymentNotExpected(f"{facts.paid} has moved, not {asked}")
    if leg is not None and not brings_enough(leg, row.transition, facts):
        raise PaymentNotExpected("the gateway does not say what its exchange has brought")


def _payout_not_held(_: Held, __: Row, facts: Facts) -> None:
    if facts.hold is not None:
        raise PayoutOnHold(f"payouts are on hold: {facts.hold}")


def _proposal_is_theirs(held: Held, row: Row, facts: Facts) -> None:
    proposal = held.holding.proposal
    if proposal is None or proposal.by == row.by or facts.part not in {None, proposal.part}:
        raise NoProposal("the other party proposes no such split")


def _dispute_is_open(held: Held, row: Row, facts: Facts) -> None:
    dispute = held.holding.dispute
    if dispute is None or facts.dispute_id not in {None, dispute.id}:
        raise DisputeNotOpen(f"{facts.dispute_id} is not the dispute that is open about this milestone")
    if row.transition == "settle_dispute":
        if not 0 <= facts.dispute_fee_of_client <= facts.dispute_fee:
            raise PartNotCovered("a fee is never below zero")
        _require_split(facts.part or 0, dispute.amount - facts.dispute_fee)


def _is_milestone(held: Held, _: Row, __: Facts) -> None:
    if held.kind != "milestone":
        raise NotInThisState("a week of hours has been looked at before it was paid")


def _chargeback_is_new(held: Held, _: Row, facts: Facts) -> None:
    holding, paid = held.holding, facts.paid
    if facts.chargeback_id is None or holding.chargeback(facts.chargeback_id) or not holding.deposited:
        raise ChargebackNotExpected(f"{facts.chargeback_id} is no new chargeback of a payment that was made")
    if paid is None or paid.currency != holding.amount.currency or facts.gateway_fee < 0:
        raise ChargebackNotExpected(f"{paid} is not in {holding.amount.currency}")
    before = sum(chargeback.amount for chargeback in holding.chargebacks if chargeback.state != "won")
    if not 0 < paid.amount <= holding.deposited - before or len(holding.chargebacks) >= CHARGEBACKS_LIMIT:
        raise ChargebackNotExpected(f"{paid} is not within what is left of the {holding.deposited} that were paid")


def _chargeback_is_open(held: Held, _: Row, facts: Facts) -> None:
    chargeback = held.holding.chargeback(facts.chargeback_id)
    if chargeback is None or chargeback.state != "open":
        raise ChargebackNotExpected(f"{facts.chargeback_id} is no open chargeback")


CONDITIONS: Final[dict[Condition, Callable[[Held, Facts], bool]]] = {
    "payment_refused": lambda held, _: held.holding.payment_refused,
    "amount_matches": lambda held, facts: facts.paid is not None and facts.paid.amount == held.holding.amount.amount,
    "amount_differs": lambda held, facts: facts.paid is not None and facts.paid.amount != held.holding.amount.amount,
    "is_week": lambda held, _: held.kind == "week",
    "was_submitted": lambda held, _: held.holding.work == "submitted",
    "escrow_left": lambda held, _: held.holding.balances.escrow > 0,
    "disputed_left": lambda held, _: held.holding.balances.disputed > 0,
}
GUARDS: Final[dict[Guard, Callable[[Held, Row, Facts], None]]] = {
    "no_open_chargeback": _no_open_chargeback,
    "no_open_dispute": _no_open_dispute,
    "part_is_covered": _part_is_covered,
    "within_escrow": _within_escrow,
    "within_released": _within_released,
    "split_is_covered": _split_is_covered,
    "legs_left": _legs_left,
    "disputes_left": _disputes_left,
    "same_payment": _same_payment,
    "currency_matches": _currency_matches,
    "leg_is_pending": _leg_is_pending,
    "leg_is_done": _leg_is_done,
    "no_leg_is_pending": _no_leg_is_pending,
    "amount_as_asked": _amount_as_asked,
    "payout_not_held": _payout_not_held,
    "proposal_is_theirs": _proposal_is_theirs,
    "dispute_is_open": _dispute_is_open,
    "is_milestone": _is_milestone,
    "chargeback_is_new": _chargeback_is_new,
    "chargeback_is_open": _chargeback_is_open,
}
