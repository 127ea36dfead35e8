"""What a step changes of a holding beside its legs and balances: payments, disputes, chargebacks, proposals."""

from collections.abc import Callable
from typing import Final, Literal

import msgspec

from freehold.domain.escrow.facts import Facts
from freehold.domain.holding import Held, Holding
from freehold.domain.legs import Chargeback, ClosedDispute, OpenDispute, Proposal
from freehold.domain.money_process import PARTIES, Row, Transition


def noted(held: Held, row: Row, facts: Facts) -> Holding:
    """Note what a row's transition says of its own, before any leg or journal."""
    change = CHANGES.get(row.transition)
    return held.holding if change is None else change(held, row, facts)


def _asked_for(held: Held, _: Row, facts: Facts) -> Holding:
    return msgspec.structs.replace(
        held.holding,
        gateway=facts.gateway,
        payment_id=facts.payment_id,
        payment_refused=False,
        fund_attempt=held.holding.fund_attempt + 1,
        fee_schedule=facts.fee_schedule,
    )


def _refused(held: Held, _: Row, __: Facts) -> Holding:
    return msgspec.structs.replace(held.holding, payment_refused=True)


def _submitted(held: Held, _: Row, __: Facts) -> Holding:
    return msgspec.structs.replace(held.holding, work="submitted")


def _sent_back(held: Held, _: Row, __: Facts) -> Holding:
    return msgspec.structs.replace(held.holding, work="funded")


def _paid(held: Held, row: Row, facts: Facts) -> Holding:
    holding = held.holding
    amount = facts.paid.amount if facts.paid else 0
    work: Literal["funded", "submitted"] = "submitted" if row.target == "submitted" else "funded"
    return msgspec.structs.replace(
        holding, deposited=holding.deposited + amount, paid_payment_id=facts.payment_id, work=work
    )  # fmt: skip


def _proposed(held: Held, row: Row, facts: Facts) -> Holding:
    by = next(party for party in PARTIES if party == row.by)
    part = held.holding.balances.escrow if facts.part is None else facts.part
    return msgspec.structs.replace(held.holding, proposal=Proposal(by=by, part=part))


def _disputed(held: Held, row: Row, facts: Facts) -> Holding:
    holding, dispute = held.holding, held.holding.dispute
    if row.transition == "dispute":
        amount = holding.balances.escrow if facts.part is None else facts.part
        return msgspec.structs.replace(holding, dispute=OpenDispute(id=facts.dispute_id or "", amount=amount))
    if dispute is None or (row.transition == "abandon" and row.source != "disputed"):
        return holding
    ended: Literal["withdrawn", "settled", "moot"] = (
        "withdrawn" if row.transition == "withdraw_dispute" else "settled" if row.transition == "settle_dispute" else "moot"
    )
    closed = ClosedDispute(id=dispute.id, amount=dispute.amount, ended=ended)
    if ended == "settled":
        closed = msgspec.structs.replace(closed, fee=facts.dispute_fee, fee_of_client=facts.dispute_fee_of_client)
    return msgspec.structs.replace(holding, dispute=None, disputes=(*holding.disputes, closed))


def _charged_back(held: Held, row: Row, facts: Facts) -> Holding:
    holding = held.holding
    if row.transition == "chargeback_opened":
        amount = facts.paid.amount if facts.paid else 0
        new = Chargeback(id=facts.chargeback_id or "", amount=amount, fee=facts.gateway_fee)
        return msgspec.structs.replace(holding, chargebacks=(*holding.chargebacks, new))
    decided = tuple(
        msgspec.structs.replace(chargeback, state="won") if chargeback.id == facts.chargeback_id else chargeback
        for chargeback in holding.chargebacks
    )
    return msgspec.structs.replace(holding, chargebacks=decided)


CHANGES: Final[dict[Transition, Callable[[Held, Row, Facts], Holding]]] = {
    "fund": _asked_for,
    "deposit_refused": _refused,
    "deposit_paid": _paid,
    "submit": _submitted,
    "request_changes": _sent_back,
    "propose_split": _proposed,
    "dispute": _disputed,
    "withdraw_dispute": _disputed,
    "settle_dispute": _disputed,
    "abandon": _disputed,
    "chargeback_opened": _charged_back,
    "chargeback_won": _charged_back,
}
