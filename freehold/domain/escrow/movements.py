"""Legs as a step changes them: which it opens, out of what, and what it makes of one that is there."""

from collections.abc import Iterable

import msgspec
from msgspec import Struct

from freehold.domain.escrow import exchanging
from freehold.domain.escrow.facts import Facts
from freehold.domain.escrow.guards import leg_turned, part_of
from freehold.domain.escrow.taking import Piece, lose, taken_back, without
from freehold.domain.fees import fee_of_leg, tax_of_leg
from freehold.domain.holding import Held, Holding
from freehold.domain.legs import Leg
from freehold.domain.money_process import LegKind, Row, Source, State


class Moved(Struct, frozen=True, kw_only=True):
    """A holding with its legs changed: which of them, what was taken back of releases, and how the collectable debt changes."""

    holding: Holding
    legs: tuple[Leg, ...] = ()
    pieces: tuple[Piece, ...] = ()
    debt: int = 0


def moved(held: Held, holding: Holding, row: Row, facts: Facts) -> Moved:
    """Change the legs of a holding as a row says. `held` is as the step found it."""
    if row.turns is not None:
        return _turned(held, holding, row, facts)
    if row.transition == "chargeback_lost":
        return _lost(held, holding, facts)
    if row.source == "released":
        return _given_back(held, holding, facts)
    release, refund = _shares(held, row, facts)
    opened: list[Leg] = []
    if "release" in row.opens and release:
        opened.append(_release(held, holding, release, row, facts))
    if "refund" in row.opens and refund:
        opened.append(_leg(holding, len(opened), kind="refund", gross=refund, source=row.source, origin=held.state))
    offset = sum(leg.offset for leg in opened)
    return Moved(holding=_with(holding, opened), legs=tuple(opened), debt=-offset)


def _shares(held: Held, row: Row, facts: Facts) -> tuple[int, int]:
    """Say how much is released and how much goes back."""
    if row.source == "unmatched" or row.transition == "deposit_paid":
        return 0, facts.paid.amount if facts.paid else 0
    match row.transition:
        case "accept_split":
            part = held.holding.proposal.part if held.holding.proposal else 0
            return part, held.holding.balances.escrow - part
        case "settle_dispute":
            part = facts.part or 0
            return part, held.holding.balances.disputed - facts.dispute_fee - part
        case "abandon":
            return 0, held.holding.balances.disputed if row.source == "disputed" else held.holding.balances.escrow
    part = part_of(held, facts)
    return (part, 0) if "release" in row.opens else (0, part)


def _release(held: Held, holding: Holding, gross: int, row: Row, facts: Facts) -> Leg:
    schedule, fee, tax = holding.fee_schedule, 0, 0
    if schedule is not None:
        before = holding.released
        fee = fee_of_leg(
            gross_minor=gross, released_before_minor=before, taken_before_minor=holding.fees, schedule=schedule
        )  # fmt: skip
        tax = tax_of_leg(
            gross_minor=gross, fee_minor=fee, released_before_minor=before, taken_before_minor=holding.taxes, schedule=schedule
        )
    leg = _leg(holding, 0, kind="release", gross=gross, fee=fee, tax=tax, source=row.source, origin=held.state)
    return _on_its_way(leg, facts, holding.amount.currency)


def _on_its_way(leg: Leg, facts: Facts, currency: str) -> Leg:
    """Keep back what the payee owes, and send the rest: now, or when the hold is lifted; nothing, if nothing is left.

    What is sent is exchanged, if its payee is paid in another currency. Raises QuoteNotFitting.
    """
    return exchanging.exchanged(_without_debt(leg, facts), facts.terms, currency)


def _without_debt(leg: Leg, facts: Facts) -> Leg:
    offset = min(leg.sent, facts.debt)
    if offset:
        leg = msgspec.structs.replace(leg, offsets=(*leg.offsets, (leg.attempt, offset)))
    if leg.sent == 0:
        return msgspec.structs.replace(leg, state="done", reason=None)
    if facts.hold is not None:
        return msgspec.structs.replace(leg, state="blocked", reason=facts.hold)
    return msgspec.structs.replace(leg, state="pending", reason=None)


def _given_back(held: Held, holding: Holding, facts: Facts) -> Moved:
    """Give back what was released: the client is refunded, and the freelancer's account is asked for its part."""
    gross = holding.released if facts.part is None else facts.part
    pieces = taken_back(holding, gross)
    after = without(holding, pieces)
    refund = _leg(after, 0, kind="refund", gross=gross, source="released", origin=held.state)
    return _reversing(held, _with(after, [refund]), pieces, (refund,))


def _lost(held: Held, holding: Holding, facts: Facts) -> Moved:
    chargeback = holding.chargeback(facts.chargeback_id)
    if chargeback is None:
        return Moved(holding=holding)
    after, pieces = lose(holding, chargeback)
    return _reversing(held, after, pieces, ())


def _reversing(held: Held, holding: Holding, pieces: tuple[Piece, ...], opened: tuple[Leg, ...]) -> Moved:
    """Open a reversal for each transfer that paid what is owed now; what no transfer paid is owed at once.

    So is what was paid in another currency: nobody can say what taking it back would bring.
    """
    reversals: list[Leg] = []
    for piece in pieces:
        transfer = holding.leg(piece.leg)
        is_reversible = transfer is not None and transfer.state == "done" and transfer.exchange is None
        paid = transfer.sent - transfer.reversed if transfer is not None and is_reversible else 0
        if transfer is None or (amount := min(piece.debt, paid)) == 0:
            continue
        reversal = _leg(holding, len(reversals), kind="reversal", gross=amount, source="released", origin=held.state)
        reversals.append(msgspec.structs.replace(reversal, reverses=transfer.number))
        holding = _with(holding, [msgspec.structs.replace(transfer, reversed=transfer.reversed + amount)])
    owed = sum(piece.debt for piece in pieces) - sum(leg.gross for leg in reversals)
    return Moved(holding=_with(holding, reversals), legs=(*opened, *reversals), pieces=pieces, debt=owed)


def _turned(held: Held, holding: Holding, row: Row, facts: Facts) -> Moved:
    leg = leg_turned(held, row, facts)
    if leg is None or row.turns is None:
        return Moved(holding=holding)
    match row.transition:
        case "retry_payout":
            before = leg.offset
            leg = _on_its_way(msgspec.structs.replace(leg, attempt=leg.attempt + 1), facts, holding.amount.currency)
            return Moved(holding=_with(holding, [leg]), legs=(leg,), debt=before - leg.offset)
        case "retry_refund":
            leg = msgspec.structs.replace(leg, state="pending", attempt=leg.attempt + 1, reason=None)
        case "payout_returned" | "refund_returned":
            leg = msgspec.structs.replace(leg, state="blocked", bounced=(*leg.bounced, leg.attempt), reason=facts.reason)
        case "refund_by_hand":
            leg = msgspec.structs.replace(leg, state="done", by_hand=True, reason=None)
        case "reversal_refused":
            leg = msgspec.structs.replace(leg, state=row.turns, reason=facts.reason)
            return Moved(holding=_with(holding, [leg, *_not_reversed(holding, leg)]), legs=(leg,), debt=leg.gross)
        case _:
            leg = msgspec.structs.replace(leg, state=row.turns, reason=facts.reason)
    leg = exchanging.turned(leg, row.transition, facts)
    return Moved(holding=_with(holding, [leg]), legs=(leg,))


def _not_reversed(holding: Holding, reversal: Leg) -> tuple[Leg, ...]:
    """Give the release that a refused reversal was about: nothing of it is asked back any more, it is owed."""
    transfer = holding.leg(reversal.reverses)
    return () if transfer is None else (msgspec.structs.replace(transfer, reversed=transfer.reversed - reversal.gross),)


def _leg(  # noqa: PLR0913 - each is a part of the leg
    holding: Holding, after: int, *, kind: LegKind, gross: int, source: Source, origin: State, fee: int = 0, tax: int = 0
) -> Leg:
    """Make the next leg (`after` so many others of the same step)."""
    number = len(holding.legs) + 1 + after
    return Leg(number=number, kind=kind, gross=gross, fee=fee, tax=tax, source=source, origin=origin)


def _with(holding: Holding, legs: Iterable[Leg]) -> Holding:
    """Put legs in their places: old ones are replaced, new ones come last."""
    changed = {leg.number: leg for leg in legs}
    kept = tuple(changed.pop(leg.number, leg) for leg in holding.legs)
    return msgspec.structs.replace(holding, legs=(*kept, *changed.values()))
