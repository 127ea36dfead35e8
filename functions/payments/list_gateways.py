"""`GET /api/payment-gateways`."""

from msgspec import Struct

from freehold.domain.offers import Offer, PayMethod
from freehold.edge import Call, endpoint
from freehold.edge.problems import Unauthenticated
from freehold.payments.offers import all_offers


class GatewayView(Struct, frozen=True, kw_only=True):
    """A payment gateway: ways to pay, the currencies that it holds here (null: all), and for how many days (null: no limit).

    Only one that `converts` can pay a freelancer in another currency than the client has paid in. `public_key` is for the
    gateway's own script in the payer's page. Only a `ready` one takes payments; admins see the others too, with the `reasons`.
    """

    name: str
    state: str
    reasons: tuple[str, ...]
    methods: tuple[PayMethod, ...]
    currencies: tuple[str, ...] | None
    max_hold_days: int | None
    converts: bool
    public_key: str | None


class GatewayList(Struct, frozen=True):
    """All payment gateways of this marketplace, the sandbox first."""

    gateways: tuple[GatewayView, ...]


@endpoint("GET /api/payment-gateways", auth="anyone", cache_s=60, errors=[Unauthenticated])
async def list_gateways(call: Call) -> GatewayList:
    """List the payment gateways of this marketplace."""
    sees_all = call.visitor is not None and "admin" in call.visitor.roles
    offers = await all_offers(call.store, environment=call.settings.environment)
    seen = (_view(name, offer) for name, offer in offers.items() if sees_all or offer.state == "ready")
    return GatewayList(tuple(seen))


def _view(name: str, offer: Offer) -> GatewayView:
    return GatewayView(
        name=name,
        state=offer.state,
        reasons=offer.reasons,
        methods=offer.methods,
        currencies=offer.currencies,
        max_hold_days=offer.max_hold_days,
        converts=offer.converts,
        public_key=offer.public_key,
    )
