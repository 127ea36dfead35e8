"""Stripe's objects in our words. Pure: what was read is given, what it means is answered."""

from typing import Final

from freehold.domain.money import Money
from freehold.domain.news import Payee
from freehold.domain.settlement import ChargebackReport, NextAction, Outcome, Report
from freehold.payments.exponents import STRIPE, from_gateway
from freehold.payments.stripe.objects import (
    Account,
    BalanceTransaction,
    Charge,
    Dispute,
    PaymentIntent,
    PaymentMethod,
    Refund,
    Reversal,
    Step,
    Transfer,
)

OFF_SESSION: Final = "off_session"
"""Written on a payment that was charged without the payer: a refusal is then definite, nobody can try again on it."""
_OPEN: Final = frozenset({"requires_payment_method", "requires_confirmation", "requires_action"})
_REFUNDS: Final[dict[str, Outcome]] = {
    "pending": "pending",
    "requires_action": "pending",
    "succeeded": "done",
    "failed": "refused",
    "canceled": "refused",
}
_DISPUTES: Final = {"needs_response": "opened", "under_review": "opened", "won": "won", "lost": "lost"}
"""The others are questions of the bank, or were prevented: no money moves."""


def money_of(amount: int, currency: str) -> Money:
    """Count an amount of Stripe's by ISO 4217. Raises AmountNotSendable for digits that the currency has not."""
    return from_gateway(STRIPE, amount, currency.upper())


def report_of_payment(intent: PaymentIntent) -> Report:
    """Say how a payment stands."""
    outcome, reason = _outcome(intent)
    return Report(
        outcome=outcome,
        reference=intent.id,
        money=money_of(intent.amount, intent.currency),
        fee=_fee(intent) if outcome == "done" else 0,
        reason=reason,
        action=next_action(intent.client_secret, intent.next_action)
        if outcome == "pending" and intent.status in _OPEN
        else None,
    )


def report_of_transfer(transfer: Transfer) -> Report:
    """Say how a transfer stands: done, or returned once all of it came back without our asking."""
    is_back = 0 < transfer.amount == transfer.amount_reversed and not any(each.key for each in transfer.reversals.data)
    outcome: Outcome = "returned" if is_back else "done"
    return Report(outcome=outcome, reference=transfer.id, money=money_of(transfer.amount, transfer.currency))


def report_of_refund(refund: Refund) -> Report:
    """Say how a refund stands. One that failed after the money had left has come back."""
    outcome = _REFUNDS.get(refund.status or "pending", "pending")
    if outcome == "refused" and refund.failure_balance_transaction is not None:
        outcome = "returned"
    reason = (refund.failure_reason or refund.status) if outcome in {"refused", "returned"} else None
    return Report(outcome=outcome, reference=refund.id, money=money_of(refund.amount, refund.currency), reason=reason)


def report_of_reversal(reversal: Reversal) -> Report:
    """Say that a reversal is done: there are no others."""
    return Report(outcome="done", reference=reversal.id, money=money_of(reversal.amount, reversal.currency))


def chargeback_of(dispute: Dispute) -> ChargebackReport | None:
    """Say how a chargeback stands; null while the bank only asks, or no money has moved."""
    state = _DISPUTES.get(dispute.status)
    intent = dispute.payment_intent
    if state is None or intent is None or not intent.payment_id or not dispute.balance_transactions:
        return None
    return ChargebackReport(
        id=dispute.id,
        payment_id=intent.payment_id,
        milestone_id=intent.milestone_id,
        state=state,  # type: ignore[arg-type] # a value of the table
        money=money_of(dispute.amount, dispute.currency),
        fee=_dispute_fee(dispute, won=state == "won"),
        reason=dispute.reason,
    )


def payee_of(account: Account, *, action: NextAction | None = None) -> Payee:
    """Say how a payee's account stands: only one that takes transfers and pays them out is paid."""
    needs = account.requirements
    reasons = [*(needs.past_due or ()), *(needs.currently_due or ())]
    if account.capabilities.get("transfers") == "active" and account.payouts_enabled:
        return Payee(
            account=account.id, state="ready", reasons=tuple(dict.fromkeys(reasons)), action=action if reasons else None
        )
    if needs.disabled_reason:
        reasons.insert(0, needs.disabled_reason)
    return Payee(
        account=account.id,
        state="restricted" if account.details_submitted else "pending",
        reasons=tuple(dict.fromkeys(reasons)),
        action=action,
    )


def next_action(client_secret: str | None, step: Step | None) -> NextAction | None:
    """Say what the payer must do: go to an address, or hand the secret to Stripe's script in the page."""
    if step is not None and step.redirect_to_url is not None and step.redirect_to_url.url:
        return NextAction(kind="redirect", url=step.redirect_to_url.url, token=client_secret)
    return NextAction(kind="client_secret", token=client_secret) if client_secret else None


def label_of(method: PaymentMethod) -> str:
    """Say what its owner knows a way to pay by: `visa 4242`."""
    detail = method.card or method.sepa_debit or method.us_bank_account
    parts = [method.type] if detail is None else [detail.brand or detail.bank_name or method.type, detail.last4 or ""]
    return " ".join(part for part in parts if part)


def _outcome(intent: PaymentIntent) -> tuple[Outcome, str | None]:
    if intent.status == "succeeded":
        return "done", None if _settled_alike(intent) else "settled_in_other_currency"
    if intent.status == "canceled":
        return "cancelled", None
    if intent.status in _OPEN and intent.metadata.get(OFF_SESSION):
        error = intent.last_payment_error
        return "refused", error.reason if error is not None else "authentication_required"
    return "pending", None


def _balance_transaction(intent: PaymentIntent) -> BalanceTransaction | None:
    charge = intent.latest_charge
    found = charge.balance_transaction if isinstance(charge, Charge) else None
    return found if isinstance(found, BalanceTransaction) else None


def _settled_alike(intent: PaymentIntent) -> bool:
    found = _balance_transaction(intent)
    return found is None or found.currency == intent.currency


def _fee(intent: PaymentIntent) -> int:
    """Read the fee in minor units; 0 when Stripe took it in another currency, which no account of ours could show."""
    found = _balance_transaction(intent)
    return money_of(found.fee, found.currency).amount if found is not None and found.currency == intent.currency else 0


def _dispute_fee(dispute: Dispute, *, won: bool) -> int:
    """Add up what it has cost; for one that is won, what was given back of it."""
    fees = [
        money_of(each.fee, each.currency).amount for each in dispute.balance_transactions if each.currency == dispute.currency
    ]
    return -sum(fee for fee in fees if fee < 0) if won else sum(fee for fee in fees if fee > 0)
