"""The platform's own account at Stripe: whether it may hold others' money, what it offers, what lies there."""

import asyncio
from typing import Final

from freehold.domain.money import Money
from freehold.domain.offers import Offer
from freehold.payments.exponents import STRIPE, is_counted_alike
from freehold.payments.stripe.line import Line
from freehold.payments.stripe.objects import Account, Balance, BalanceSettings
from freehold.payments.stripe.reports import money_of
from freehold.payments.stripe.terms import METHODS, hold_days
from freehold.settings import Environment

MANUAL: Final = "manual"


async def check(line: Line, environment: Environment) -> Offer:
    """Read how the platform's account stands, and say what it offers. Raises GatewayUnavailable.

    It is refused while Stripe pays its balance out by itself: that balance is the held money of others.
    """
    account, settings, balance = await asyncio.gather(
        line.get("/v1/account", Account),
        line.get("/v1/balance_settings", BalanceSettings),
        line.get("/v1/balance", Balance),
    )
    reasons = _faults(account, settings, is_live=balance.livemode, environment=environment)
    return Offer(
        state="refused" if reasons else "ready",
        reasons=reasons,
        methods=tuple(method for capability, method in METHODS.items() if account.capabilities.get(capability) == "active"),
        currencies=_currencies(account, balance),
        max_hold_days=hold_days(account.country),
        country=account.country,
    )


async def balance_of(line: Line, currency: str) -> Money:
    """Add up what the platform has in a currency: to be had now, on its way, and kept back for its payees' debts."""
    balance = await line.get("/v1/balance", Balance)
    parts = (*balance.available, *balance.pending, *balance.connect_reserved)
    return money_of(sum(part.amount for part in parts if part.currency == currency.lower()), currency)


def _faults(account: Account, settings: BalanceSettings, *, is_live: bool, environment: Environment) -> tuple[str, ...]:
    payouts = settings.payments.payouts
    faults = {
        "payouts_not_manual": payouts is None or payouts.schedule is None or payouts.schedule.interval != MANUAL,
        "charges_not_enabled": not account.charges_enabled,
        "live_key_outside_production": is_live and environment != "production",
        "test_key_in_production": not is_live and environment == "production",
    }
    return tuple(reason for reason, is_so in faults.items() if is_so)


def _currencies(account: Account, balance: Balance) -> tuple[str, ...]:
    """Name the currencies that stay as they are: Stripe converts others, and cannot count all parts of some."""
    held = {account.default_currency, *(part.currency for part in (*balance.available, *balance.pending))}
    return tuple(sorted(code.upper() for code in held if code and is_counted_alike(STRIPE, code.upper())))
