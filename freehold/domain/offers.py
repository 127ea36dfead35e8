"""What a payment gateway offers here: ways to pay, currencies, and for how long it lets money lie."""

from typing import Literal

from msgspec import Struct


class PayMethod(Struct, frozen=True, kw_only=True):
    """One way to pay. `currencies` are the ones it takes; null for every currency of the gateway.

    A payment that `settles` later stays pending for seconds to days after the payer has done their part. One that
    `can_be_saved` can be charged again without the payer (weekly bills).
    """

    name: str
    currencies: tuple[str, ...] | None = None
    settles: Literal["at_once", "later"] = "at_once"
    can_be_saved: bool = False


class Offer(Struct, frozen=True, kw_only=True):
    """What a gateway offers, as its own account there stands. Only a `ready` one moves money; `reasons` say what is wrong.

    `country` is where the platform's account is (ISO 3166 alpha-2); `currencies` are those it holds (null: all there are).
    One that `holds_for_payee` holds a payment for its payee from the start, if it is told of their account then.
    One that `converts` exchanges what it pays out, so that a payee may be paid in another currency than the payer paid in.
    `public_key` is what the gateway's own script in the payer's page asks for; it is no secret.
    """

    state: Literal["ready", "refused"]
    reasons: tuple[str, ...] = ()
    methods: tuple[PayMethod, ...] = ()
    currencies: tuple[str, ...] | None = None
    max_hold_days: int | None = None
    country: str | None = None
    holds_for_payee: bool = False
    converts: bool = False
    public_key: str | None = None

    def methods_for(self, currency: str) -> tuple[str, ...]:
        """Name the ways to pay in this currency, the usual one first; none when the gateway does not hold it."""
        if self.state != "ready" or (self.currencies is not None and currency not in self.currencies):
            return ()
        return tuple(each.name for each in self.methods if each.currencies is None or currency in each.currencies)
