"""Money that lies on hold for its payee from the capture on: a Route transfer that Razorpay makes when an order is paid.

What is held is not settled to the operator's bank. The first part that is released is what stays of that transfer: the rest is
taken back from it, then the hold ends. Later parts, and parts for another account, are transferred out of the balance. A
refund takes its money out of the hold first. All of it happens under a claim on the payment, one at a time: two who counted on
the same held money would leave the payee too little.
"""

from typing import Final

from freehold.documents import GatewayObject
from freehold.payments.book import Book
from freehold.payments.razorpay import asking
from freehold.payments.razorpay.line import Line
from freehold.payments.razorpay.wire import Transfer

NOBODY: Final = "nobody"
"""Stands for who released a hold that was dissolved."""


class Holding:
    """Lets go of what is held, once."""

    def __init__(self, line: Line, book: Book) -> None:
        self._line = line
        self._book = book

    async def release(self, entry: GatewayObject) -> Transfer | None:
        """Let the held money of a payment go as this transfer; null when none is held for it.

        Raises GatewayUnavailable while somebody else changes what is held.
        """
        payment = await self._book.payment(entry.payment_id)
        if payment is None or not payment.account or payment.released_by not in (None, entry.key):
            return None
        payment = await self._book.claim(payment)
        held = await self._held(payment)
        released = await self._released(entry, payment, held) if held is not None else None
        await self._book.note(payment, asked_until=None)
        return released

    async def lessen(self, entry: GatewayObject) -> None:
        """Take out of what is held what a refund needs, once for its key."""
        payment = await self._book.payment(entry.payment_id)
        if payment is None or not payment.account or payment.released_by is not None:
            return
        payment = await self._book.claim(payment)
        held, key = await self._held(payment), f"{entry.key}:held"
        amount = min(_outstanding(held), entry.money.amount) if held is not None else 0
        if held is not None and amount and await asking.find_reversal(self._line, key, held.id) is None:
            await asking.reverse(self._line, key, held.id, amount)
        await self._book.note(payment, asked_until=None)

    async def _released(self, entry: GatewayObject, payment: GatewayObject, held: Transfer) -> Transfer | None:
        """Keep of what is held what is to be paid; or dissolve the hold, when it is not for this account or too small."""
        amount = entry.money.amount
        if payment.account != entry.account or _outstanding(held) < amount:
            await self._let_go(held, keep=0, key=entry.key)
            await self._book.note(payment, released_by=NOBODY)
            return None
        await self._book.note(payment, released_by=entry.key)
        return await self._let_go(held, keep=amount, key=entry.key)

    async def _held(self, payment: GatewayObject) -> Transfer | None:
        """Find the transfer that is held for the payee of a payment; null when it was let go before this book's time."""
        if not payment.account or payment.part is None:
            return None
        if payment.held is not None:
            held = await asking.transfer_state(self._line, payment.held)
        else:
            found = await asking.find_transfer(self._line, asking.hold_key(payment), payment.part)
            if found is None:
                return None
            held = found
            await self._book.note(payment, held=held.id)
        is_held = held.on_hold or payment.released_by is not None
        return held if is_held and held.status != "failed" else None

    async def _let_go(self, held: Transfer, *, keep: int, key: str) -> Transfer:
        """Take back all but `keep` paise, and end the hold."""
        rest = _outstanding(held) - keep
        if rest > 0:
            await asking.reverse(self._line, f"{key}:rest", held.id, rest)
        if held.on_hold and keep:
            await asking.end_hold(self._line, held.id)
        return await asking.transfer_state(self._line, held.id)


def _outstanding(held: Transfer) -> int:
    return held.amount - held.amount_reversed
