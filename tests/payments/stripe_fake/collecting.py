"""Collecting: payments, charges, customers, saved ways to pay, disputes."""

from typing import Any

from tests.payments.stripe_fake.books import SMALLEST, WAYS, Books, Object, Refusal, check_amount
from tests.payments.stripe_fake.listing import matching, page

Params = dict[str, Any]


def create(books: Books, params: Params) -> Object:
    check_amount(params["amount"], params["currency"])
    if params["amount"] < SMALLEST:
        raise Refusal("amount_too_small", "too small", param="amount")
    if params.get("off_session") and not params.get("confirm"):
        raise Refusal("parameter_missing", "off_session only with confirm", param="confirm")
    way = params.get("payment_method")
    if way is not None and (way not in WAYS or params.get("customer") not in books.objects):
        raise Refusal("resource_missing", "No such PaymentMethod", param="payment_method")
    made = _intent(books, params)
    if params.get("confirm"):
        if WAYS[way][0] not in params["payment_method_types"]:
            raise Refusal("payment_intent_invalid_parameter", "another type of method", param="payment_method")
        books.attempt(made, way)
    return _shown(books, made, params)


def _intent(books: Books, params: Params) -> Object:
    made = books.new(
        "pi",
        "payment_intent",
        amount=params["amount"],
        amount_received=0,
        capture_method=params.get("capture_method", "automatic_async"),
        currency=params["currency"],
        customer=params.get("customer"),
        last_payment_error=None,
        latest_charge=None,
        livemode=books.live,
        metadata=params.get("metadata", {}),
        next_action=None,
        payment_method=params.get("payment_method"),
        payment_method_types=params["payment_method_types"],
        status="requires_payment_method",
        transfer_group=params.get("transfer_group"),
    )
    made["client_secret"] = f"{made['id']}_secret_fake"
    return made


def get(books: Books, params: Params, identifier: str) -> Object:
    return _shown(books, books.get("payment_intent", identifier), params)


def search(books: Books, params: Params) -> Object:
    return matching(books.of("payment_intent"), params["query"], "/v1/payment_intents/search", is_late=books.search_is_late)


def cancel(books: Books, params: Params, identifier: str) -> Object:
    intent = books.get("payment_intent", identifier)
    if intent["status"] in {"succeeded", "canceled", "processing"}:
        raise Refusal("payment_intent_unexpected_state", f"it is {intent['status']}", payment_intent=dict(intent))
    intent.update(status="canceled", canceled_at=intent["created"], cancellation_reason=None)
    return _shown(books, intent, params)


def charges(books: Books, params: Params) -> Object:
    group = params.get("transfer_group")
    return page([each for each in books.of("charge") if each["transfer_group"] == group], params, "/v1/charges")


def customer(books: Books, params: Params) -> Object:
    return books.new("cus", "customer", livemode=books.live, metadata=params.get("metadata", {}))


def customers(books: Books, params: Params) -> Object:
    return matching(books.of("customer"), params["query"], "/v1/customers/search", is_late=books.search_is_late)


def setup(books: Books, params: Params) -> Object:
    made = books.new(
        "seti",
        "setup_intent",
        customer=books.get("customer", params["customer"])["id"],
        livemode=books.live,
        metadata=params.get("metadata", {}),
        next_action=None,
        cancellation_reason=None,
        payment_method=None,
        payment_method_types=params["payment_method_types"],
        status="requires_payment_method",
        usage=params["usage"],
    )
    made["client_secret"] = f"{made['id']}_secret_fake"
    return made


def setups(books: Books, params: Params) -> Object:
    found = [each for each in books.of("setup_intent") if each["customer"] == params.get("customer")]
    return page(found, params, "/v1/setup_intents")


def get_setup(books: Books, params: Params, identifier: str) -> Object:
    shown = dict(books.get("setup_intent", identifier))
    if "payment_method" in params.get("expand", []) and shown["payment_method"]:
        shown["payment_method"] = {
            "id": shown["payment_method"],
            "object": "payment_method",
            "billing_details": {"address": None, "email": None, "name": None, "phone": None, "tax_id": None},
            "created": shown["created"],
            "livemode": books.live,
            "type": "card",
            "card": {"brand": "visa", "last4": "4242", "country": "US", "exp_month": 1, "exp_year": 2040, "funding": "credit"}
            | dict.fromkeys(("checks", "display_brand", "generated_from", "networks", "three_d_secure_usage", "wallet")),
        }
    return shown


def get_dispute(books: Books, params: Params, identifier: str) -> Object:
    shown = dict(books.get("dispute", identifier))
    if "payment_intent" in params.get("expand", []):
        shown["payment_intent"] = books.objects[shown["payment_intent"]]
    return shown


def _shown(books: Books, intent: Object, params: Params) -> Object:
    """Show a payment with as much of its charge as was asked for."""
    shown = dict(intent)
    if "latest_charge.balance_transaction" in params.get("expand", []) and shown["latest_charge"]:
        charge = dict(books.objects[shown["latest_charge"]])
        charge["balance_transaction"] = books.objects.get(charge["balance_transaction"])
        shown["latest_charge"] = charge
    return shown
