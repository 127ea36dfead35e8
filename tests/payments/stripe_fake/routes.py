"""What the fake does for each operation that the adapter may use; any other is none of its own."""

import re
from collections.abc import Callable
from typing import Any

from tests.payments.stripe_fake import accounts, collecting, moving
from tests.payments.stripe_fake.books import Books, Object

Params = dict[str, Any]
Act = Callable[..., Object]

ROUTES: list[tuple[str, str, Act]] = [
    ("post", r"/v1/payment_intents", collecting.create),
    ("get", r"/v1/payment_intents/search", collecting.search),
    ("get", r"/v1/payment_intents/([^/]+)", collecting.get),
    ("post", r"/v1/payment_intents/([^/]+)/cancel", collecting.cancel),
    ("get", r"/v1/charges", collecting.charges),
    ("post", r"/v1/customers", collecting.customer),
    ("get", r"/v1/customers/search", collecting.customers),
    ("post", r"/v1/setup_intents", collecting.setup),
    ("get", r"/v1/setup_intents", collecting.setups),
    ("get", r"/v1/setup_intents/([^/]+)", collecting.get_setup),
    ("get", r"/v1/disputes/([^/]+)", collecting.get_dispute),
    ("post", r"/v1/transfers", moving.transfer),
    ("get", r"/v1/transfers", moving.transfers),
    ("get", r"/v1/transfers/([^/]+)", moving.get_transfer),
    ("post", r"/v1/transfers/([^/]+)/reversals", moving.reverse),
    ("get", r"/v1/transfers/([^/]+)/reversals", moving.reversals),
    ("post", r"/v1/refunds", moving.refund),
    ("get", r"/v1/refunds", moving.refunds),
    ("get", r"/v1/refunds/([^/]+)", moving.get_refund),
    ("get", r"/v1/balance", accounts.balance),
    ("get", r"/v1/balance_settings", accounts.balance_settings),
    ("get", r"/v1/account", accounts.platform),
    ("post", r"/v1/accounts", accounts.create),
    ("get", r"/v1/accounts/([^/]+)", accounts.get),
    ("post", r"/v1/account_links", accounts.link),
]


def answer(books: Books, method: str, path: str, params: Params) -> Object:
    """Do what is asked, and answer with the object."""
    for verb, pattern, act in ROUTES:
        found = re.fullmatch(pattern, path)
        if verb == method and found:
            return act(books, params, *found.groups())
    raise LookupError(f"the fake cannot {method} {path}")
