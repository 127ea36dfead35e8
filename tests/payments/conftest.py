"""Payments are tested over a ledger of their own."""

from collections.abc import Iterator

import pytest

from tests.ledgers import Ledger, fresh_ledger


@pytest.fixture(scope="module")
def ledger(mongodb_uri: str) -> Iterator[Ledger]:
    """Give a ledger that the tests of a module share."""
    with fresh_ledger(mongodb_uri) as fresh:
        yield fresh
