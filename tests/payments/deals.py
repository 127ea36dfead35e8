"""One milestone's requests to a payment gateway, with fresh names."""

from collections.abc import Callable

from freehold.domain.money import Money
from freehold.ids import new_id
from freehold.payments.gateway import FundRequest, PaymentQuery, RefundRequest, TransferRequest

SAVED = "saved:"
"""Stands before the gateway's name for a method that its payer has saved (`saved:...`, or `card:saved:...` with its kind)."""


class Deal:
    """One milestone's requests, with fresh names."""

    def __init__(self, amount: int, currency: str, *, account_of: Callable[[str], str]) -> None:
        self.milestone_id, self.payment_id = new_id("mst"), new_id("pay")
        self.payer_id, self.payee_id = new_id("usr"), new_id("usr")
        self.payee_account = account_of(self.payee_id)
        self.money = Money(amount, currency)
        self.query = PaymentQuery(payment_id=self.payment_id, milestone_id=self.milestone_id)

    def fund(self, method: str) -> FundRequest:
        name, _, saved = method.partition(SAVED)
        return FundRequest(
            key=f"fund:{self.milestone_id}",
            milestone_id=self.milestone_id,
            payment_id=self.payment_id,
            money=self.money,
            payer_id=self.payer_id,
            method=name.rstrip(":") or SAVED.rstrip(":"),
            saved_method=saved or None,
        )

    def transfer(self, amount: int, *, leg: int = 1) -> TransferRequest:
        return TransferRequest(
            key=f"transfer:{self.milestone_id}:{leg}",
            milestone_id=self.milestone_id,
            payment_id=self.payment_id,
            money=Money(amount, self.money.currency),
            payee_id=self.payee_id,
            payee_account=self.payee_account,
        )

    def refund(self, amount: int, *, leg: int = 1) -> RefundRequest:
        return RefundRequest(
            key=f"refund:{self.milestone_id}:{leg}",
            milestone_id=self.milestone_id,
            payment_id=self.payment_id,
            money=Money(amount, self.money.currency),
        )
