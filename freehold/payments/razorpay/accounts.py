"""Payees at Razorpay: linked accounts of Route."""

import re
from typing import Final

from freehold.payments.gateway import Payee
from freehold.payments.razorpay.wire import Account

READY: Final = frozenset({"created", "activated"})
_FORM: Final = re.compile(r"^acc_[A-Za-z0-9]{14}$(?!\n)")


def is_account(account: str) -> bool:
    """Say whether this is the name of a linked account."""
    return bool(_FORM.match(account))


def payee_of(found: Account) -> Payee:
    """Say whether a linked account can be paid; a suspended one cannot."""
    if found.status in READY:
        return Payee(account=found.id, state="ready")
    return Payee(account=found.id, state="restricted", reasons=(found.status,))
