"""Accounts: the platform's own, those of payees, and what the platform has."""

from typing import Any

from tests.payments.stripe_fake.books import BEGIN, Books, Object, Refusal

Params = dict[str, Any]
NOTHING = {
    "currently_due": [],
    "past_due": [],
    "eventually_due": [],
    "pending_verification": [],
    "errors": [],
    "alternatives": [],
}
BEGUN = ["business_type", "external_account", "tos_acceptance.date"]


def balance(books: Books, _: Params) -> Object:
    currencies = sorted({books.default_currency, *(each["currency"] for each in books.of("balance_transaction"))})
    available = [{"amount": books.balance(code), "currency": code} for code in currencies]
    pending = [{"amount": 0, "currency": code} for code in currencies]
    return {"object": "balance", "livemode": books.live, "available": available, "pending": pending, "connect_reserved": []}


def balance_settings(books: Books, _: Params) -> Object:
    payouts = {
        "automatic_transfer_rules_by_currency": None,
        "minimum_balance_by_currency": None,
        "schedule": {"interval": books.interval},
        "statement_descriptor": None,
        "status": "enabled",
    }
    payments = {"debit_negative_balances": None, "payouts": payouts, "settlement_timing": {"delay_days": 2}}
    return {"object": "balance_settings", "payments": payments}


def platform(books: Books, _: Params) -> Object:
    return {
        "id": "acct_platform",
        "object": "account",
        "country": books.country,
        "default_currency": books.default_currency,
        "charges_enabled": books.charges_enabled,
        "payouts_enabled": True,
        "details_submitted": True,
        "capabilities": books.capabilities,
        "type": "standard",
        "created": BEGIN,
    }


def create(books: Books, params: Params) -> Object:
    if len(params.get("country", "")) != 2:
        raise Refusal("country_unsupported", "no such country", param="country")
    return books.new(
        "acct",
        "account",
        country=params["country"],
        charges_enabled=False,
        payouts_enabled=False,
        details_submitted=False,
        capabilities={name: "inactive" for name, wanted in params["capabilities"].items() if wanted.get("requested")},
        requirements={**NOTHING, "currently_due": BEGUN, "current_deadline": None, "disabled_reason": "requirements.past_due"},
        metadata=params.get("metadata", {}),
        default_currency="usd",
        email=params.get("email"),
        type="none",
    )


def get(books: Books, _: Params, identifier: str) -> Object:
    return books.get("account", identifier)


def link(books: Books, params: Params) -> Object:
    account = books.get("account", params["account"])
    if not params.get("return_url") or not params.get("refresh_url"):
        raise Refusal("parameter_missing", "needs both addresses", param="return_url")
    url = f"https://connect.stripe.com/setup/{account['id']}"
    return {"object": "account_link", "created": BEGIN, "expires_at": BEGIN + 300, "url": url}


def onboard(account: Object) -> None:
    """Let a payee tell Stripe all that it asks for."""
    account.update(payouts_enabled=True, details_submitted=True)
    account["capabilities"] = {"transfers": "active"}
    account["requirements"] = {**NOTHING, "current_deadline": None, "disabled_reason": None}


def block(account: Object) -> None:
    """Let Stripe stop an account."""
    account["payouts_enabled"] = False
    account["capabilities"] = {"transfers": "inactive"}
    account["requirements"] = {**NOTHING, "current_deadline": None, "disabled_reason": "rejected.fraud"}
