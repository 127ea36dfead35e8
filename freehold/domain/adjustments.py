"""What operators change in the ledger by hand, two of them together: the kinds, their journals, what is free to be taken.

Every such journal has the key `adjust:{id}`; the audit looks for it in the adjustment, and for the adjustment behind it.
"""

from collections.abc import Mapping
from typing import Final, Literal, get_args

from freehold.domain.errors import Refused
from freehold.domain.ledger import Journal, Line, balanced
from freehold.domain.money import Money, require_payable

AdjustmentKind = Literal["top_up", "withdrawal", "write_off"]
KINDS: Final[tuple[AdjustmentKind, ...]] = get_args(AdjustmentKind)
AT_A_GATEWAY: Final[frozenset[AdjustmentKind]] = frozenset({"top_up", "withdrawal"})
"""These move money into or out of a gateway's account; the others are about what somebody owes."""
OWED: Final = ("escrow", "disputed", "payable", "refund_due", "tax_payable", "converted", "fx")
"""What lies at the gateways and is not the platform's: credit balances."""
CLEARING: Final = "clearing:"


class NotCovered(Refused):
    """More would be taken out than is the platform's own and lies at that gateway."""

    code = "revenue_not_covered"


def key_of(adjustment_id: str) -> str:
    """Name the journal of an adjustment."""
    return f"adjust:{adjustment_id}"


def journal_of(adjustment_id: str, kind: AdjustmentKind, money: Money, *, gateway: str | None, user_id: str | None) -> Journal:
    """Make the journal of an adjustment: what is debited, what is credited."""
    require_payable(money)
    debit, credit = _accounts(kind, gateway=gateway, user_id=user_id)
    lines = (Line(debit, money.amount, money.currency), Line(credit, -money.amount, money.currency))
    return balanced(Journal(key=key_of(adjustment_id), lines=lines))


def free_at(gateway: str, balances: Mapping[str, int]) -> int:
    """Say how much can be taken out of a gateway, in minor units, by the balances of one currency (debits above zero).

    What lies there, and no more than what all gateways hold beyond what is owed to others: clearing >= escrow + disputed +
    payable + refund_due + tax_payable stays true. Accounts of milestones count under their common name.
    """
    held = sum(amount for account, amount in balances.items() if account.startswith(CLEARING))
    owed = -sum(amount for account, amount in balances.items() if account.partition(":")[0] in OWED)
    return max(0, min(balances.get(f"{CLEARING}{gateway}", 0), held - owed))


def require_covered(money: Money, *, gateway: str, balances: Mapping[str, int]) -> None:
    """Raise NotCovered unless so much is free at this gateway."""
    free = free_at(gateway, balances)
    if money.amount > free:
        raise NotCovered(f"{free} minor units of {money.currency} are the platform's own at {gateway}, not {money.amount}")


def _accounts(kind: AdjustmentKind, *, gateway: str | None, user_id: str | None) -> tuple[str, str]:
    match kind:
        case "top_up":
            return f"{CLEARING}{gateway}", "platform_funds"
        case "withdrawal":
            return "platform_funds", f"{CLEARING}{gateway}"
        case "write_off":
            return "bad_debt", f"freelancer_debt:{user_id}"
