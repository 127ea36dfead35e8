"""What a payment gateway reports, and the one effect that a report has, however often and in whatever order it comes.

The reply to a call, a webhook and the reconciler all end here: whoever is second finds the effect done.
"""

from typing import Final, Literal

from msgspec import Struct

from freehold.domain.escrow import Command, Facts, Step, take
from freehold.domain.holding import Held, Holding
from freehold.domain.money import Money
from freehold.domain.money_process import CommandKind, Transition, rows_for

Outcome = Literal["pending", "done", "refused", "cancelled", "returned"]
"""How something that was asked of a gateway stands. `returned`: a transfer or refund was done, and its money came back."""


class NextAction(Struct, frozen=True, kw_only=True):
    """What a person must do at the gateway before it goes on: open `url`, or hand `token` to the gateway's own script."""

    kind: Literal["redirect", "client_secret", "order"]
    url: str | None = None
    token: str | None = None


class Report(Struct, frozen=True, kw_only=True):
    """What the gateway knows of one payment, transfer, refund or reversal.

    A payment that is done is paid. `money` is what moved, `fee` the gateway's own fee in minor units of the same currency,
    `reference` the gateway's name for the object, `reason` its stable code for a refusal, `action` what a pending one
    waits for. Of a transfer that exchanged money, `received` is what that brought (minor units of the currency that it paid
    in), and `given_back` what came back of one that was returned (minor units of the payment's currency).
    """

    outcome: Outcome
    reference: str
    money: Money
    fee: int = 0
    reason: str | None = None
    action: NextAction | None = None
    received: int = 0
    given_back: int = 0


class ChargebackReport(Struct, frozen=True, kw_only=True):
    """What the gateway says of a payment that the payer's bank takes back, or asks about.

    `money` is its own amount, which may be less than the payment; `fee` what the gateway charges for it in the same
    currency, or gives back when it is won; `payment_id` is ours.
    """

    id: str
    payment_id: str
    milestone_id: str
    state: Literal["opened", "won", "lost"]
    money: Money
    fee: int = 0
    reason: str | None = None


EFFECTS: Final[dict[tuple[CommandKind, Outcome], Transition]] = {
    ("fund", "done"): "deposit_paid",
    ("fund", "refused"): "deposit_refused",
    ("fund", "cancelled"): "payment_cancelled",
    ("cancel", "done"): "deposit_paid",
    ("cancel", "cancelled"): "payment_cancelled",
    ("transfer", "done"): "transfer_known",
    ("transfer", "refused"): "transfer_refused",
    ("transfer", "cancelled"): "transfer_refused",
    ("transfer", "returned"): "payout_returned",
    ("refund", "done"): "refund_known",
    ("refund", "refused"): "refund_refused",
    ("refund", "cancelled"): "refund_refused",
    ("refund", "returned"): "refund_returned",
    ("reversal", "done"): "reversal_known",
    ("reversal", "refused"): "reversal_refused",
    ("reversal", "cancelled"): "reversal_refused",
}
"""What each report does to the milestone; the pairs that are missing do nothing."""
CAUSE: Final[dict[Transition, Transition]] = {"payout_returned": "transfer_known", "refund_returned": "refund_known"}
"""What must have happened before: money that came back had gone, also when we hear of both at once."""
MOVED_MONEY: Final[frozenset[Transition]] = frozenset(
    {"deposit_paid", "transfer_known", "refund_known", "reversal_known", "payout_returned", "refund_returned"}
)
"""Money has moved outside: the milestone must take it in, or somebody must look."""


def effects_of(held: Held, command: Command, report: Report) -> tuple[Step, ...]:
    """Say what a report changes, step by step, the cause first; nothing, when it is old news or not news at all.

    Raises the engine's Refused when money has moved that the milestone cannot take in: never swallow that.
    """
    first = effect_of(held, command, report)
    if first is None:
        return ()
    second = effect_of(first.after, command, report) if first.row.transition in CAUSE.values() else None
    return (first,) if second is None else (first, second)


def effect_of(held: Held, command: Command, report: Report) -> Step | None:
    """Say what a report changes first; null when nothing. `effects_of` gives all of it."""
    transition = EFFECTS.get((command.kind, report.outcome))
    if transition is None or _is_known(held.holding, command, report):
        return None
    if transition in CAUSE and _is_pending(held.holding, command):
        transition = CAUSE[transition]
    if transition not in MOVED_MONEY and (_is_past(held.holding, command) or not rows_for(transition, held.state)):
        return None
    facts = Facts(
        payment_id=command.payment_id,
        paid=report.money,
        gateway_fee=0 if command.conversion is not None else report.fee,  # there it is part of what the exchange brought
        leg=command.leg,
        attempt=command.attempt,
        reason=report.reason,
        received=report.received,
        given_back=report.given_back,
    )
    return take(held, transition, by="gateway", facts=facts)


def chargeback_steps(held: Held, report: ChargebackReport) -> tuple[Step, ...]:
    """Say what news of a chargeback changes, step by step: news of its end says that it was opened, if we had not heard.

    Raises ChargebackNotExpected when it does not fit the payment, LegsPending when it must wait until money that is on its
    way is known to have arrived or not: then come back.
    """
    known = held.holding.chargeback(report.id)
    steps: list[Step] = []
    if known is None:
        charged = 0 if report.state == "won" else report.fee  # what comes back with a won one had never been heard of
        facts = Facts(chargeback_id=report.id, paid=report.money, gateway_fee=charged)
        steps.append(take(held, "chargeback_opened", by="gateway", facts=facts))
        held = steps[-1].after
    if report.state == "won" and (known is None or known.state == "open"):
        given_back = min(report.fee, known.fee) if known else 0
        steps.append(take(held, "chargeback_won", by="gateway", facts=Facts(chargeback_id=report.id, gateway_fee=given_back)))
    if report.state == "lost" and (known is None or known.state == "open"):
        steps.append(take(held, "chargeback_lost", by="gateway", facts=Facts(chargeback_id=report.id)))
    return tuple(steps)


def _is_known(holding: Holding, command: Command, report: Report) -> bool:
    """Say whether this very command's end is taken in already: money that came, went, or came back; or a refused payment."""
    if command.leg is None:
        refused = holding.payment_refused and command.payment_id == holding.payment_id
        return command.payment_id == holding.paid_payment_id or (report.outcome == "refused" and refused)
    leg = holding.leg(command.leg)
    if leg is None:
        return False
    if command.attempt in leg.bounced:
        return True
    return report.outcome != "returned" and leg.attempt == command.attempt and leg.state in {"done", "refused"}


def _is_pending(holding: Holding, command: Command) -> bool:
    leg = holding.leg(command.leg)
    return leg is not None and leg.attempt == command.attempt and leg.state == "pending"


def _is_past(holding: Holding, command: Command) -> bool:
    """Say whether a newer attempt has taken this one's place, or this one is known to have ended already."""
    if command.leg is None:
        return command.payment_id != holding.payment_id
    leg = holding.leg(command.leg)
    return leg is not None and (leg.attempt > command.attempt or leg.state != "pending")
