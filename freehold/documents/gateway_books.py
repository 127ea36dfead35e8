"""Our own books of what was asked of gateways that cannot be asked by our names (PayPal, Razorpay). Only adapters read them."""

from typing import ClassVar, Literal

from freehold.documents.document import Document, Index, Instant
from freehold.domain.money import Money
from freehold.domain.settlement import NextAction, Outcome

GatewayObjectKind = Literal["payment", "transfer", "refund", "reversal"]


class GatewayObject(Document, frozen=True, kw_only=True):
    """A payment, transfer, refund or reversal that was asked of `gateway`; `_id` is gateway and key, `digest` what was asked.

    `reference` is the gateway's name for it, and `part` its name for what money is taken from later: the capture of an order.
    `held` is its name for the money of a payment that lies on hold for `account`, until `released_by` (a key) has let it go.
    `spent` is how much of it was passed on, `refunded` how much was given back; both count what is asked for until it is
    refused. Until `asked_until` a call may be under way whose answer nobody knows; a payment whose `intent` is capture may be
    paid at any moment, and `refusals` says how often its payer was told to choose another way.
    """

    collection: ClassVar[str] = "gateway_objects"
    indexes: ClassVar[tuple[Index, ...]] = (
        Index((("gateway", 1), ("payment_id", 1)), unique=True, partial={"kind": "payment"}),
        Index((("gateway", 1), ("reference", 1)), partial={"reference": {"$type": "string"}}),
        Index((("gateway", 1), ("part", 1)), partial={"part": {"$type": "string"}}),
    )

    gateway: str
    kind: GatewayObjectKind
    key: str
    group: str
    payment_id: str
    source: str = ""
    account: str = ""
    method: str = ""
    saved_method: str | None = None
    digest: bytes
    money: Money
    state: Outcome = "pending"
    reference: str | None = None
    part: str | None = None
    moved: Money | None = None
    fee: int = 0
    spent: int = 0
    refunded: int = 0
    reason: str | None = None
    action: NextAction | None = None
    intent: Literal["none", "capture"] = "none"
    refusals: int = 0
    held: str | None = None
    released_by: str | None = None
    asked_until: Instant | None = None
    created_at: Instant
