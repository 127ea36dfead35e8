"""What the books must say of one milestone, seen from the milestone itself: its journals' keys and the sums on each account."""

from collections.abc import Collection, Mapping
from typing import Final

from msgspec import Struct

from freehold.domain.holding import Held, Leg, faults_of
from freehold.domain.ledger import GUARDED_ACCOUNTS, account_name
from freehold.domain.money_process import SETTLING, CommandKind

Sums = Mapping[tuple[str, str], int]
"""(account, currency) to what the journals' lines add up to there: debits above zero."""

OPTIONAL_KEYS: Final = ("gwfee:",)


class Violation(Struct, frozen=True, kw_only=True):
    """An invariant of the ledger that does not hold: which (`code`, stable), of what (`subject`, an id), and how."""

    code: str
    subject: str
    detail: str


def violations_of(
    held: Held, *, sums: Sums, keys: Collection[str], under_way: Collection[tuple[CommandKind, int | None, int]]
) -> list[Violation]:
    """Compare one milestone with its journals and its open commands (kind, leg, attempt)."""
    found = [("milestone_inconsistent", fault) for fault in faults_of(held)]
    found += [("balance_differs", detail) for detail in _differences(held, sums)]
    found += [("journal_missing", key) for key in sorted(expected_keys(held) - set(keys))]
    unexpected = {key for key in keys if not key.startswith(OPTIONAL_KEYS)} - expected_keys(held)
    found += [("journal_unexpected", key) for key in sorted(unexpected)]
    if waits_for_nothing(held, under_way):
        found.append(("command_missing", f"the milestone is {held.state}, but nothing has been asked of the gateway"))
    return [Violation(code=code, subject=held.milestone_id, detail=detail) for code, detail in found]


def expected_keys(held: Held) -> set[str]:
    """Name the journals that must be there, by what the milestone says has happened to it."""
    holding = held.holding
    keys = {f"deposit:{holding.paid_payment_id}"} if holding.paid_payment_id else set()
    for leg in holding.legs:
        keys |= _keys_of(held.milestone_id, leg)
    return keys


def waits_for_nothing(held: Held, under_way: Collection[tuple[CommandKind, int | None, int]]) -> bool:
    """Say whether the milestone waits for a gateway that nobody will ask."""
    holding = held.holding
    if held.state not in SETTLING or (held.state == "funding" and holding.payment_refused):
        return False
    if held.state == "funding":
        return ("fund", None, holding.fund_attempt) not in under_way
    leg = holding.legs[-1]
    kind: CommandKind = "transfer" if leg.kind == "release" else "refund"
    return (kind, leg.number, leg.attempt) not in under_way


def _keys_of(milestone_id: str, leg: Leg) -> set[str]:
    place = f"{milestone_id}:{leg.number}"
    if leg.kind == "release":
        begun, done = f"release:{place}", f"transfer:{place}"
    else:
        begun, done = f"reserve:{place}", f"refund:{place}"
    # a deposit that did not match was never in escrow, so that nothing was reserved out of it
    keys = set() if leg.kind == "refund" and leg.origin == "funding" else {begun}
    return keys | ({done} if leg.state == "done" else set())


def _differences(held: Held, sums: Sums) -> list[str]:
    expected = _expected_sums(held, gateway_fees=sums.get(("gateway_fees", held.holding.amount.currency), 0))
    differing = [place for place in sorted({*sums, *expected}) if sums.get(place, 0) != expected.get(place, 0)]
    return [
        f"{place[0]} is {sums.get(place, 0)} {place[1]} by the journals, {expected.get(place, 0)} by the milestone"
        for place in differing
    ]


def _expected_sums(held: Held, *, gateway_fees: int) -> dict[tuple[str, str], int]:
    holding, currency = held.holding, held.holding.amount.currency
    guarded = {
        account_name(account, milestone_id=held.milestone_id, gateway=""): -getattr(holding.balances, account)
        for account in GUARDED_ACCOUNTS
    }
    folded = {
        f"clearing:{holding.gateway}": holding.deposited - holding.paid_out - holding.refunded - gateway_fees,
        "fees": -holding.fees,
        "tax_payable": -sum(leg.tax for leg in holding.legs),
        "gateway_fees": gateway_fees,
    }
    return {(account, currency): amount for account, amount in {**guarded, **folded}.items() if amount}
