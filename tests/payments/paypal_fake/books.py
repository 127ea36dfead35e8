"""The books of PayPal's stand-in: orders, captures, refunds, payouts, tokens, disputes, and what lies in the account."""

import secrets
from collections import defaultdict
from typing import Any

from tests.payments.paypal_fake.shapes import Amount, NewOrder, NewPayout, NewRefund

WHOLE = {"HUF", "JPY", "TWD"}
DECLINING = "a-token-that-declines"
PAYING = "a-token-that-pays"


class Refusal(Exception):  # noqa: N818 - it names what it is
    """PayPal's error answer."""

    def __init__(self, issue: str, *, status: int = 422, link: str | None = None) -> None:
        super().__init__(issue)
        self.issue, self.status, self.link = issue, status, link

    def body(self) -> dict[str, Any]:
        name = {404: "RESOURCE_NOT_FOUND", 400: "USER_BUSINESS_ERROR"}.get(self.status, "UNPROCESSABLE_ENTITY")
        fault: dict[str, Any] = {"issue": self.issue, "description": "a person reads this"}
        if self.link:
            fault["link"] = [{"href": self.link, "rel": "self", "method": "GET"}]
        return {"name": name, "message": "no", "debug_id": "d1", "details": [fault], "links": []}


def units(amount: Any) -> int:
    """Count an amount in the currency's smallest unit here; refuse digits that it has not."""
    currency = getattr(amount, "currency_code", None) or amount.currency
    whole, _, part = amount.value.partition(".")
    if (currency in WHOLE and part) or len(part) > 2:
        raise Refusal("DECIMAL_PRECISION")
    return int(whole) * (1 if currency in WHOLE else 100) + (int(part.ljust(2, "0")) if part else 0)


def written(count: int, currency: str) -> str:
    """Write an amount as PayPal does."""
    return str(count) if currency in WHOLE else f"{'-' if count < 0 else ''}{abs(count) // 100}.{abs(count) % 100:02d}"


def name() -> str:
    return secrets.token_hex(9)[:17].upper()


class Books:
    """What is there. `blocked` receivers are not paid; `items_go` says what becomes of the next payout's item."""

    def __init__(self, fee_of) -> None:
        self.fee_of = fee_of
        self.orders: dict[str, Any] = {}
        self.captures: dict[str, Any] = {}
        self.refunds: dict[str, Any] = {}
        self.batches: dict[str, Any] = {}
        self.setups: dict[str, Any] = {}
        self.disputes: dict[str, Any] = {}
        self.vaulted: set[str] = {PAYING}
        self.lying: dict[str, int] = defaultdict(int)
        self.blocked: set[str] = set()
        self.items_go = "SUCCESS"
        self.captures_go = "COMPLETED"
        self.refunds_go = "COMPLETED"
        self.payout_fee = 0

    @staticmethod
    def found(where: dict[str, Any], identifier: str) -> Any:
        if identifier not in where:
            raise Refusal("INVALID_RESOURCE_ID", status=404)
        return where[identifier]

    def create_order(self, body: NewOrder) -> Any:
        (unit,), wallet = body.purchase_units, body.payment_source.paypal
        units(unit.amount)
        order_id = name()
        page = {"href": f"https://www.paypal.com/checkoutnow?token={order_id}", "rel": "payer-action", "method": "GET"}
        order = {"id": order_id, "status": "PAYER_ACTION_REQUIRED", "intent": "CAPTURE", "links": [page]}
        order["purchase_units"] = [
            {
                "reference_id": "default",
                "amount": {"currency_code": unit.amount.currency_code, "value": unit.amount.value},
                "custom_id": unit.custom_id,
                "invoice_id": unit.invoice_id,
            }
        ]
        if wallet.vault_id is not None:
            if wallet.vault_id not in self.vaulted:
                raise Refusal("INSTRUMENT_DECLINED" if wallet.vault_id == DECLINING else "TOKEN_ID_NOT_FOUND")
            self._require_new_invoice(unit.invoice_id)
            self._take(order)
        self.orders[order_id] = order
        return order

    def order(self, order_id: str) -> Any:
        return self.found(self.orders, order_id)

    def capture(self, order_id: str) -> Any:
        order = self.order(order_id)
        if order["status"] == "COMPLETED":
            raise Refusal("ORDER_ALREADY_CAPTURED")
        if order["status"] != "APPROVED":
            raise Refusal("ORDER_NOT_APPROVED")
        self._require_new_invoice(order["purchase_units"][0]["invoice_id"])
        if self.captures_go == "INSTRUMENT_DECLINED":
            self.captures_go = "COMPLETED"
            order["status"] = "PAYER_ACTION_REQUIRED"
            raise Refusal("INSTRUMENT_DECLINED")
        self._take(order)
        return order

    def approve(self, payment_id: str) -> None:
        """Let the payer approve what they were asked for."""
        self.order_of(payment_id)["status"] = "APPROVED"

    def order_of(self, payment_id: str) -> Any:
        return [each for each in self.orders.values() if each["purchase_units"][0]["custom_id"] == payment_id][-1]

    def clear(self, capture_id: str, status: str) -> None:
        """Let a capture that was pending end."""
        capture = self.captures[capture_id]
        capture["status"] = status
        if status == "COMPLETED":
            self._receive(capture)

    def refund(self, capture_id: str, body: NewRefund) -> Any:
        capture = self.found(self.captures, capture_id)
        amount, currency = units(body.amount), body.amount.currency_code
        if currency != capture["amount"]["currency_code"]:
            raise Refusal("REFUND_CURRENCY_MISMATCH")
        if capture["refunded"] + amount > units(Amount(**capture["amount"])):
            raise Refusal("REFUND_AMOUNT_EXCEEDED")
        capture["refunded"] += amount
        refund_id = name()
        self.refunds[refund_id] = {
            "id": refund_id,
            "status": self.refunds_go,
            "amount": {"currency_code": currency, "value": body.amount.value},
            "custom_id": body.custom_id,
            "capture_id": capture_id,
        }
        self.lying[currency] -= amount
        return self.refunds[refund_id]

    def bounce(self, key: str) -> None:
        """Let the money of a refund come back."""
        refund = next(each for each in self.refunds.values() if each["custom_id"] == key)
        refund["status"] = "FAILED"
        amount = Amount(**refund["amount"])
        self.captures[refund["capture_id"]]["refunded"] -= units(amount)
        self.lying[amount.currency_code] += units(amount)

    def payout(self, body: NewPayout) -> Any:
        key, (item,) = body.sender_batch_header.sender_batch_id, body.items
        for batch in self.batches.values():
            if batch["batch_header"]["sender_batch_header"]["sender_batch_id"] == key:
                earlier = f"https://api.paypal.com/v1/payments/payouts/{batch['batch_header']['payout_batch_id']}"
                raise Refusal("Batch with given sender_batch_id already exists", status=400, link=earlier)
        amount, currency = units(item.amount), item.amount.currency
        if amount + self.payout_fee > self.lying[currency]:
            raise Refusal("INSUFFICIENT_FUNDS")
        batch_id, status = name()[:13], "BLOCKED" if item.receiver in self.blocked else self.items_go
        self.lying[currency] -= amount + self.payout_fee
        made = {
            "payout_item_id": name()[:13],
            "transaction_status": status,
            "payout_item_fee": {"currency": currency, "value": written(self.payout_fee, currency)},
            "payout_batch_id": batch_id,
            "sender_batch_id": key,
            "payout_item": {"receiver": item.receiver, "amount": {"currency": currency, "value": item.amount.value}},
        }
        header = {"payout_batch_id": batch_id, "batch_status": "SUCCESS", "sender_batch_header": {"sender_batch_id": key}}
        self.batches[batch_id] = {"batch_header": header, "items": [made]}
        if status in ("BLOCKED", "FAILED"):
            made["errors"] = {"name": "RECEIVER_ACCOUNT_LOCKED", "message": "no"}
            self._come_back(made)
        return {"batch_header": header | {"batch_status": "PENDING"}}

    def item_of(self, key: str) -> Any:
        return next(batch["items"][0] for batch in self.batches.values() if batch["items"][0]["sender_batch_id"] == key)

    def item_goes(self, key: str, status: str) -> None:
        """Let something become of a payout's item."""
        item = self.item_of(key)
        item["transaction_status"] = status
        if status in ("RETURNED", "REFUNDED", "REVERSED"):
            self._come_back(item)

    def cancel_item(self, item_id: str) -> Any:
        item = next(each for batch in self.batches.values() for each in batch["items"] if each["payout_item_id"] == item_id)
        if item["transaction_status"] != "UNCLAIMED":
            raise Refusal("ITEM_ALREADY_COMPLETED")
        self.item_goes(item["sender_batch_id"], "RETURNED")
        return item

    def balances(self, currency: str) -> Any:
        asked = [currency] if currency else sorted(self.lying)
        lying = [(code, {"currency_code": code, "value": written(self.lying[code], code)}) for code in asked]
        return {"balances": [{"currency": code, "total_balance": amount} for code, amount in lying], "account_id": "A1"}

    def history(self, query: dict[str, str]) -> Any:
        assert {"start_date", "end_date", "fields", "page", "page_size"} >= set(query) >= {"start_date", "end_date"}
        lines = [
            {"transaction_info": {"transaction_id": each["id"], "invoice_id": each["invoice_id"]}}
            for each in self.captures.values()
        ]
        return {"transaction_details": lines, "page": 1, "total_items": len(lines), "total_pages": 1}

    def setup_token(self) -> Any:
        token_id = name()
        page = {"href": f"https://www.paypal.com/agreements/approve?approval_session_id={token_id}", "rel": "approve"}
        self.setups[token_id] = {"id": token_id, "status": "PAYER_ACTION_REQUIRED", "links": [page]}
        return dict(self.setups[token_id])

    def payment_token(self, setup_id: str) -> Any:
        setup = self.found(self.setups, setup_id)
        if setup["status"] != "APPROVED":
            raise Refusal("SETUP_TOKEN_NOT_APPROVED")
        setup["status"] = "VAULTED"
        token_id = name().lower()
        self.vaulted.add(token_id)
        return {"id": token_id, "payment_source": {"paypal": {"email_address": "payer@example.org"}}}

    def open_dispute(self, payment_id: str, value: str) -> Any:
        capture = next(each for each in self.captures.values() if each["custom_id"] == payment_id)
        dispute_id = f"PP-D-{name()[:6]}"
        self.disputes[dispute_id] = {
            "dispute_id": dispute_id,
            "status": "WAITING_FOR_SELLER_RESPONSE",
            "reason": "MERCHANDISE_OR_SERVICE_NOT_RECEIVED",
            "dispute_life_cycle_stage": "CHARGEBACK",
            "dispute_amount": {"currency_code": capture["amount"]["currency_code"], "value": value},
            "disputed_transactions": [{"seller_transaction_id": capture["id"], "custom": payment_id}],
        }
        return self.disputes[dispute_id]

    def decide_dispute(self, dispute: Any, *, won: bool) -> None:
        code = "RESOLVED_SELLER_FAVOUR" if won else "RESOLVED_BUYER_FAVOUR"
        dispute |= {"status": "RESOLVED", "dispute_outcome": {"outcome_code": code}}

    def _require_new_invoice(self, invoice_id: str) -> None:
        if any(each["invoice_id"] == invoice_id and each["status"] != "DECLINED" for each in self.captures.values()):
            raise Refusal("DUPLICATE_INVOICE_ID")

    def _take(self, order: Any) -> None:
        unit = order["purchase_units"][0]
        amount = Amount(**unit["amount"])
        fee = written(self.fee_of(units(amount)), amount.currency_code)
        capture = {
            "id": name(),
            "status": self.captures_go,
            "amount": unit["amount"],
            "custom_id": unit["custom_id"],
            "invoice_id": unit["invoice_id"],
            "refunded": 0,
            "seller_receivable_breakdown": {
                "gross_amount": unit["amount"],
                "paypal_fee": {"currency_code": amount.currency_code, "value": fee},
            },
        }
        if self.captures_go != "COMPLETED":
            capture["status_details"] = {"reason": "PENDING_REVIEW"}
        self.captures[capture["id"]] = capture
        unit["payments"] = {"captures": [capture]}
        order["status"] = "COMPLETED"
        if capture["status"] == "COMPLETED":
            self._receive(capture)

    def _receive(self, capture: Any) -> None:
        amount = Amount(**capture["amount"])
        self.lying[amount.currency_code] += units(amount) - self.fee_of(units(amount))

    def _come_back(self, item: Any) -> None:
        amount = item["payout_item"]["amount"]
        self.lying[amount["currency"]] += units(Amount(currency_code=amount["currency"], value=amount["value"]))
