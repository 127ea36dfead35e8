"""What Razorpay takes, from its documented shapes: an unknown field, a missing one or a text that does not fit is refused."""

from typing import Annotated, Literal

from msgspec import Meta, Struct

Paise = Annotated[int, Meta(ge=100)]
Notes = Annotated[dict[str, Annotated[str, Meta(max_length=256)]], Meta(max_length=15)]


class Shape(Struct, forbid_unknown_fields=True, kw_only=True):
    pass


class HeldTransfer(Shape, kw_only=True):
    account: Annotated[str, Meta(pattern=r"^acc_[A-Za-z0-9]{14}$")]
    amount: Paise
    currency: Literal["INR"]
    notes: Notes
    on_hold: bool


class NewOrder(Shape, kw_only=True):
    amount: Paise
    currency: Literal["INR"]
    receipt: Annotated[str, Meta(min_length=1, max_length=40)]
    notes: Notes
    payment_capture: Literal[True]
    transfers: tuple[HeldTransfer, ...] = ()


class NewTransfers(Shape, kw_only=True):
    transfers: Annotated[tuple[HeldTransfer, ...], Meta(min_length=1)]


class Hold(Shape, kw_only=True):
    on_hold: bool


class NewRefund(Shape, kw_only=True):
    amount: Paise
    speed: Literal["normal", "optimum"]
    notes: Notes


class NewReversal(Shape, kw_only=True):
    amount: Annotated[int, Meta(ge=1)]
    notes: Notes


class NewCharge(Shape, kw_only=True):
    email: Annotated[str, Meta(min_length=3)]
    contact: Annotated[str, Meta(min_length=8)]
    amount: Paise
    currency: Literal["INR"]
    order_id: Annotated[str, Meta(pattern=r"^order_")]
    customer_id: Annotated[str, Meta(pattern=r"^cust_")]
    token: Annotated[str, Meta(pattern=r"^token_")]
    recurring: Literal[True]
    notes: Notes
