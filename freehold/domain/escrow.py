"""The transition function of a milestone's money: from what is held and what happens, to what is held next.

Pure: the same in tests, in functions, in sweeps. It reads the process table and decides; the store writes all that it
returns in one transaction. Deadlines are not judged here: the store's filter compares them with the database's clock.
"""

from collections.abc import Callable, Mapping
from typing import Final

import msgspec
from msgspec import Struct

from freehold.domain import ledger
from freehold.domain.errors import Refused
from freehold.domain.fees import FeeSchedule, fee_of_leg
from freehold.domain.holding import LEGS_LIMIT, SMALLEST_AMOUNT_MINOR, Held, Holding, Leg
from freehold.domain.ledger import Amount, Journal, Line, Template
from freehold.domain.money import Money
from freehold.domain.money_process import (
    HUMAN,
    PROCESS,
    Actor,
    CommandKind,
    Condition,
    Guard,
    Row,
    Transition,
    actors_of,
    rows_for,
)
from freehold.domain.process import NotInThisState, NotYourStep


class ChargebackOpen(Refused):
    """The client's bank is taking the payment back; nothing is released until that is settled."""

    code = "chargeback_open"


class PartNotCovered(Refused):
    """The part is more than what is held, or it, or what it leaves, is too small to be moved."""

    code = "part_not_covered"


class TooManyParts(Refused):
    """The milestone has been released in so many parts that only the whole rest can follow."""

    code = "too_many_parts"


class PaymentNotExpected(Refused):
    """The gateway reports a payment, an amount or a currency that is not the one this milestone waits for."""

    code = "payment_not_expected"


class LegNotPending(Refused):
    """The gateway reports the outcome of a leg that waits for none."""

    code = "leg_not_pending"


class Facts(Struct, frozen=True, kw_only=True):
    """What a step is told: only what its row uses is looked at. Amounts are in minor units.

    `part` is what a release asks for (null: all that is held); `leg` and `attempt` say what a gateway's outcome is about.
    """

    payment_id: str | None = None
    gateway: str | None = None
    fee_schedule: FeeSchedule | None = None
    paid: Money | None = None
    gateway_fee: int = 0
    part: int | None = None
    leg: int | None = None
    attempt: int = 1


class Command(Struct, frozen=True, kw_only=True):
    """What a step asks of the payment gateway. The key is what makes it happen once."""

    kind: CommandKind
    key: str
    attempt: int
    money: Money
    payment_id: str | None
    leg: int | None = None


class Step(Struct, frozen=True, kw_only=True):
    """What one transition does: the row that allowed it, what is held afterwards, and what is written beside."""

    row: Row
    before: Held
    after: Held
    journals: tuple[Journal, ...] = ()
    command: Command | None = None
    leg: Leg | None = None


def take(held: Held, transition: Transition, *, by: Actor, facts: Facts) -> Step:
    """Take a step. Raises NotInThisState, NotYourStep, or the refusal of the guard that does not hold."""
    row = _row(held, transition, by, facts)
    for guard in row.guards:
        GUARDS[guard](held, facts)
    holding = _begun(held.holding, row, facts)
    leg = _leg(held, row, facts)
    if leg is not None:
        holding = msgspec.structs.replace(holding, legs=(*(old for old in holding.legs if old.number != leg.number), leg))
    journals = _journals(held.milestone_id, holding, row, facts, leg)
    for journal in journals:
        balances = ledger.post(holding.balances, journal, milestone_id=held.milestone_id)
        holding = msgspec.structs.replace(holding, balances=balances)
    after = Held(milestone_id=held.milestone_id, state=row.target, holding=holding, chargeback=held.chargeback)
    if row.rest_returns and leg is not None and holding.balances.escrow > 0:
        after = msgspec.structs.replace(after, state=leg.origin)
    return Step(
        row=row, before=held, after=after, journals=journals, leg=leg, command=_command(held.milestone_id, holding, row, leg)
    )


def actions_of(held: Held, actor: Actor) -> tuple[Transition, ...]:
    """List the steps that this person may take now, in the table's order."""
    open_rows = (row for row in PROCESS if row.by == actor and held.state in row.sources)
    return tuple(dict.fromkeys(row.transition for row in open_rows if row.by in HUMAN and _may(held, row)))


def command_key(kind: CommandKind, milestone_id: str, *, leg: int | None = None, attempt: int = 1) -> str:
    """Name a command: `transfer:mst_...:1`, and `transfer:mst_...:1#2` when the first was definitely refused."""
    return f"{kind}:{milestone_id}" + (f":{leg}" if leg else "") + (f"#{attempt}" if attempt > 1 else "")


def _row(held: Held, transition: Transition, by: Actor, facts: Facts) -> Row:
    if by not in actors_of(transition):
        raise NotYourStep(f"to {transition} is not for the {by}")
    for row in rows_for(transition, held.state):
        if row.by == by and (row.when is None or CONDITIONS[row.when](held.holding, facts)):
            return row
    raise NotInThisState(f"to {transition} is not possible while the milestone is {held.state}")


def _may(held: Held, row: Row) -> bool:
    if row.when is not None and not CONDITIONS[row.when](held.holding, Facts()):
        return False
    try:
        for guard in row.guards:
            GUARDS[guard](held, Facts())
    except Refused:
        return False
    return True


def _begun(holding: Holding, row: Row, facts: Facts) -> Holding:
    """Note what a payment's beginning, refusal or arrival changes, before any journal."""
    if row.command == "fund":
        return msgspec.structs.replace(
            holding,
            gateway=facts.gateway,
            payment_id=facts.payment_id,
            payment_refused=False,
            fund_attempt=holding.fund_attempt + 1,
            fee_schedule=facts.fee_schedule,
        )
    if row.transition == "deposit_refused":
        return msgspec.structs.replace(holding, payment_refused=True)
    if row.transition == "deposit_paid" and facts.paid is not None:
        return msgspec.structs.replace(
            holding, deposited=holding.deposited + facts.paid.amount, paid_payment_id=facts.payment_id
        )
    return holding


def _leg(held: Held, row: Row, facts: Facts) -> Leg | None:
    """Open the leg that this row opens, or turn the one that it is about."""
    holding = held.holding
    if row.opens_leg == "release":
        gross = _part(held, facts)
        schedule = holding.fee_schedule
        fee = 0 if schedule is None else fee_of_leg(
            gross_minor=gross, released_before_minor=holding.released, taken_before_minor=holding.fees, schedule=schedule
        )  # fmt: skip
        return Leg(number=len(holding.legs) + 1, kind="release", gross=gross, fee=fee, origin=held.state)
    if row.opens_leg == "refund" and facts.paid is not None:
        return Leg(number=len(holding.legs) + 1, kind="refund", gross=facts.paid.amount, origin=held.state)
    if row.turns_leg is None:
        return None
    leg = holding.legs[-1]
    again = row.turns_leg == "pending"
    return msgspec.structs.replace(leg, state=row.turns_leg, attempt=leg.attempt + 1 if again else leg.attempt)


def _journals(milestone_id: str, holding: Holding, row: Row, facts: Facts, leg: Leg | None) -> tuple[Journal, ...]:
    amounts: dict[Amount, int] = {
        "paid": facts.paid.amount if facts.paid else 0,
        "gateway_fee": facts.gateway_fee,
        "gross": leg.gross if leg else 0,
        "net": leg.net if leg else 0,
        "fee": leg.fee if leg else 0,
        "tax": leg.tax if leg else 0,
    }
    names = {"milestone": milestone_id, "leg": leg.number if leg else 0, "payment": facts.payment_id}
    written = (_written(template, amounts, names, holding) for template in row.journals)
    return tuple(ledger.balanced(journal) for journal in written if journal.lines)


def _written(template: Template, amounts: Mapping[Amount, int], names: Mapping[str, object], holding: Holding) -> Journal:
    sides = [(entry, 1) for entry in template.debits] + [(entry, -1) for entry in template.credits]
    lines = (
        Line(
            account=ledger.account_name(
                entry.account, milestone_id=str(names["milestone"]), gateway=str(holding.gateway)
            ),
            amount=sign * amounts[entry.amount],
            currency=holding.amount.currency,
        )
        for entry, sign in sides
    )  # fmt: skip
    return Journal(key=template.key.format(**names), lines=tuple(line for line in lines if line.amount))


def _command(milestone_id: str, holding: Holding, row: Row, leg: Leg | None) -> Command | None:
    if row.command is None:
        return None
    if leg is None:
        attempt, money = (holding.fund_attempt if row.command == "fund" else 1), holding.amount
    else:
        attempt, money = leg.attempt, _money_of(holding, leg)
    number = None if leg is None else leg.number
    return Command(
        kind=row.command,
        key=command_key(row.command, milestone_id, leg=number, attempt=attempt),
        attempt=attempt,
        money=money,
        payment_id=holding.payment_id,
        leg=number,
    )


def _money_of(holding: Holding, leg: Leg) -> Money:
    return Money(leg.net if leg.kind == "release" else leg.gross, holding.amount.currency)


def _part(held: Held, facts: Facts) -> int:
    return held.holding.balances.escrow if facts.part is None else facts.part


def _no_open_chargeback(held: Held, _: Facts) -> None:
    if held.chargeback is not None:
        raise ChargebackOpen("a chargeback is open on this payment")


def _part_is_covered(held: Held, facts: Facts) -> None:
    part, escrow = _part(held, facts), held.holding.balances.escrow
    rest = escrow - part
    if part <= 0 or rest < 0:
        raise PartNotCovered(f"{part} is not within the {escrow} that are held")
    if rest and min(part, rest) < SMALLEST_AMOUNT_MINOR:
        raise PartNotCovered(f"a part, and what it leaves, must be at least {SMALLEST_AMOUNT_MINOR} minor units")


def _legs_left(held: Held, facts: Facts) -> None:
    whole = _part(held, facts) == held.holding.balances.escrow
    if len(held.holding.legs) >= LEGS_LIMIT - 1 and not whole:
        raise TooManyParts(f"after {LEGS_LIMIT - 1} parts only the whole rest can be released")


def _same_payment(held: Held, facts: Facts) -> None:
    if facts.payment_id is None or facts.payment_id != held.holding.payment_id:
        raise PaymentNotExpected(f"{facts.payment_id} is not the payment of this milestone")


def _currency_matches(held: Held, facts: Facts) -> None:
    if facts.paid is None or facts.paid.amount <= 0 or facts.paid.currency != held.holding.amount.currency:
        raise PaymentNotExpected(f"the payment is not in {held.holding.amount.currency}")


def _leg_is_pending(held: Held, facts: Facts) -> None:
    leg = held.holding.legs[-1] if held.holding.legs else None
    if leg is None or (leg.number, leg.attempt, leg.state) != (facts.leg, facts.attempt, "pending"):
        raise LegNotPending(f"attempt {facts.attempt} of leg {facts.leg} waits for no outcome")


def _amount_as_asked(held: Held, facts: Facts) -> None:
    asked = _money_of(held.holding, held.holding.legs[-1])
    if facts.paid != asked:
        raise PaymentNotExpected(f"{facts.paid} has moved, not {asked}")


CONDITIONS: Final[dict[Condition, Callable[[Holding, Facts], bool]]] = {
    "payment_refused": lambda holding, _: holding.payment_refused,
    "amount_matches": lambda holding, facts: facts.paid is not None and facts.paid.amount == holding.amount.amount,
    "amount_differs": lambda holding, facts: facts.paid is not None and facts.paid.amount != holding.amount.amount,
}
GUARDS: Final[dict[Guard, Callable[[Held, Facts], None]]] = {
    "no_open_chargeback": _no_open_chargeback,
    "part_is_covered": _part_is_covered,
    "legs_left": _legs_left,
    "same_payment": _same_payment,
    "currency_matches": _currency_matches,
    "leg_is_pending": _leg_is_pending,
    "amount_as_asked": _amount_as_asked,
}
