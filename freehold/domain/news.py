"""What a payment gateway tells by itself: of something that was asked for, of a chargeback, of a payee's account."""

from typing import Literal

from msgspec import Struct

from freehold.domain.settlement import ChargebackReport, NextAction, Report


class Payee(Struct, frozen=True, kw_only=True):
    """Somebody's account at a gateway. Only a `ready` one is paid; `reasons` are the gateway's codes for what is missing."""

    account: str
    state: Literal["pending", "ready", "restricted"]
    reasons: tuple[str, ...] = ()
    action: NextAction | None = None


class CommandNews(Struct, frozen=True, kw_only=True, tag="command"):
    """Something happened to the object that was asked for under `key`."""

    kind: Literal["payment", "transfer", "refund", "reversal"]
    key: str
    milestone_id: str
    report: Report


class ChargebackNews(Struct, frozen=True, kw_only=True, tag="chargeback"):
    """The payer's bank takes a payment back, or has decided about it."""

    report: ChargebackReport


class PayeeNews(Struct, frozen=True, kw_only=True, tag="payee"):
    """A payee's account stands differently now."""

    payee: Payee


News = CommandNews | ChargebackNews | PayeeNews
