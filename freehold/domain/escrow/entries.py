"""The journals of a step, from the row's templates and what the step has moved."""

from collections.abc import Mapping

from freehold.domain import ledger
from freehold.domain.escrow.exchanging import amounts_of
from freehold.domain.escrow.facts import Facts
from freehold.domain.escrow.movements import Moved
from freehold.domain.holding import Held, Holding
from freehold.domain.ledger import Amount, Journal, Line, Side, Template
from freehold.domain.legs import Leg
from freehold.domain.money_process import Row

Names = Mapping[str, object]


def journals_of(held: Held, row: Row, facts: Facts, moved: Moved) -> tuple[Journal, ...]:
    """Write the journals of a step. Those that would move nothing are left out; each sums to zero (else Unbalanced)."""
    written = (_journal(template, held, facts, moved) for template in row.journals)
    return tuple(ledger.balanced(journal) for journal in written if journal.lines)


def _journal(template: Template, held: Held, facts: Facts, moved: Moved) -> Journal:
    leg = _leg_of(template, moved.legs)
    amounts = {**_of_the_step(held, facts, moved), **_of_the_leg(leg, held)}
    dispute = held.holding.dispute or moved.holding.dispute
    names: Names = {
        "milestone": held.milestone_id,
        "leg": leg.number if leg else 0,
        "try": f"#{leg.attempt}" if leg and leg.attempt > 1 else "",
        "payment": facts.payment_id,
        "dispute": dispute.id if dispute else None,
        "chargeback": facts.chargeback_id,
    }
    currencies = _currencies(leg, moved.holding)
    return Journal(key=template.key.format(**names), lines=_lines(template, amounts, held, moved.holding, currencies))


def _lines(
    template: Template, amounts: Mapping[Amount, int], held: Held, holding: Holding, currencies: Mapping[Side, str]
) -> tuple[Line, ...]:
    sides = [(entry, 1) for entry in template.debits] + [(entry, -1) for entry in template.credits]
    lines = (
        Line(
            account=ledger.account_name(
                entry.account,
                milestone_id=held.milestone_id,
                gateway=str(holding.gateway),
                payee_id=held.payee_id,
                currency=currencies[entry.side],
            ),
            amount=sign * amounts.get(entry.amount, 0),
            currency=currencies[entry.side],
        )
        for entry, sign in sides
    )
    return tuple(line for line in lines if line.amount)


def _currencies(leg: Leg | None, holding: Holding) -> dict[Side, str]:
    exchange = leg.exchange if leg else None
    return {
        "source": holding.amount.currency,
        "target": exchange.conversion.target.currency if exchange else holding.amount.currency,
    }


def _leg_of(template: Template, legs: tuple[Leg, ...]) -> Leg | None:
    return next((leg for leg in legs if template.of in {None, leg.kind}), None)


def _of_the_leg(leg: Leg | None, held: Held) -> dict[Amount, int]:
    """Name the amounts of a leg. `offset` is only what this attempt keeps back; `sent` is none of what is exchanged."""
    if leg is None:
        return {}
    before = held.holding.leg(leg.number)
    return {
        "gross": leg.gross,
        "net": leg.net,
        "fee": leg.fee,
        "tax": leg.tax,
        "sent": leg.sent if leg.exchange is None else 0,
        "offset": leg.offset - (before.offset if before else 0),
        **amounts_of(leg),
    }


def _of_the_step(held: Held, facts: Facts, moved: Moved) -> dict[Amount, int]:
    holding = moved.holding
    chargeback = holding.chargeback(facts.chargeback_id)
    taking = chargeback.taking if chargeback else None
    dispute = holding.dispute or held.holding.dispute
    return {
        "paid": facts.paid.amount if facts.paid else 0,
        "gateway_fee": facts.gateway_fee,
        "disputed": dispute.amount if dispute else 0,
        "dispute_fee": facts.dispute_fee,
        "charged_back": chargeback.amount if chargeback else 0,
        "from_escrow": taking.escrow if taking else 0,
        "from_disputed": taking.disputed if taking else 0,
        "from_refund_due": taking.refund_due if taking else 0,
        "from_payable": taking.payable if taking else 0,
        "from_debt": sum(piece.debt for piece in moved.pieces),
        "from_fees": sum(piece.fee for piece in moved.pieces),
        "from_tax": sum(piece.tax for piece in moved.pieces),
        "lost": taking.lost if taking else 0,
    }
