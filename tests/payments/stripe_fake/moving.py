"""Moving on what was collected: transfers, reversals, refunds."""

from typing import Any

from tests.payments.stripe_fake.books import Books, Object, Refusal, check_amount
from tests.payments.stripe_fake.listing import page

Params = dict[str, Any]


def transfer(books: Books, params: Params) -> Object:
    check_amount(params["amount"], params["currency"])
    account = _payee(books, params["destination"])
    charge = books.get("charge", params["source_transaction"])
    if charge["status"] != "succeeded":
        raise Refusal(None, "the charge is not paid", param="source_transaction")
    settled = books.objects[charge["balance_transaction"]]["currency"]
    if params["currency"] != settled:
        raise Refusal(None, f"the charge was settled in {settled}", param="currency")
    sent = sum(each["amount"] for each in books.of("transfer") if each["source_transaction"] == charge["id"])
    if sent + params["amount"] > charge["amount"]:
        raise Refusal(None, "more than the charge", param="amount")
    if charge["transfer_group"] != params.get("transfer_group"):
        raise Refusal(None, "another group than the charge's", param="transfer_group")
    made = books.new(
        "tr",
        "transfer",
        amount=params["amount"],
        amount_reversed=0,
        currency=params["currency"],
        destination=account["id"],
        livemode=books.live,
        metadata=params.get("metadata", {}),
        reversals={"object": "list", "data": [], "has_more": False, "url": "/v1/transfers/x/reversals"},
        reversed=False,
        source_transaction=charge["id"],
        transfer_group=params.get("transfer_group"),
    )
    made["balance_transaction"] = books.book(-made["amount"], made["currency"], "transfer", made["id"])["id"]
    return made


def _payee(books: Books, identifier: str) -> Object:
    account = books.objects.get(identifier)
    if account is None or account["object"] != "account":
        raise Refusal("account_invalid", "No such destination", param="destination")
    if account["capabilities"].get("transfers") != "active":
        raise Refusal("insufficient_capabilities_for_transfer", "needs the capability: transfers")
    return account


def transfers(books: Books, params: Params) -> Object:
    group = params.get("transfer_group")
    return page([each for each in books.of("transfer") if each["transfer_group"] == group], params, "/v1/transfers")


def get_transfer(books: Books, _: Params, identifier: str) -> Object:
    return books.get("transfer", identifier)


def reverse(books: Books, params: Params, identifier: str) -> Object:
    source = books.get("transfer", identifier)
    if source["amount_reversed"] + params["amount"] > source["amount"]:
        raise Refusal(None, "more than was transferred", param="amount")
    if books.objects[source["destination"]].get("empty"):
        raise Refusal("balance_insufficient", "the account has not so much", param="amount")
    made = books.new(
        "trr",
        "transfer_reversal",
        amount=params["amount"],
        currency=source["currency"],
        metadata=params.get("metadata", {}),
        transfer=source["id"],
    )
    made["balance_transaction"] = books.book(made["amount"], made["currency"], "transfer_refund", made["id"])["id"]
    source["reversals"] = {**source["reversals"], "data": [made, *source["reversals"]["data"]][:10]}
    source["amount_reversed"] += made["amount"]
    source["reversed"] = source["amount_reversed"] == source["amount"]
    return made


def reversals(books: Books, params: Params, identifier: str) -> Object:
    found = [each for each in books.of("transfer_reversal") if each["transfer"] == identifier]
    return page(found, params, f"/v1/transfers/{identifier}/reversals")


def refund(books: Books, params: Params) -> Object:
    charge = books.get("charge", params["charge"])
    check_amount(params["amount"], charge["currency"])
    if charge["disputed"]:
        raise Refusal("charge_disputed", "the payer's bank has taken it back")
    if charge["amount_refunded"] + params["amount"] > charge["amount"]:
        raise Refusal("charge_already_refunded", "more than is left of the charge", param="amount")
    made = books.new(
        "re",
        "refund",
        amount=params["amount"],
        charge=charge["id"],
        currency=charge["currency"],
        metadata=params.get("metadata", {}),
        payment_intent=charge["payment_intent"],
        reason=None,
        status="succeeded",
    )
    charge["amount_refunded"] += made["amount"]
    charge["refunded"] = charge["amount_refunded"] == charge["amount"]
    made["balance_transaction"] = books.book(-made["amount"], made["currency"], "refund", made["id"])["id"]
    return made


def refunds(books: Books, params: Params) -> Object:
    found = [each for each in books.of("refund") if each["charge"] == params.get("charge")]
    return page(found, params, "/v1/refunds")


def get_refund(books: Books, _: Params, identifier: str) -> Object:
    return books.get("refund", identifier)


def bounce(books: Books, made: Object) -> None:
    """Let the payer's bank send a refund back."""
    back = books.book(made["amount"], made["currency"], "refund_failure", made["id"])
    made.update(status="failed", failure_reason="expired_or_canceled_card", failure_balance_transaction=back["id"])
    books.objects[made["charge"]]["amount_refunded"] -= made["amount"]
