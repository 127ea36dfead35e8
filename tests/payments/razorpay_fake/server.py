"""Razorpay's stand-in on loopback: its routes and its key. It has no idempotency: what is asked twice is done twice."""

import re
from collections.abc import Callable
from typing import Any
from urllib.parse import unquote

import msgspec

from tests.payments.loopback import Answer, Asked, Loopback
from tests.payments.razorpay_fake.books import Books, Refusal
from tests.payments.razorpay_fake.shapes import Hold, NewCharge, NewOrder, NewRefund, NewReversal, NewTransfers, Shape

KEY = ("rzp_test_key", "a-key-secret")
Act = Callable[..., Any]


class RazorpayFake:
    """A Razorpay account with Route, and everybody who pays into it or is paid from it."""

    def __init__(self, *, fee_of) -> None:
        self.books = Books(fee_of)
        self._routes = [
            (method, re.compile(path.replace("{}", "([^/]+)")), shape, act) for method, path, shape, act in self._all_routes()
        ]
        self.http = Loopback(self._answer)

    def _all_routes(self) -> list[tuple[str, str, type[Shape] | None, Act]]:
        books = self.books
        return [
            ("POST", "/v1/orders", NewOrder, lambda body, _: books.create_order(body)),
            ("GET", "/v1/orders", None, lambda _, asked: books.orders_of(asked.query)),
            ("GET", "/v1/orders/{}/payments", None, lambda _, __, which: books.payments_of(which)),
            ("POST", "/v1/payments/create/recurring", NewCharge, lambda body, _: books.charge(body)),
            ("GET", "/v1/payments/{}", None, lambda _, __, which: books.found(books.payments, which)),
            ("POST", "/v1/payments/{}/transfers", NewTransfers, lambda body, _, which: books.transfer(which, body)),
            ("GET", "/v1/payments/{}/transfers", None, lambda _, __, which: books.transfers_of(which)),
            ("POST", "/v1/payments/{}/refund", NewRefund, lambda body, _, which: books.refund(which, body)),
            ("GET", "/v1/payments/{}/refunds", None, lambda _, __, which: books.refunds_of(which)),
            ("GET", "/v1/refunds/{}", None, lambda _, __, which: books.found(books.refunds, which)),
            ("GET", "/v1/transfers/{}", None, lambda _, __, which: books.found(books.transfers, which)),
            ("PATCH", "/v1/transfers/{}", Hold, lambda body, _, which: books.end_hold(which, body)),
            ("POST", "/v1/transfers/{}/reversals", NewReversal, lambda body, _, which: books.reverse(which, body)),
            ("GET", "/v1/transfers/{}/reversals", None, lambda _, __, which: books.reversals_of(which)),
            ("GET", "/v2/accounts/{}", None, lambda _, __, which: books.account(which)),
            ("GET", "/v1/disputes/{}", None, lambda _, __, which: books.found(books.disputes, which)),
            ("GET", "/v1/balance", None, lambda _, __: books.lying()),
        ]

    def _answer(self, asked: Asked) -> Answer:
        if asked.basic != KEY:
            fault = {"code": "BAD_REQUEST_ERROR", "description": "The api key provided is invalid", "reason": "NA"}
            return 401, {"error": fault}
        for method, pattern, shape, act in self._routes:
            found = pattern.fullmatch(asked.path) if method == asked.method else None
            if found is None:
                continue
            try:
                body = msgspec.json.decode(asked.raw, type=shape) if shape else None
                if shape is None and asked.raw:
                    return self._violation(asked, "a body where none is known")
                return 200, act(body, asked, *map(unquote, found.groups()))
            except msgspec.DecodeError as error:
                return self._violation(asked, str(error))
            except Refusal as refusal:
                return refusal.status, refusal.body()
        return self._violation(asked, "no such route")

    def _violation(self, asked: Asked, why: str) -> Answer:
        self.http.violations.append(f"{asked.method} {asked.path}: {why}: {asked.raw[:300]!r}")
        return 400, {"error": {"code": "BAD_REQUEST_ERROR", "description": why, "reason": "input_validation_failed"}}
