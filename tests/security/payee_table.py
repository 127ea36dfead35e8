"""Requests about payees, fees, conversion and what operators decide: a part of the table (`tests.security.table`)."""

import itertools
import secrets
from typing import Any, Final

from tests.api import PASSWORD
from tests.escrow import usd
from tests.security.recipe import Make, Recipe, Request
from tests.security.world import World

_NUMBERS: Final = itertools.count(10_000).__next__
_METHODS: Final = itertools.cycle(["card", "card_declined", "bank_transfer"])
_AT: Final = {"gateway": "sandbox"}
_CURRENCIES: Final = itertools.cycle(["USD", "GBP", "CHF", "SEK", "NOK"])


def _adjustment(world: World) -> Request:
    debtor = world.api.register().id
    return Request(body={"kind": "write_off", "money": usd(500), "user_id": debtor, "reason": "It will not be paid."})


def _fee_schedule(_: World) -> Request:
    words = f"Growth {secrets.token_hex(4)}."
    return Request(body={"basis_points": 700, "effective_at": "2999-01-01T00:00:00Z", "reason": words})


def _payout_account(**body: Any) -> Make:
    """Name the freelancer's account, with a body that is never the same (its owner's password in it)."""

    def make(world: World) -> Request:
        account = world.payout_account()
        words = {**body, "currency": next(_CURRENCIES), "password": PASSWORD}
        return Request(account["id"] if not body else None, words)

    return make


OF_PAYEES: Final[dict[str, Recipe]] = {
    "admin-approve-adjustment": Recipe("admin", lambda world: Request(world.adjustment()["id"], {"note": "Seen."})),
    "admin-approve-fee-schedule": Recipe("admin", lambda world: Request(world.fee_schedule()["id"], {"note": "Seen."})),
    "admin-lift-hold": Recipe("admin", lambda world: Request(world.hold()["id"], {"reason": "It was them."})),
    "admin-list-adjustments": Recipe("admin", lambda _: Request()),
    "admin-list-fee-schedules": Recipe("admin", lambda _: Request()),
    "admin-list-held-payees": Recipe("admin", lambda _: Request()),
    "admin-list-waiting-payouts": Recipe("admin", lambda _: Request()),
    "admin-place-hold": Recipe("admin", lambda world: Request(body={"user_id": world.api.register().id, "reason": "Fraud?"})),
    "admin-propose-adjustment": Recipe("admin", _adjustment),
    "admin-propose-fee-schedule": Recipe("admin", _fee_schedule),
    "admin-reject-adjustment": Recipe("admin", lambda world: Request(world.adjustment()["id"], {"note": "No."})),
    "admin-reject-fee-schedule": Recipe("admin", lambda world: Request(world.fee_schedule()["id"], {"note": "No."})),
    "fees-get-fees": Recipe(None, lambda _: Request()),
    "fees-preview-fees": Recipe(None, lambda _: Request(query={"amount": "10000", "currency": "USD"})),
    "fx-create-quote": Recipe("client", lambda _: Request(body={"source": usd(_NUMBERS()), "target_currency": "JPY"})),
    "payments-check-payment-method": Recipe("client", lambda world: Request(world.payment_method()["id"])),
    "payments-create-payment-method": Recipe("client", lambda _: Request(body={**_AT, "method": next(_METHODS)})),
    "payments-delete-payment-method": Recipe("client", lambda world: Request(world.payment_method()["id"])),
    "payments-list-payment-methods": Recipe("client", lambda _: Request()),
    "payments-update-payment-method": Recipe(
        "client", lambda world: Request(world.payment_method()["id"], {"is_default": True})
    ),
    "payouts-check-payout-account": Recipe("freelancer", lambda world: Request(world.payout_account()["id"])),
    "payouts-get-payout-accounts": Recipe("freelancer", lambda _: Request()),
    "payouts-list-payouts": Recipe("freelancer", lambda _: Request()),
    "payouts-open-payout-account": Recipe("freelancer", _payout_account(country="IT")),
    "payouts-update-payout-account": Recipe("freelancer", _payout_account()),
}
