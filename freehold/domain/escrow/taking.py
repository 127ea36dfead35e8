"""Taking money back: out of what was released, newest first, and out of all that there is when a chargeback is lost."""

import msgspec
from msgspec import Struct

from freehold.domain.fees import fee_of, tax_of
from freehold.domain.holding import Holding
from freehold.domain.legs import Chargeback, ClosedDispute, Leg, OpenDispute, Taking


class Piece(Struct, frozen=True, kw_only=True):
    """What is taken back of one release: `gross` = `fee` + `tax` + `payable` (not sent yet) + `debt` (now owed)."""

    leg: int
    gross: int
    fee: int
    tax: int
    payable: int
    debt: int


def taken_back(holding: Holding, gross: int) -> tuple[Piece, ...]:
    """Divide what is taken back of releases, at most all of it, newest first; fee and tax give their part.

    What is left of the fees is then the fee of what is left released, to the last minor unit.
    """
    pieces: list[Piece] = []
    released, fees, taxes = holding.released, holding.fees, holding.taxes
    for leg in reversed(holding.legs_of("release")):
        portion = min(gross, leg.kept)
        if portion == 0:
            continue
        piece = _piece(holding, leg, portion, released=released, fees=fees, taxes=taxes)
        pieces.append(piece)
        gross, released, fees, taxes = gross - portion, released - portion, fees - piece.fee, taxes - piece.tax
    return tuple(pieces)


def _piece(  # noqa: PLR0913 - the leg, the portion, and what is still released with it
    holding: Holding, leg: Leg, portion: int, *, released: int, fees: int, taxes: int
) -> Piece:
    schedule = holding.fee_schedule
    fee = fees - fee_of(released - portion, schedule) if schedule else 0
    tax = _tax(leg, portion, fee, due=taxes - tax_of(released - portion, schedule)) if schedule else 0
    net = portion - fee - tax
    payable = min(net, leg.sent) if leg.is_open else 0
    return Piece(leg=leg.number, gross=portion, fee=fee, tax=tax, payable=payable, debt=net - payable)


def _tax(leg: Leg, portion: int, fee: int, *, due: int) -> int:
    """Give back what is due, as far as the leg has so much, and so much room that neither part of it falls below zero."""
    tax_left, fee_left = leg.tax - leg.tax_returned, leg.fee - leg.fee_returned - fee
    least = max(0, tax_left - (leg.kept - portion - fee_left))
    most = min(portion - fee, tax_left)
    return min(max(due, least), most)


def without(holding: Holding, pieces: tuple[Piece, ...]) -> Holding:
    """Note on the releases what was taken back of them. One with nothing left to send is done."""
    by_leg = {piece.leg: piece for piece in pieces}
    legs = tuple(_returned(leg, by_leg[leg.number]) if leg.number in by_leg else leg for leg in holding.legs)
    return msgspec.structs.replace(holding, legs=legs)


def _returned(leg: Leg, piece: Piece) -> Leg:
    after = msgspec.structs.replace(
        leg,
        returned=leg.returned + piece.gross,
        fee_returned=leg.fee_returned + piece.fee,
        tax_returned=leg.tax_returned + piece.tax,
        taken=leg.taken + piece.payable,
    )
    return msgspec.structs.replace(after, state="done") if after.is_open and after.sent == 0 else after


def lose(holding: Holding, chargeback: Chargeback) -> tuple[Holding, tuple[Piece, ...]]:
    """Take a lost chargeback out of what is held, then of refunds that wait, then of what was released; the rest is lost.

    The balances are not touched: the journal does that.
    """
    balances, left = holding.balances, chargeback.amount
    escrow = min(left, balances.escrow)
    disputed = min(left - escrow, balances.disputed)
    refund_due = min(left - escrow - disputed, balances.refund_due)
    pieces = taken_back(holding, left - escrow - disputed - refund_due)
    taking = Taking(
        escrow=escrow,
        disputed=disputed,
        refund_due=refund_due,
        payable=sum(piece.payable for piece in pieces),
        debt=sum(piece.debt for piece in pieces),
        fees=sum(piece.fee for piece in pieces),
        tax=sum(piece.tax for piece in pieces),
        lost=left - escrow - disputed - refund_due - sum(piece.gross for piece in pieces),
    )
    after = _without_refunds(without(_less_disputed(holding, disputed), pieces), refund_due)
    return _noted(after, msgspec.structs.replace(chargeback, state="lost", taking=taking)), pieces


def _noted(holding: Holding, chargeback: Chargeback) -> Holding:
    others = tuple(other if other.id != chargeback.id else chargeback for other in holding.chargebacks)
    return msgspec.structs.replace(holding, chargebacks=others)


def _less_disputed(holding: Holding, disputed: int) -> Holding:
    """Leave the dispute less to argue about, or nothing: then it is moot."""
    dispute = holding.dispute
    if dispute is None or not disputed:
        return holding
    if disputed < dispute.amount:
        return msgspec.structs.replace(holding, dispute=OpenDispute(id=dispute.id, amount=dispute.amount - disputed))
    moot = ClosedDispute(id=dispute.id, amount=dispute.amount, ended="moot")
    return msgspec.structs.replace(holding, dispute=None, disputes=(*holding.disputes, moot))


def _without_refunds(holding: Holding, amount: int) -> Holding:
    """Take so much out of refunds that were never sent, newest first; one that is empty then is done."""
    legs = list(holding.legs)
    for place in reversed(range(len(legs))):
        leg = legs[place]
        if leg.kind == "refund" and leg.is_open and amount:
            taken = min(amount, leg.sent)
            amount -= taken
            less = msgspec.structs.replace(leg, taken=leg.taken + taken)
            legs[place] = msgspec.structs.replace(less, state="done") if less.sent == 0 else less
    return msgspec.structs.replace(holding, legs=tuple(legs))
