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
    waits for.
    """

    outcome: Outcome
    reference: str
    money: Money
    fee: int = 0
    reason: str | None = None
    action: NextAction | None = None


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
    ("refund", "done"): "refund_known",
    ("refund", "refused"): "refund_refused",
}
"""What each report does to the milestone; the pairs that are missing do nothing."""
MOVED_MONEY: Final[frozenset[Transition]] = frozenset({"deposit_paid", "transfer_known", "refund_known"})
"""Money has moved outside: the milestone must take it in, or somebody must look."""


def effect_of(held: Held, command: Command, report: Report) -> Step | None:
    """Say what a report changes; null when nothing, because it is old news or not news at all.

    Raises the engine's Refused when money has moved that the milestone cannot take in: never swallow that.
    """
    transition = EFFECTS.get((command.kind, report.outcome))
    if transition is None or _is_done(held.holding, command):
        return None
    if transition not in MOVED_MONEY and (_is_past(held.holding, command) or not rows_for(transition, held.state)):
        return None
    facts = Facts(
        payment_id=command.payment_id, paid=report.money, gateway_fee=report.fee, leg=command.leg, attempt=command.attempt
    )
    return take(held, transition, by="gateway", facts=facts)


def _is_done(holding: Holding, command: Command) -> bool:
    """Say whether the money of this very command is taken in already."""
    if command.leg is None:
        return command.payment_id == holding.paid_payment_id
    return any(leg.number == command.leg and leg.attempt == command.attempt and leg.state == "done" for leg in holding.legs)


def _is_past(holding: Holding, command: Command) -> bool:
    """Say whether a newer attempt has taken this one's place."""
    if command.leg is None:
        return command.payment_id != holding.payment_id
    return any(leg.number == command.leg and leg.attempt > command.attempt for leg in holding.legs)
