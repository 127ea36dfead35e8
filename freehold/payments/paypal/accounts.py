"""Payees at PayPal: an address or a merchant id. PayPal does not say whether either is there before money is sent to it."""

import re
from typing import Final

RECEIVER_LENGTH: Final = 127
_ADDRESS: Final = re.compile(
    r"^[^@\s\x00-\x1f]{1,64}@[A-Za-z0-9](?:[A-Za-z0-9.-]{0,60}[A-Za-z0-9])?\.[A-Za-z]{2,24}$(?!\n)", re.ASCII
)
_MERCHANT_ID: Final = re.compile(r"^[2-9A-HJ-NP-Z]{13}$(?!\n)")


def is_account(account: str) -> bool:
    """Say whether this has the form of an account that can be paid."""
    return len(account) <= RECEIVER_LENGTH and bool(_ADDRESS.match(account) or _MERCHANT_ID.match(account))


def kind_of_account(account: str) -> str:
    """Say what PayPal calls this form."""
    return "PAYPAL_ID" if _MERCHANT_ID.match(account) else "EMAIL"
