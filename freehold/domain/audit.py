"""What the books must say of one milestone, seen from the milestone itself: its journals' keys and the sums on each account."""

from collections import Counter
from collections.abc import Collection, Mapping
from typing import Final

from msgspec import Struct

from freehold.domain.holding import Held, Holding, faults_of
from freehold.domain.ledger import GUARDED_ACCOUNTS, account_name
from freehold.domain.legs import COMMANDS, ClosedDispute, Exchange, Leg
from freehold.domain.money_process import CommandKind, Source

Sums = Mapping[tuple[str, str], int]
"""(account, currency) to what the journals' lines add up to there: debits above zero."""

OPTIONAL_KEYS: Final = ("gwfee:", "gwfee_back:")
BEGUN: Final[Mapping[Source, str]] = {"escrow": "reserve", "disputed": "reserve", "released": "return"}
"""What the journal is called that begins a refund. A deposit that did not match was never in escrow: nothing is reserved."""


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
    for dispute in holding.disputes:
        keys |= _keys_of_dispute(dispute)
    keys |= {f"dispute:{holding.dispute.id}"} if holding.dispute else set()
    for chargeback in holding.chargebacks:
        keys |= {f"cb_open:{chargeback.id}"}
        keys |= {f"cb_{chargeback.state}:{chargeback.id}"} if chargeback.state != "open" else set()
    return keys


def waits_for_nothing(held: Held, under_way: Collection[tuple[CommandKind, int | None, int]]) -> bool:
    """Say whether the milestone waits for a gateway that nobody will ask."""
    holding = held.holding
    if held.state == "funding" and not holding.payment_refused:
        return ("fund", None, holding.fund_attempt) not in under_way
    pending = [leg for leg in holding.legs if leg.state == "pending"]
    return any((COMMANDS[leg.kind], leg.number, leg.attempt) not in under_way for leg in pending)


def _keys_of(milestone_id: str, leg: Leg) -> set[str]:
    place = f"{milestone_id}:{leg.number}"
    tries = {attempt: f"{place}#{attempt}" if attempt > 1 else place for attempt in range(1, leg.attempt + 1)}
    sent = {*leg.bounced, *([leg.attempt] if leg.state == "done" and leg.sent and not leg.by_hand else [])}
    match leg.kind:
        case "release":
            keys = {f"release:{place}"} | {f"offset:{tries[attempt]}" for attempt, _ in leg.offsets}
            keys |= {name for exchange in leg.exchanges for name in _keys_of_exchange(exchange, tries[exchange.attempt])}
            gone, back = "transfer", "payout_returned"
        case "refund":
            keys = {f"{BEGUN[leg.source]}:{place}"} if leg.source in BEGUN else set()
            keys |= {f"refund_by_hand:{place}"} if leg.by_hand else set()
            gone, back = "refund", "refund_returned"
        case "reversal":
            return {f"reversal:{place}"} if leg.state == "done" else set()
    return keys | {f"{gone}:{tries[attempt]}" for attempt in sent} | {f"{back}:{tries[attempt]}" for attempt in leg.bounced}


def _keys_of_exchange(exchange: Exchange, place: str) -> set[str]:
    ends = {"asked": set(), "undone": {f"fx_undone:{place}"}}
    return {f"fx:{place}"} | ends.get(exchange.state, {f"fxsettle:{place}"})


def _keys_of_dispute(dispute: ClosedDispute) -> set[str]:
    keys = {f"dispute:{dispute.id}"}
    keys |= {f"undispute:{dispute.id}"} if dispute.ended == "withdrawn" else set()
    return keys | ({f"dispute_fee:{dispute.id}"} if dispute.fee else set())


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
    by_hand = sum(leg.sent for leg in holding.legs_of("refund") if leg.by_hand)
    reversals = sum(leg.gross for leg in holding.legs_of("reversal") if leg.state == "done")
    charged = sum(chargeback.amount for chargeback in holding.chargebacks if chargeback.state != "won")
    moved = holding.deposited - holding.paid_out - (holding.refunded - by_hand) + reversals - charged
    folded = {
        f"clearing:{holding.gateway}": moved - gateway_fees,
        "fees": -holding.fees - holding.dispute_fees,
        "tax_payable": -holding.taxes,
        "gateway_fees": gateway_fees,
        "platform_funds": -by_hand,
        f"freelancer_debt:{held.payee_id}": _debt(holding) - reversals,
        "cb_receivable": sum(chargeback.amount for chargeback in holding.chargebacks if chargeback.state == "open"),
        "bad_debt": sum(chargeback.taking.lost for chargeback in holding.chargebacks),
    }
    expected = Counter({(account, currency): amount for account, amount in {**guarded, **folded}.items()})
    for exchange in (exchange for leg in holding.legs for exchange in leg.exchanges):
        for place, amount in _sums_of_exchange(exchange, held.milestone_id, str(holding.gateway)).items():
            expected[place] += amount
    return {place: amount for place, amount in expected.items() if amount}


def _sums_of_exchange(exchange: Exchange, milestone_id: str, gateway: str) -> dict[tuple[str, str], int]:
    """Say what an exchange leaves on the accounts, beside what every release does."""
    made = exchange.conversion
    source, target, middle = made.source, made.target, made.middle
    match exchange.state:
        case "asked":
            return {
                (f"fx:{source.currency}", source.currency): -source.amount,
                (f"fx:{target.currency}", target.currency): middle.amount,
                (f"converted:{milestone_id}", target.currency): -target.amount,
                ("fx_spread", target.currency): -made.spread.amount,
            }
        case "undone":
            return {}
    kept_back = exchange.given_back - source.amount if exchange.state == "returned" else 0
    return {
        (f"clearing:{gateway}", target.currency): exchange.received - target.amount,
        ("fx_spread", target.currency): -made.spread.amount,
        ("fx_gain_loss", target.currency): middle.amount - exchange.received,
        (f"clearing:{gateway}", source.currency): kept_back,
        ("fx_gain_loss", source.currency): -kept_back,
    }


def _debt(holding: Holding) -> int:
    """Add up what the freelancer came to owe through this milestone, less what its payouts kept back."""
    owed = sum(leg.returned - leg.fee_returned - leg.tax_returned for leg in holding.legs_of("release"))
    unsent = sum(leg.taken for leg in holding.legs_of("release"))
    return owed - unsent - sum(leg.offset for leg in holding.legs_of("release"))
