"""Which invoices a milestone brings about, and what becomes of them: read off the milestone's money, whenever one looks.

Nothing depends on the order or the repetition of events: whoever looks again finds what is still missing.
- A deposit that is held: the freelancer's invoice to the client, for the whole of it, paid. One that was written by hand
  before is marked as paid; one over another sum is taken back first.
- A part that has reached the freelancer: the operator's invoice to the freelancer, for the fee. (What is withheld for a tax
  office is no fee.) What of the fee is given back: the operator's credit note.
- Money that has gone back to the client, by a refund or by their bank: the freelancer's credit note, for as much.
- A dispute's fee: the operator's invoice to each side that paid of it. What the client paid of it was awarded to them first, so
  that the freelancer's credit note goes over that, too.
- A milestone that ended before it was paid: the open invoice is taken back, by a credit note for the whole.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from msgspec import Struct

from freehold.domain.holding import Held, Holding
from freehold.domain.invoicing import InvoiceKind, InvoiceState
from freehold.domain.money_process import Party, State

SALE: Final = "sale"
_NEVER_FUNDED: Final[frozenset[State]] = frozenset({"created", "funding"})
_UNWANTED: Final[frozenset[State]] = frozenset({"funding", "cancelled"})
"""A refund that began here gives back a payment that was never taken in as a deposit."""


class Standing(Struct, frozen=True, kw_only=True):
    """An invoice that there is. `stands_for` says of what (null once it was taken back); amounts in minor units."""

    id: str
    kind: InvoiceKind
    stands_for: str | None
    gross: int
    credited: int = 0
    state: InvoiceState


class Issue(Struct, frozen=True, kw_only=True):
    """An invoice to be written over `gross` minor units; a credit note says what the invoice stands for that it `corrects`.

    `to` says who gets one of the operator's.
    """

    kind: InvoiceKind
    stands_for: str
    corrects: str | None = None
    gross: int
    leg: int | None = None
    to: Party = "freelancer"


class MarkPaid(Struct, frozen=True):
    """An open invoice whose milestone was paid for."""

    invoice_id: str


class TakeBack(Struct, frozen=True):
    """An open invoice that nobody will pay: a credit note for the whole of it."""

    invoice_id: str


Act = Issue | MarkPaid | TakeBack


def missing_acts(held: Held, standing: Iterable[Standing]) -> tuple[Act, ...]:
    """Say what is to be done about a milestone's invoices, in order; nothing, when all is as it should be."""
    there = {each.stands_for: each for each in standing if each.stands_for is not None}
    sale = there.get(SALE)
    if not was_funded(held):
        over = held.state not in _NEVER_FUNDED
        return (TakeBack(sale.id),) if over and sale is not None and sale.state == "open" else ()
    wanted = (
        *_fees(held.holding),
        *_returned_fees(held.holding, there),
        *_refunds(held.holding, there),
        *_dispute_fees(held.holding),
    )
    return (*_sale(held.holding, sale), *(each for each in wanted if each.stands_for not in there))


def was_funded(held: Held) -> bool:
    """Whether a deposit was taken in and held for the work, however it ended; not one that only passed through."""
    holding = held.holding
    passed_through = bool(holding.legs) and holding.legs[0].kind == "refund" and holding.legs[0].origin in _UNWANTED
    return holding.deposited > 0 and not passed_through


def _sale(holding: Holding, sale: Standing | None) -> tuple[Act, ...]:
    issue = Issue(kind="sale", stands_for=SALE, gross=holding.deposited)
    if sale is None:
        return (issue,)
    if sale.state != "open":
        return ()
    return (MarkPaid(sale.id),) if sale.gross == holding.deposited else (TakeBack(sale.id), issue)


def _fees(holding: Holding) -> Iterator[Issue]:
    for leg in holding.legs_of("release"):
        if leg.state == "done" and leg.fee > 0:
            yield Issue(kind="platform_fee", stands_for=f"fee:{leg.number}", gross=leg.fee, leg=leg.number)


def _returned_fees(holding: Holding, there: Mapping[str, Standing]) -> Iterator[Issue]:
    """Find what of a fee was given back and is not credited yet."""
    for leg in holding.legs_of("release"):
        fee = there.get(f"fee:{leg.number}")
        back = leg.fee_returned - (fee.credited if fee else 0)
        if leg.state == "done" and back > 0:
            yield Issue(
                kind="credit_note",
                stands_for=f"fee:{leg.number}:{leg.fee_returned}",
                corrects=f"fee:{leg.number}",
                gross=back,
                leg=leg.number,
            )


def _refunds(holding: Holding, there: Mapping[str, Standing]) -> Iterator[Issue]:
    """Find what has gone back to the client: by a refund, or because their bank took it.

    A refund that was credited, came back and was then taken by the bank is not credited again.
    """
    credited = 0
    for leg in holding.legs_of("refund"):
        if (note := there.get(f"refund:{leg.number}")) is not None:
            credited += max(0, note.gross - (leg.gross - leg.taken))
        if leg.state == "done" and leg.gross > leg.taken:
            gross = leg.gross - leg.taken
            yield Issue(kind="credit_note", stands_for=f"refund:{leg.number}", corrects=SALE, gross=gross, leg=leg.number)
    for chargeback in holding.chargebacks:
        gone = chargeback.amount - chargeback.taking.lost
        gross = gone - min(credited, gone)
        if chargeback.state == "lost" and gross > 0:
            yield Issue(kind="credit_note", stands_for=f"chargeback:{chargeback.id}", corrects=SALE, gross=gross)
        credited -= (gone - gross) if chargeback.state == "lost" else 0


def _dispute_fees(holding: Holding) -> Iterator[Issue]:
    """Find what each side has paid for disputes."""
    for dispute in holding.disputes:
        shares: dict[Party, int] = {"client": dispute.fee_of_client, "freelancer": dispute.fee - dispute.fee_of_client}
        for party, gross in shares.items():
            if gross > 0:
                yield Issue(kind="dispute_fee", stands_for=f"dispute:{dispute.id}:{party}", gross=gross, to=party)
        if dispute.fee_of_client > 0:
            yield Issue(kind="credit_note", stands_for=f"award:{dispute.id}", corrects=SALE, gross=dispute.fee_of_client)
