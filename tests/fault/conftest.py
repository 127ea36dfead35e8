"""Faults are tested over a ledger of their own."""

from collections.abc import Iterator

import pytest

from tests.ledgers import Ledger, fresh_ledger


@pytest.fixture
def ledger(mongodb_uri: str) -> Iterator[Ledger]:
    """Give a fresh ledger."""
    with fresh_ledger(mongodb_uri) as fresh:
        yield fresh
