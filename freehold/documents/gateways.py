"""What the payment gateways of this installation said of themselves."""

from typing import ClassVar

from freehold.documents.document import Document, Instant
from freehold.domain.offers import Offer


class GatewayOffer(Document, frozen=True, kw_only=True):
    """What a gateway offers, as it has said since `checked_at`; `_id` is its name. For those who hold no key of it."""

    collection: ClassVar[str] = "gateway_offers"

    offer: Offer
    checked_at: Instant
