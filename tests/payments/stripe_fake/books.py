"""What the fake remembers: objects as Stripe describes them, and the platform's balance. No wire, no clock."""

import itertools
import secrets
from dataclasses import dataclass, field
from typing import Any

from tests.payments.fees import fee_of

Object = dict[str, Any]
BEGIN = 1_780_000_000
DISPUTE_FEE = 1_500
LARGEST = 99_999_999
SMALLEST = 50
THREE_DIGITS = {"bhd", "jod", "kwd", "omr", "tnd"}
WHOLE_IN_HUNDREDTHS = {"isk", "ugx"}
WAYS = {
    "pm_card_visa": ("card", None, None),
    "pm_card_chargeDeclined": ("card", "card_declined", "generic_decline"),
    "pm_card_chargeDeclinedInsufficientFunds": ("card", "card_declined", "insufficient_funds"),
    "pm_card_chargeDeclinedFraudulent": ("card", "card_declined", "fraudulent"),
    "pm_card_authenticationRequired": ("card", "authentication_required", "authentication_required"),
    "pm_sepa": ("sepa_debit", None, None),
}
"""How a saved way to pay behaves: its type, and the code and the bank's code of what refuses it."""


class Refusal(Exception):  # noqa: N818 - it names what happened
    """Stripe refuses."""

    def __init__(self, code: str | None, message: str, *, status: int = 400, **more: Any) -> None:
        super().__init__(message)
        self.status = status
        kind = "card_error" if status == 402 else "invalid_request_error"
        self.error = {"type": kind, "message": message, **({"code": code} if code else {}), **more}


@dataclass
class Books:
    """Everything at Stripe that this platform has to do with."""

    objects: dict[str, Object] = field(default_factory=dict)
    interval: str | None = "manual"
    country: str = "US"
    live: bool = False
    charges_enabled: bool = True
    capabilities: dict[str, str] = field(
        default_factory=lambda: {
            "card_payments": "active",
            "sepa_debit_payments": "active",
            "us_bank_account_ach_payments": "pending",
            "transfers": "active",
        }
    )
    default_currency: str = "usd"
    settles_in: dict[str, str] = field(default_factory=dict)
    search_is_late: bool = False

    def __post_init__(self) -> None:
        self._numbers = itertools.count(1)
        self._mark = secrets.token_hex(4)

    def new(self, prefix: str, kind: str, **fields: Any) -> Object:
        """Make an object, and keep it."""
        number = next(self._numbers)
        made = {"id": f"{prefix}_{self._mark}{number}", "object": kind, "created": BEGIN + number, **fields}
        self.objects[made["id"]] = made
        return made

    def of(self, kind: str) -> list[Object]:
        """List objects of a kind, the newest first."""
        return [each for each in reversed(self.objects.values()) if each["object"] == kind]

    def get(self, kind: str, identifier: str) -> Object:
        """Find an object, or refuse."""
        found = self.objects.get(identifier)
        if found is None or found["object"] != kind:
            if kind == "account":
                raise Refusal("account_invalid", "no such account, or its access was revoked", status=403)
            raise Refusal("resource_missing", f"No such {kind}: {identifier}", status=404, param="id")
        return found

    def named(self, payment_id: str) -> Object:
        """Find our payment."""
        (found,) = (each for each in self.of("payment_intent") if each["metadata"].get("payment_id") == payment_id)
        return found

    def book(self, amount: int, currency: str, kind: str, source: str, fee: int = 0) -> Object:
        """Change the balance."""
        settled = self.settles_in.get(currency, currency)
        return self.new(
            "txn",
            "balance_transaction",
            amount=amount,
            currency=settled,
            fee=fee,
            net=amount - fee,
            fee_details=[],
            available_on=BEGIN,
            balance_type="payments",
            reporting_category=kind,
            status="available",
            type=kind,
            source=source,
            description=None,
            exchange_rate=None,
        )

    def balance(self, currency: str) -> int:
        """Add up what the platform has."""
        return sum(each["net"] for each in self.of("balance_transaction") if each["currency"] == currency)

    def event(self, kind: str, about: Object) -> Object:
        """Make an event that holds a copy of an object."""
        return self.new(
            "evt",
            "event",
            type=kind,
            data={"object": dict(about)},
            livemode=self.live,
            pending_webhooks=1,
            api_version="2026-05-27.dahlia",
            request=None,
        )

    def attempt(self, intent: Object, way: str) -> None:
        """Try to collect. Refuses with 402 when the bank does."""
        kind, code, bank = WAYS[way]
        self._check_alive(intent)
        if code is not None:
            self._decline(intent, code, bank)
        charge = self.charge(intent, status="pending" if kind == "sepa_debit" else "succeeded")
        intent["latest_charge"] = charge["id"]
        intent["status"] = "processing" if kind == "sepa_debit" else "succeeded"
        if charge["status"] == "succeeded":
            self.settle(intent)

    def charge(self, intent: Object, *, status: str) -> Object:
        """Note one try."""
        return self.new(
            "ch",
            "charge",
            amount=intent["amount"],
            amount_captured=intent["amount"] if status == "succeeded" else 0,
            amount_refunded=0,
            balance_transaction=None,
            billing_details={"address": None, "email": None, "name": None, "phone": None, "tax_id": None},
            captured=status == "succeeded",
            currency=intent["currency"],
            disputed=False,
            livemode=self.live,
            metadata=dict(intent["metadata"]),
            paid=status == "succeeded",
            payment_intent=intent["id"],
            refunded=False,
            status=status,
            transfer_group=intent["transfer_group"],
        )

    def settle(self, intent: Object) -> None:
        """Let the money of a payment arrive."""
        charge = self.objects[intent["latest_charge"]]
        charge.update(status="succeeded", paid=True, captured=True, amount_captured=charge["amount"])
        charge["balance_transaction"] = self.book(
            charge["amount"], charge["currency"], "charge", charge["id"], fee_of(charge["amount"])
        )["id"]
        intent.update(status="succeeded", amount_received=intent["amount"], next_action=None, last_payment_error=None)

    def fail(self, payment_id: str, code: str = "card_declined", bank: str = "generic_decline") -> None:
        """Let the payer's try be refused; they may try again."""
        intent = self.named(payment_id)
        charge = self.charge(intent, status="failed")
        error = {"type": "card_error", "code": code, "decline_code": bank, "message": "declined", "charge": charge["id"]}
        intent.update(status="requires_payment_method", latest_charge=charge["id"], last_payment_error=error)

    def pays(self, payment_id: str, way: str = "pm_card_visa") -> None:
        """Let the payer pay, in their browser; or let a debit arrive that is under way."""
        intent = self.named(payment_id)
        if intent["status"] == "processing":
            self.settle(intent)
        else:
            self.attempt(intent, way)

    def dispute(self, payment_id: str, amount: int, *, asks_only: bool = False) -> Object:
        """Let the payer's bank take back a part of a payment, or ask about it."""
        intent = self.named(payment_id)
        charge = self.objects[intent["latest_charge"]]
        made = self.new(
            "du",
            "dispute",
            amount=amount,
            balance_transactions=[],
            charge=charge["id"],
            currency=charge["currency"],
            enhanced_eligibility_types=[],
            evidence={"enhanced_evidence": {}},
            evidence_details={
                "due_by": None, "has_evidence": False, "past_due": False, "submission_count": 0, "enhanced_eligibility": {},
            },
            is_charge_refundable=False,
            livemode=self.live,
            metadata={},
            payment_intent=intent["id"],
            reason="fraudulent",
            status="warning_needs_response" if asks_only else "needs_response",
        )  # fmt: skip
        charge["disputed"] = True
        if not asks_only:
            self._move_for(made, -amount, DISPUTE_FEE)
        return made

    def decide(self, dispute: Object, *, won: bool, fee_back: bool = True) -> None:
        """Let the bank decide; in some countries Stripe gives its fee back when it is won."""
        dispute["status"] = "won" if won else "lost"
        if won:
            self._move_for(dispute, dispute["amount"], -DISPUTE_FEE if fee_back else 0)

    def _move_for(self, dispute: Object, amount: int, fee: int) -> None:
        dispute["balance_transactions"] = [
            *dispute["balance_transactions"],
            self.book(amount, dispute["currency"], "adjustment", dispute["id"], fee),
        ]

    def _decline(self, intent: Object, code: str, bank: str | None) -> None:
        self.objects[intent["id"]] = intent
        charge = self.charge(intent, status="failed")
        error = {"code": code, "decline_code": bank, "charge": charge["id"]}
        detail = {"type": "card_error", "message": "declined", **error}
        intent.update(status="requires_payment_method", latest_charge=charge["id"], last_payment_error=detail)
        raise Refusal(
            code, "Your card was declined.", status=402, payment_intent=dict(intent), decline_code=bank, charge=charge["id"]
        )

    def _check_alive(self, intent: Object) -> None:
        if intent["status"] in {"succeeded", "canceled"}:
            raise Refusal("payment_intent_unexpected_state", f"it is {intent['status']}", payment_intent=dict(intent))


def check_amount(amount: int, currency: str) -> None:
    """Refuse what Stripe cannot count."""
    if currency in THREE_DIGITS and amount % 10:
        raise Refusal("invalid_charge_amount", "the last digit must be 0", param="amount")
    if currency in WHOLE_IN_HUNDREDTHS and amount % 100:
        raise Refusal("invalid_charge_amount", "the amount must be whole", param="amount")
    if amount < 1:
        raise Refusal("parameter_invalid_integer", "must be positive", param="amount")
    if amount > LARGEST:
        raise Refusal("amount_too_large", "too large", param="amount")
