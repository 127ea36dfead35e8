"""Transfers, refunds and reversals: asked for once, and found in lists that are never late.

Stripe forgets a key after a day, and lets a refund and the transfers of a payment add up to more than was paid. So what was
done under a key is looked for first, and what a payment has left is counted. (Two that come at the same moment may both
still be counted in; the ledger lets no two of them out.)
"""

from collections.abc import AsyncIterator, Callable
from typing import Any, Final, TypeVar

from freehold.domain.money import Money
from freehold.domain.settlement import Report
from freehold.payments.exponents import STRIPE, to_gateway
from freehold.payments.gateway import (
    AmountNotSendable,
    KeyReusedAtGateway,
    PaymentQuery,
    RefundRequest,
    ReverseRequest,
    TransferRequest,
)
from freehold.payments.stripe.line import Line, StripeRefused
from freehold.payments.stripe.objects import Charge, Refund, Reversal, Transfer
from freehold.payments.stripe.payments import charge_of
from freehold.payments.stripe.reports import money_of, report_of_refund, report_of_reversal, report_of_transfer

_BLOCKED: Final = frozenset({"insufficient_capabilities_for_transfer", "account_invalid", "invalid_destination"})
"""Stripe's codes for an account that is not to be paid."""

T = TypeVar("T", Transfer, Refund, Reversal)


async def transfer(line: Line, request: TransferRequest) -> Report:
    """Pay out of a payment to a payee's account. Raises KeyReusedAtGateway or GatewayUnavailable."""
    transfers = [each async for each in _transfers(line, request.milestone_id)]
    for each in transfers:
        if each.key == request.key:
            is_same = each.destination == request.payee_account and each.metadata.get("payee_id") == request.payee_id
            return _same(report_of_transfer(each), request.money, is_same=is_same)
    if not request.payee_account:
        return _refused(request.money, "no_payout_account")
    charge = await _charge(line, request)
    if refusal := await _too_much(line, request, charge, transfers):
        return refusal
    asked = {
        "destination": request.payee_account,
        "source_transaction": charge.id if charge else "",
        "transfer_group": request.milestone_id,
        "currency": request.money.currency.lower(),
    }
    return await _ask(line, "/v1/transfers", Transfer, report_of_transfer, request, {"payee_id": request.payee_id}, asked)


async def refund(line: Line, request: RefundRequest) -> Report:
    """Give a part of a payment back to its payer. Raises KeyReusedAtGateway or GatewayUnavailable."""
    charge = await _charge(line, request)
    refunds = [] if charge is None else [each async for each in _refunds(line, charge)]
    for each in refunds:
        if each.key == request.key:
            return _same(report_of_refund(each), request.money, is_same=True)
    transfers = [each async for each in _transfers(line, request.milestone_id)]
    if refusal := await _too_much(line, request, charge, transfers):
        return refusal
    asked = {"charge": charge.id if charge else ""}
    return await _ask(line, "/v1/refunds", Refund, report_of_refund, request, {}, asked)


async def reverse(line: Line, request: ReverseRequest) -> Report:
    """Take a part of a transfer back from its payee. Raises KeyReusedAtGateway or GatewayUnavailable."""
    async for each in _transfers(line, request.milestone_id):
        if each.key == request.transfer_key:
            async for done in _reversals(line, each):
                if done.key == request.key:
                    return _same(report_of_reversal(done), request.money, is_same=True)
            path = f"/v1/transfers/{each.id}/reversals"
            return await _ask(line, path, Reversal, report_of_reversal, request, {"transfer_key": each.key}, {})
    return _refused(request.money, "source_not_paid")


async def look_up(line: Line, *, key: str, milestone_id: str) -> Report | None:
    """Find what was done under a key: among the milestone's transfers, their reversals, and the refunds of its payments."""
    transfers = [each async for each in _transfers(line, milestone_id)]
    for each in transfers:
        if each.key == key:
            return report_of_transfer(each)
    async for charge in line.each("/v1/charges", Charge, transfer_group=milestone_id):
        async for given_back in _refunds(line, charge):
            if given_back.key == key:
                return report_of_refund(given_back)
    for each in transfers:
        async for taken_back in _reversals(line, each):
            if taken_back.key == key:
                return report_of_reversal(taken_back)
    return None


async def _ask(  # noqa: PLR0913, PLR0917 - the parts of one request
    line: Line,
    path: str,
    into: type[T],
    report: Callable[[T], Report],
    request: TransferRequest | RefundRequest | ReverseRequest,
    noted: dict[str, str],
    asked: dict[str, Any],
) -> Report:
    """Send one request that moves money, and say what it did. What Stripe cannot count is refused: it could never be sent."""
    metadata = {"freehold_key": request.key, "milestone_id": request.milestone_id, **noted}
    if not isinstance(request, ReverseRequest):
        metadata["payment_id"] = request.payment_id
    try:
        amount = to_gateway(STRIPE, request.money)
        return report(await line.post(path, into, key=request.key, amount=amount, metadata=metadata, **asked))
    except StripeRefused as refusal:
        return _refused(request.money, "payouts_blocked" if refusal.reason in _BLOCKED else refusal.reason)
    except AmountNotSendable as refusal:
        return _refused(request.money, refusal.code)


async def _charge(line: Line, request: TransferRequest | RefundRequest) -> Charge | None:
    payment = PaymentQuery(payment_id=request.payment_id, milestone_id=request.milestone_id)
    return await charge_of(line, payment, only_paid=True)


async def _too_much(
    line: Line, request: TransferRequest | RefundRequest, charge: Charge | None, transfers: list[Transfer]
) -> Report | None:
    """Refuse what a payment does not hold: it is not paid, or so much has gone out of it.

    A refund is bound by the payment alone: what a payee was paid out of it, the platform has to ask back.
    """
    if charge is None or charge.currency != request.money.currency.lower():
        return _refused(request.money, "source_not_paid")
    paid_out = sum(each.amount - each.amount_reversed for each in transfers if each.payment_id == request.payment_id)
    gone = 0 if isinstance(request, RefundRequest) else paid_out
    async for each in _refunds(line, charge):
        gone += each.amount if report_of_refund(each).outcome in {"done", "pending"} else 0
    left = money_of(charge.amount - gone, charge.currency)
    return _refused(request.money, "source_spent") if request.money.amount > left.amount else None


def _transfers(line: Line, milestone_id: str) -> AsyncIterator[Transfer]:
    return line.each("/v1/transfers", Transfer, transfer_group=milestone_id)


def _refunds(line: Line, charge: Charge) -> AsyncIterator[Refund]:
    return line.each("/v1/refunds", Refund, charge=charge.id)


def _reversals(line: Line, transfer: Transfer) -> AsyncIterator[Reversal]:
    return line.each(f"/v1/transfers/{transfer.id}/reversals", Reversal)


def _same(report: Report, asked: Money, *, is_same: bool) -> Report:
    """Say again what was done under a key, if it was just this. Raises KeyReusedAtGateway."""
    if report.money != asked or not is_same:
        raise KeyReusedAtGateway(f"{report.reference} was asked for with another request")
    return report


def _refused(money: Money, reason: str) -> Report:
    return Report(outcome="refused", reference="", money=money, reason=reason)
