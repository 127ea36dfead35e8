"""Payments are tested over a ledger of their own."""

import asyncio
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.ledgers import Ledger, fresh_ledger
from tests.payments.paypal_fake.bench import Parts as PayPalParts
from tests.payments.paypal_fake.bench import paypal_parts
from tests.payments.razorpay_fake.bench import Parts as RazorpayParts
from tests.payments.razorpay_fake.bench import razorpay_parts
from tests.payments.stripe_fake.bench import stripe_provider
from tests.payments.stripe_fake.desk import StripeDesk


@pytest.fixture(scope="module")
def ledger(mongodb_uri: str) -> Iterator[Ledger]:
    """Give a ledger that the tests of a module share."""
    with fresh_ledger(mongodb_uri) as fresh:
        yield fresh


@pytest.fixture
def run(ledger: Ledger) -> Callable[..., Any]:
    """Give the way to run coroutines on the ledger's loop."""
    return ledger.run


@pytest.fixture
def paypal(ledger: Ledger) -> Iterator[PayPalParts]:
    """Give PayPal's adapter before its stand-in; requests that break the documented form fail the test in the end."""
    opened = paypal_parts(ledger.store)
    yield opened
    opened.close()


@pytest.fixture
def razorpay(ledger: Ledger) -> Iterator[RazorpayParts]:
    """Give Razorpay's adapter before its stand-in; requests that break the documented form fail the test in the end."""
    opened = razorpay_parts(ledger.store)
    yield opened
    opened.close()


@pytest.fixture
def stripe() -> Iterator[StripeDesk]:
    """Give Stripe's adapter before its fake; requests that Stripe does not describe fail the test in the end."""
    loop, provider = asyncio.new_event_loop(), stripe_provider()
    yield StripeDesk(provider, loop.run_until_complete)
    loop.close()
    provider.fake.close()
