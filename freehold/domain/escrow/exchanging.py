"""Releases that are paid in another currency: what is asked of the gateway, what becomes of it, the amounts of its journals.

A leg is exchanged only while an attempt at it is on its way. When that is refused, the payee is owed in the milestone's
currency again, as before; when it comes back, too, whatever the exchange back has brought. So all else (chargebacks, debts,
what is given back) meets one currency only.
"""

from typing import Final

import msgspec

from freehold.domain.conversion import Terms, convert
from freehold.domain.escrow.facts import Facts
from freehold.domain.escrow.refusals import QuoteNotFitting
from freehold.domain.ledger import Amount
from freehold.domain.legs import Exchange, ExchangeState, Leg
from freehold.domain.money import AmountTooLarge, AmountTooSmall, Money
from freehold.domain.money_process import Transition

ENDS: Final[dict[Transition, ExchangeState]] = {
    "transfer_known": "done", "transfer_refused": "undone", "payout_returned": "returned",
}  # fmt: skip


def exchanged(leg: Leg, terms: Terms | None, currency: str) -> Leg:
    """Pay what a pending leg sends in another currency, if there are terms for it. An amount that has no counterpart stays.

    Raises QuoteNotFitting when a quote was given for another amount, or this leg sends nothing now.
    """
    if terms is None:
        return leg
    source = Money(leg.sent, currency)
    if terms.quoted is not None and (leg.state != "pending" or terms.quoted != source):
        raise QuoteNotFitting(f"the quote is for {terms.quoted}, and {source} would be paid out now")
    if leg.state != "pending" or terms.currency == currency:
        return leg
    try:
        conversion = convert(source, terms.currency, terms.rate, spread_basis_points=terms.spread_basis_points)
    except (AmountTooSmall, AmountTooLarge):
        return leg
    exchange = Exchange(
        attempt=leg.attempt, conversion=conversion, spread_basis_points=terms.spread_basis_points, quote_id=terms.quote_id
    )
    return msgspec.structs.replace(leg, exchanges=(*leg.exchanges, exchange))


def turned(leg: Leg, transition: Transition, facts: Facts) -> Leg:
    """Note on a leg that was turned what became of its exchange, if this attempt has one."""
    exchange, state = leg.exchange, ENDS.get(transition)
    if exchange is None or state is None:
        return leg
    received = facts.received if state == "done" else exchange.received
    given_back = facts.given_back if state == "returned" else 0
    after = msgspec.structs.replace(exchange, state=state, received=received, given_back=given_back)
    return msgspec.structs.replace(leg, exchanges=tuple(after if each is exchange else each for each in leg.exchanges))


def asked_of(leg: Leg, currency: str) -> Money:
    """Say what the gateway is asked to move for a leg of a milestone in this currency."""
    exchange = leg.exchange
    return Money(leg.sent, currency) if exchange is None else exchange.conversion.target


def brings_enough(leg: Leg, transition: Transition, facts: Facts) -> bool:
    """Whether the gateway says what an exchange has brought, or given back: more than nothing."""
    if leg.exchange is None:
        return True
    return (facts.given_back if transition == "payout_returned" else facts.received) > 0


def amounts_of(leg: Leg) -> dict[Amount, int]:
    """Name the amounts of the exchange of a leg's attempt."""
    exchange = leg.exchange
    if exchange is None:
        return {}
    made = exchange.conversion
    return {
        "exchanged": made.source.amount,
        "middle": made.middle.amount,
        "target": made.target.amount,
        "spread": made.spread.amount,
        "received": exchange.received,
        "fx_difference": made.middle.amount - exchange.received,
        "given_back": exchange.given_back,
        "not_given_back": made.source.amount - exchange.given_back,
    }
