"""What Razorpay answers, as far as we read it. Amounts are whole paise. Empty notes come as a list, others as an object."""

from typing import Any, Generic, TypeVar

from msgspec import Struct

T = TypeVar("T")


class Fault(Struct, frozen=True):
    """What is wrong."""

    code: str | None = None
    description: str | None = None
    reason: str | None = None


class Problem(Struct, frozen=True):
    """Razorpay's error answer."""

    error: Fault


class Noted(Struct, frozen=True, kw_only=True):
    """An object with a name and our notes."""

    id: str
    notes: Any = None

    @property
    def key(self) -> str:
        """The key that we asked for it under; empty when it is not ours."""
        found = self.notes.get("key") if isinstance(self.notes, dict) else None
        return found if isinstance(found, str) else ""


class Order(Noted, frozen=True, kw_only=True):
    """Something that a payer may pay."""

    status: str
    amount: int
    receipt: str | None = None


class Payment(Noted, frozen=True, kw_only=True):
    """A try to pay an order. `fee` is Razorpay's, its `tax` inside."""

    status: str
    amount: int
    currency: str
    order_id: str | None = None
    fee: int | None = None
    error_reason: str | None = None
    error_code: str | None = None
    email: str | None = None
    contact: str | None = None
    customer_id: str | None = None
    token_id: str | None = None


class Transfer(Noted, frozen=True, kw_only=True):
    """Money that goes to a linked account."""

    status: str | None = None
    amount: int
    amount_reversed: int = 0
    fees: int | None = None
    on_hold: bool = False
    error: Fault | None = None


class Refund(Noted, frozen=True, kw_only=True):
    """Money that goes back to a payer."""

    status: str
    amount: int


class Reversal(Noted, frozen=True, kw_only=True):
    """Money that came back from a linked account; there is one only when it was done."""

    amount: int


class Dispute(Struct, frozen=True):
    """What a payer's bank asks back."""

    id: str
    payment_id: str
    amount: int
    currency: str
    status: str
    amount_deducted: int = 0
    reason_code: str | None = None


class Account(Struct, frozen=True):
    """A linked account."""

    id: str
    status: str


class Charged(Struct, frozen=True):
    """The answer to a charge without the payer."""

    razorpay_payment_id: str


class Balance(Struct, frozen=True):
    """What lies in the platform's account."""

    balance: int
    currency: str = "INR"


class Page(Struct, Generic[T], frozen=True):
    """A list."""

    items: tuple[T, ...] = ()


class OfEvent(Struct, frozen=True):
    """The object of an event: only what says which of ours it means. How it stands is asked for."""

    id: str = ""
    order_id: str | None = None
    notes: Any = None


class Wrapped(Struct, frozen=True):
    """An event's object, one level down."""

    entity: OfEvent


class Event(Struct, frozen=True):
    """What Razorpay tells by itself; `created_at` in seconds since 1970."""

    event: str
    created_at: int
    payload: dict[str, Wrapped]
    account_id: str = ""
