"""PayPal's stand-in on loopback: its routes, its token, its keys. What they do to its books is in `books`."""

import hashlib
import re
import secrets
from collections.abc import Callable
from typing import Any
from urllib.parse import unquote

import msgspec

from tests.payments.loopback import Answer, Asked, Loopback
from tests.payments.paypal_fake.books import Books, Refusal
from tests.payments.paypal_fake.notices import Signer
from tests.payments.paypal_fake.shapes import (
    NewOrder,
    NewPaymentToken,
    NewPayout,
    NewRefund,
    NewSetupToken,
    Shape,
    Verification,
)

CLIENT = ("a-client-id", "a-client-secret")
WRITES = {
    "/v2/checkout/orders": NewOrder,
    "/v2/payments/captures/([^/]+)/refund": NewRefund,
    "/v1/payments/payouts": NewPayout,
    "/v3/vault/setup-tokens": NewSetupToken,
    "/v3/vault/payment-tokens": NewPaymentToken,
    "/v1/notifications/verify-webhook-signature": Verification,
}


class PayPalFake:
    """A PayPal account and everybody who pays into it or is paid from it."""

    def __init__(self, *, fee_of) -> None:
        self.books = Books(fee_of)
        self.signer = Signer()
        self.tokens: set[str] = set()
        self.tokens_given = 0
        self._answers: dict[tuple[str, str], tuple[str, Answer]] = {}
        self._routes = self._all_routes()
        self.http = Loopback(self._answer)

    def forget_keys(self) -> None:
        """Let six hours go by: the keys of orders are forgotten."""
        self._answers = {name: kept for name, kept in self._answers.items() if "/v2/checkout" not in name[0]}

    def _answer(self, asked: Asked) -> Answer:
        if asked.path == "/v1/oauth2/token":
            return self._token(asked)
        if asked.headers.get("authorization", "").removeprefix("Bearer ") not in self.tokens:
            return 401, {"name": "AUTHENTICATION_FAILURE", "message": "no token"}
        try:
            return self._once(asked)
        except Refusal as refusal:
            return refusal.status, refusal.body()

    def _token(self, asked: Asked) -> Answer:
        if asked.basic != CLIENT or asked.raw != b"grant_type=client_credentials":
            return 401, {"error": "invalid_client", "error_description": "no"}
        token = secrets.token_urlsafe(16)
        self.tokens.add(token)
        self.tokens_given += 1
        return 200, {"access_token": token, "token_type": "Bearer", "expires_in": 32_400, "scope": "all", "app_id": "APP-1"}

    def _once(self, asked: Asked) -> Answer:
        """Answer the same key with the same answer, as long as it is remembered."""
        key = asked.headers.get("paypal-request-id")
        needs_key = asked.method == "POST" and "verify-webhook" not in asked.path and "/cancel" not in asked.path
        if needs_key and not key:
            return self._violation(asked, "a write without PayPal-Request-Id")
        # payouts know repetitions by their own id, and say so
        if not needs_key or asked.path == "/v1/payments/payouts":
            return self._route(asked)
        name, digest = (asked.path, key), hashlib.sha256(asked.raw).hexdigest()
        if name in self._answers:
            kept, answer = self._answers[name]
            return answer if kept == digest else self._violation(asked, "a key with another body")
        try:
            answer = self._route(asked)
        except Refusal as refusal:
            answer = refusal.status, refusal.body()
        if answer[0] < 500:
            self._answers[name] = (digest, answer)
        return answer

    def _route(self, asked: Asked) -> Answer:
        for method, pattern, act in self._routes:
            found = pattern.fullmatch(asked.path) if method == asked.method else None
            if found is None:
                continue
            body = self._body(asked, pattern.pattern)
            status = 201 if method == "POST" and not pattern.pattern.endswith(("cancel", "signature")) else 200
            return body if isinstance(body, tuple) else (status, act(body, asked, *map(unquote, found.groups())))
        return self._violation(asked, "no such route")

    def _all_routes(self) -> list[tuple[str, re.Pattern[str], Callable[..., Any]]]:
        books = self.books
        routes: list[tuple[str, str, Callable[..., Any]]] = [
            ("POST", "/v2/checkout/orders", lambda body, _: books.create_order(body)),
            ("GET", "/v2/checkout/orders/{}", lambda _, __, which: books.order(which)),
            ("POST", "/v2/checkout/orders/{}/capture", lambda _, __, which: books.capture(which)),
            ("GET", "/v2/payments/captures/{}", lambda _, __, which: books.found(books.captures, which)),
            ("POST", "/v2/payments/captures/{}/refund", lambda body, _, which: books.refund(which, body)),
            ("GET", "/v2/payments/refunds/{}", lambda _, __, which: books.found(books.refunds, which)),
            ("POST", "/v1/payments/payouts", lambda body, _: books.payout(body)),
            ("GET", "/v1/payments/payouts/{}", lambda _, __, which: books.found(books.batches, which)),
            ("POST", "/v1/payments/payouts-item/{}/cancel", lambda _, __, which: books.cancel_item(which)),
            ("GET", "/v1/reporting/balances", lambda _, asked: books.balances(asked.query.get("currency_code", ""))),
            ("GET", "/v1/reporting/transactions", lambda _, asked: books.history(asked.query)),
            ("POST", "/v3/vault/setup-tokens", lambda _, __: books.setup_token()),
            ("GET", "/v3/vault/setup-tokens/{}", lambda _, __, which: books.found(books.setups, which)),
            ("POST", "/v3/vault/payment-tokens", lambda body, _: books.payment_token(body.payment_source.token.id)),
            ("GET", "/v1/customer/disputes/{}", lambda _, __, which: books.found(books.disputes, which)),
            ("POST", "/v1/notifications/verify-webhook-signature", self._verify),
        ]
        return [(method, re.compile(path.replace("{}", "([^/]+)")), act) for method, path, act in routes]

    def _verify(self, body: Verification, asked: Asked) -> Any:
        return {"verification_status": self.signer.verdict(asked.raw, body)}

    def _body(self, asked: Asked, route: str) -> Shape | Answer | None:
        """Read the body of a write by its shape."""
        if asked.method != "POST":
            return self._violation(asked, "a body on a read") if asked.raw else None
        shape = WRITES.get(route)
        if shape is None:
            return self._violation(asked, "a body where none is known") if asked.raw not in (b"", b"{}") else None
        try:
            return msgspec.json.decode(asked.raw, type=shape)
        except msgspec.DecodeError as error:
            return self._violation(asked, str(error))

    def _violation(self, asked: Asked, why: str) -> Answer:
        self.http.violations.append(f"{asked.method} {asked.path}: {why}: {asked.raw[:300]!r}")
        return 400, {"name": "INVALID_REQUEST", "details": [{"issue": "MALFORMED_REQUEST_JSON", "description": why}]}
