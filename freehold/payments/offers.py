"""What the gateways of this installation offer, for everybody: read where the sweep that asks them has left it."""

from datetime import datetime
from typing import Final

import msgspec

from freehold.documents import GatewayOffer
from freehold.domain.offers import Offer
from freehold.payments.gateway import GatewayNotAvailable
from freehold.payments.sandbox import SANDBOX_OFFER, SandboxGateway
from freehold.settings import Environment
from freehold.store import Reads, Unit

MOST_GATEWAYS: Final = 20


async def all_offers(reads: Reads, *, environment: Environment) -> dict[str, Offer]:
    """List what each gateway offers, by its name; the sandbox first, where there is one."""
    kept = await reads.find(GatewayOffer, {}, sort=(("_id", 1),), limit=MOST_GATEWAYS)
    sandbox = {} if environment == "production" else {SandboxGateway.name: SANDBOX_OFFER}
    return sandbox | {each.id: each.offer for each in kept}


async def offer_of(reads: Reads, name: str, *, environment: Environment) -> Offer:
    """Read what a gateway offers. Raises GatewayNotAvailable when there is none of this name that may move money."""
    if name == SandboxGateway.name and environment != "production":
        return SANDBOX_OFFER
    kept = await reads.get(GatewayOffer, name)
    if kept is None or kept.offer.state != "ready":
        raise GatewayNotAvailable(f"there is no payment gateway {name!r} here")
    return kept.offer


async def keep_offer(unit: Unit, name: str, offer: Offer, *, now: datetime) -> None:
    """Keep what a gateway said of itself, in place of what it said before."""
    kept = await unit.get(GatewayOffer, name)
    if kept is None:
        unit.insert(GatewayOffer(id=name, offer=offer, checked_at=now))
    elif kept.offer != offer:
        await unit.update(kept, msgspec.structs.replace(kept, offer=offer, checked_at=now))


async def forget_offer(unit: Unit, name: str) -> None:
    """Forget a gateway that is not here any more."""
    kept = await unit.get(GatewayOffer, name)
    if kept is not None:
        await unit.delete(kept)
