"""The books of Razorpay's stand-in: orders, payments, transfers, reversals, refunds, linked accounts, disputes, the balance."""

import secrets
from typing import Any

from tests.payments.razorpay_fake.shapes import HeldTransfer, Hold, NewCharge, NewOrder, NewRefund, NewReversal, NewTransfers

PAYING = "pay_AgreedAndPays1"
DECLINING = "pay_AgreedDeclines"
OWN_MONEY = 1_000_000
"""What the operator keeps there: fees are charged before anything is paid out."""


class Refusal(Exception):  # noqa: N818 - it names what it is
    """Razorpay's error answer: one code for all, and a text."""

    def __init__(self, text: str, *, reason: str = "NA", status: int = 400) -> None:
        super().__init__(text)
        self.text, self.reason, self.status = text, reason, status

    def body(self) -> dict[str, Any]:
        fault = {"code": "BAD_REQUEST_ERROR", "description": self.text, "source": "NA", "step": "NA", "reason": self.reason}
        return {"error": fault | {"metadata": {}}}


def name(kind: str) -> str:
    return f"{kind}_{secrets.token_hex(7)}"


class Books:
    """What is there. Nothing is remembered of requests: who asks twice, gets two."""

    def __init__(self, fee_of) -> None:
        self.fee_of = fee_of
        self.orders: dict[str, Any] = {}
        self.payments: dict[str, Any] = {name: self._agreed(name) for name in (PAYING, DECLINING)}
        self.transfers: dict[str, Any] = {}
        self.reversals: dict[str, Any] = {}
        self.refunds: dict[str, Any] = {}
        self.disputes: dict[str, Any] = {}
        self.holds: dict[str, tuple[HeldTransfer, ...]] = {}
        self.suspended: set[str] = set()
        self.balance = OWN_MONEY
        self.transfers_go = "processed"
        self.refunds_go = "processed"

    @staticmethod
    def found(where: dict[str, Any], identifier: str) -> Any:
        if identifier not in where:
            raise Refusal("The id provided does not exist", reason="input_validation_failed")
        return where[identifier]

    @staticmethod
    def page(items: list[Any]) -> Any:
        return {"entity": "collection", "count": len(items), "items": items}

    def create_order(self, body: NewOrder) -> Any:
        order_id = name("order")
        self.orders[order_id] = {
            "id": order_id,
            "entity": "order",
            "amount": body.amount,
            "currency": body.currency,
            "receipt": body.receipt,
            "status": "created",
            "notes": body.notes,
        }
        self.holds[order_id] = body.transfers
        return self.orders[order_id]

    def orders_of(self, query: dict[str, str]) -> Any:
        assert set(query) <= {"receipt", "count"}
        return self.page([each for each in self.orders.values() if query.get("receipt") in (None, each["receipt"])])

    def payments_of(self, order_id: str) -> Any:
        self.found(self.orders, order_id)
        return self.page([each for each in self.payments.values() if each["order_id"] == order_id])

    def pay(self, receipt: str, status: str = "captured") -> Any:
        """Let the payer try to pay what they were asked for, in Razorpay's checkout."""
        order = [each for each in self.orders.values() if each["receipt"] == receipt][-1]
        return self._try(order, status)

    def charge(self, body: NewCharge) -> Any:
        order = self.found(self.orders, body.order_id)
        if order["amount"] != body.amount:
            raise Refusal("Your payment amount is different from your order amount")
        payment = self._try(order, "failed" if body.token == "token_declines" else "captured")
        payment["notes"] = body.notes
        return {"razorpay_payment_id": payment["id"], "razorpay_order_id": order["id"], "razorpay_signature": "s"}

    def transfer(self, payment_id: str, body: NewTransfers) -> Any:
        payment = self.found(self.payments, payment_id)
        (asked,) = body.transfers
        made = [each for each in self.transfers_of(payment_id)["items"] if each["status"] != "failed"]
        going = sum(each["amount"] - each["amount_reversed"] for each in made)
        if payment["status"] not in ("captured", "refunded"):
            raise Refusal("Transfers can only be made on captured payments")
        if going + asked.amount > payment["amount"] - payment["amount_refunded"]:
            raise Refusal("The sum of amount requested for transfer is greater than the captured amount")
        if asked.account in self.suspended:
            raise Refusal("This account is currently suspended")
        if asked.amount > self.balance:
            raise Refusal("Account does not have sufficient balance to carry out transfer operation")
        return self.page([self._transferred(payment_id, asked)])

    def transfers_of(self, payment_id: str) -> Any:
        return self.page([each for each in self.transfers.values() if each["source"] == payment_id])

    def transfer_goes(self, key: str, status: str) -> None:
        """Let something become of a transfer."""
        transfer = next(each for each in self.transfers.values() if each["notes"]["key"] == key)
        transfer["status"] = status
        if status == "failed":
            transfer["error"] = {"code": "BAD_REQUEST_ERROR", "reason": "settlement_account_closed"}
            self.balance += transfer["amount"]
        if status == "reversed":
            transfer["amount_reversed"] = transfer["amount"]
            self.balance += transfer["amount"]

    def end_hold(self, transfer_id: str, body: Hold) -> Any:
        transfer = self.found(self.transfers, transfer_id)
        transfer["on_hold"] = body.on_hold
        return transfer

    def reverse(self, transfer_id: str, body: NewReversal) -> Any:
        transfer = self.found(self.transfers, transfer_id)
        if transfer["amount_reversed"] + body.amount > transfer["amount"]:
            raise Refusal("The amount to be reversed is more than the unreversed amount of the transfer")
        transfer["amount_reversed"] += body.amount
        transfer["status"] = "reversed" if transfer["amount_reversed"] == transfer["amount"] else "partially_reversed"
        self.balance += body.amount
        reversal = {"id": name("rvrsl"), "entity": "reversal", "transfer_id": transfer_id, "amount": body.amount}
        self.reversals[reversal["id"]] = reversal | {"notes": body.notes, "currency": "INR"}
        return self.reversals[reversal["id"]]

    def reversals_of(self, transfer_id: str) -> Any:
        return self.page([each for each in self.reversals.values() if each["transfer_id"] == transfer_id])

    def refund(self, payment_id: str, body: NewRefund) -> Any:
        payment = self.found(self.payments, payment_id)
        if payment["amount_refunded"] + body.amount > payment["amount"]:
            raise Refusal("The total refund amount is greater than the refund payment amount")
        if body.amount > self.balance:
            raise Refusal("Your account does not have enough balance to carry out the refund operation")
        payment["amount_refunded"] += body.amount
        if payment["amount_refunded"] == payment["amount"]:
            payment["status"] = "refunded"
        self.balance -= body.amount
        refund = {"id": name("rfnd"), "entity": "refund", "amount": body.amount, "currency": "INR", "payment_id": payment_id}
        self.refunds[refund["id"]] = refund | {"status": self.refunds_go, "notes": body.notes, "receipt": None}
        return self.refunds[refund["id"]]

    def bounce(self, key: str) -> None:
        """Let the money of a refund come back."""
        refund = next(each for each in self.refunds.values() if each["notes"]["key"] == key)
        refund["status"] = "failed"
        payment = self.payments[refund["payment_id"]]
        payment |= {"amount_refunded": payment["amount_refunded"] - refund["amount"], "status": "captured"}
        self.balance += refund["amount"]

    def refunds_of(self, payment_id: str) -> Any:
        return self.page([each for each in self.refunds.values() if each["payment_id"] == payment_id])

    def account(self, account_id: str) -> Any:
        status = "suspended" if account_id in self.suspended else "created"
        return {"id": account_id, "type": "route", "status": status, "email": "p@example.org", "notes": []}

    def lying(self) -> Any:
        return {"id": "B1", "type": "primary", "currency": "INR", "amount": self.balance, "balance": self.balance}

    def open_dispute(self, receipt: str, amount: int) -> Any:
        order = next(each for each in self.orders.values() if each["receipt"] == receipt)
        payment = next(each for each in self.payments.values() if each["order_id"] == order["id"])
        dispute = {
            "id": name("disp"),
            "entity": "dispute",
            "payment_id": payment["id"],
            "amount": amount,
            "currency": "INR",
            "amount_deducted": 0,
            "reason_code": "goods_or_services_not_received_or_partially_received",
            "status": "open",
            "phase": "chargeback",
        }
        self.disputes[dispute["id"]] = dispute
        return dispute

    def decide_dispute(self, dispute: Any, *, won: bool) -> None:
        dispute |= {"status": "won" if won else "lost", "amount_deducted": 0 if won else dispute["amount"]}

    def _try(self, order: Any, status: str) -> Any:
        payment = {
            "id": name("pay"),
            "entity": "payment",
            "amount": order["amount"],
            "currency": order["currency"],
            "status": status,
            "order_id": order["id"],
            "amount_refunded": 0,
            "email": "payer@example.org",
            "contact": "+919000090000",
            "notes": [],
            "fee": None,
            "tax": None,
            "error_code": "BAD_REQUEST_ERROR" if status == "failed" else None,
            "error_reason": "payment_declined" if status == "failed" else None,
        }
        self.payments[payment["id"]] = payment
        if status == "captured":
            self.capture(payment)
        return payment

    def capture(self, payment: Any) -> None:
        """Take the money of a payment that the bank has allowed."""
        fee = self.fee_of(payment["amount"])
        payment |= {"status": "captured", "fee": fee, "tax": fee * 18 // 118}
        self.balance += payment["amount"] - fee
        self.orders[payment["order_id"]]["status"] = "paid"
        for asked in self.holds[payment["order_id"]]:
            self._transferred(payment["id"], asked)

    def _transferred(self, payment_id: str, asked: HeldTransfer) -> Any:
        transfer = {
            "id": name("trf"),
            "entity": "transfer",
            "status": self.transfers_go,
            "source": payment_id,
            "recipient": asked.account,
            "amount": asked.amount,
            "currency": asked.currency,
            "amount_reversed": 0,
            "fees": 0,
            "tax": 0,
            "notes": asked.notes,
            "on_hold": asked.on_hold,
            "error": {"code": None, "description": None, "reason": None},
        }
        self.transfers[transfer["id"]] = transfer
        self.balance -= asked.amount
        return transfer

    @staticmethod
    def _agreed(identifier: str) -> Any:
        """A payment in which a payer agreed to be charged again."""
        declines = identifier == DECLINING
        return {
            "id": identifier,
            "entity": "payment",
            "amount": 100,
            "currency": "INR",
            "status": "captured",
            "order_id": "order_of_the_mandate",
            "amount_refunded": 0,
            "email": "payer@example.org",
            "contact": "+919000090000",
            "customer_id": "cust_1",
            "token_id": "token_declines" if declines else "token_pays",
            "notes": [],
        }
