"""What PayPal takes, from its documented shapes: an unknown field, a missing one or a text that does not fit is refused."""

from typing import Annotated, Literal

from msgspec import Meta, Struct

Value = Annotated[str, Meta(pattern=r"^((-?[0-9]+)|(-?([0-9]+)?[.][0-9]+))$", max_length=32)]
CurrencyCode = Annotated[str, Meta(pattern=r"^[A-Z]{3}$")]
Url = Annotated[str, Meta(pattern=r"^https?://")]


class Shape(Struct, forbid_unknown_fields=True, kw_only=True):
    pass


class Amount(Shape):
    currency_code: CurrencyCode
    value: Value


class ExperienceContext(Shape):
    brand_name: Annotated[str, Meta(min_length=1, max_length=127)] | None = None
    shipping_preference: Literal["GET_FROM_FILE", "NO_SHIPPING", "SET_PROVIDED_ADDRESS"] = "GET_FROM_FILE"
    contact_preference: Literal["NO_CONTACT_INFO", "UPDATE_CONTACT_INFO", "RETAIN_CONTACT_INFO"] = "NO_CONTACT_INFO"
    return_url: Url | None = None
    cancel_url: Url | None = None
    landing_page: Literal["LOGIN", "GUEST_CHECKOUT", "NO_PREFERENCE", "BILLING"] = "NO_PREFERENCE"
    user_action: Literal["CONTINUE", "PAY_NOW"] = "CONTINUE"
    payment_method_preference: Literal["UNRESTRICTED", "IMMEDIATE_PAYMENT_REQUIRED"] = "UNRESTRICTED"


class Wallet(Shape):
    vault_id: Annotated[str, Meta(min_length=1, max_length=255)] | None = None
    experience_context: ExperienceContext | None = None


class OrderSource(Shape):
    paypal: Wallet


class PurchaseUnit(Shape):
    amount: Amount
    custom_id: Annotated[str, Meta(min_length=1, max_length=127)]
    invoice_id: Annotated[str, Meta(min_length=1, max_length=127)]


class NewOrder(Shape):
    intent: Literal["CAPTURE"]
    purchase_units: Annotated[tuple[PurchaseUnit, ...], Meta(min_length=1, max_length=10)]
    payment_source: OrderSource


class NewRefund(Shape):
    amount: Amount
    custom_id: Annotated[str, Meta(min_length=1, max_length=127)]


class PayoutAmount(Shape):
    currency: CurrencyCode
    value: Value


class PayoutItem(Shape):
    recipient_type: Literal["EMAIL", "PAYPAL_ID"]
    receiver: Annotated[str, Meta(min_length=1, max_length=127)]
    amount: PayoutAmount
    sender_item_id: Annotated[str, Meta(min_length=1, max_length=63)]


class SenderBatchHeader(Shape):
    sender_batch_id: Annotated[str, Meta(min_length=1, max_length=256)]
    email_subject: Annotated[str, Meta(max_length=255)] = ""


class NewPayout(Shape):
    sender_batch_header: SenderBatchHeader
    items: Annotated[tuple[PayoutItem, ...], Meta(min_length=1, max_length=15_000)]


class VaultContext(Shape):
    return_url: Url
    cancel_url: Url
    shipping_preference: Literal["GET_FROM_FILE", "NO_SHIPPING", "SET_PROVIDED_ADDRESS"] = "GET_FROM_FILE"
    user_action: Literal["CONTINUE", "SETUP_NOW"] = "CONTINUE"


class VaultWallet(Shape):
    usage_type: Literal["MERCHANT", "PLATFORM"]
    experience_context: VaultContext
    usage_pattern: Literal["IMMEDIATE", "DEFERRED"] | None = None
    permit_multiple_payment_tokens: bool = False


class VaultSource(Shape):
    paypal: VaultWallet


class NewSetupToken(Shape):
    payment_source: VaultSource


class TokenName(Shape):
    id: str
    type: Literal["SETUP_TOKEN"]


class TokenSource(Shape):
    token: TokenName


class NewPaymentToken(Shape):
    payment_source: TokenSource


class Verification(Shape):
    auth_algo: Annotated[str, Meta(pattern=r"^[a-zA-Z0-9]+$", max_length=100)]
    cert_url: Annotated[str, Meta(pattern=r"^https://", max_length=500)]
    transmission_id: Annotated[str, Meta(max_length=50)]
    transmission_sig: Annotated[str, Meta(max_length=500)]
    transmission_time: Annotated[str, Meta(max_length=100)]
    webhook_id: Annotated[str, Meta(pattern=r"^[a-zA-Z0-9]+$", max_length=50)]
    webhook_event: dict
