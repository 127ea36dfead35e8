"""The sweep that asks the payment gateways what they offer."""

from typing import Final

import structlog

from freehold.domain.offers import Offer
from freehold.edge import Call, Swept, sweep
from freehold.payments import GatewayNotAvailable, GatewayUnavailable, gateway_named
from freehold.payments.offers import forget_offer, keep_offer
from freehold.payments.registry import CONFIGURED, GatewayMisconfigured
from freehold.settings import GATEWAY_SECRETS
from freehold.telemetry.readings import Reading

log = structlog.get_logger()

READY: Final = "freehold_gateway_ready"


@sweep(every="1m", secrets=GATEWAY_SECRETS)
async def check_gateways(call: Call) -> Swept:
    """Ask each gateway that has its secrets what it offers, and whether the platform's account may hold others' money there.

    What it says is kept for those who hold no secrets; a gateway whose secrets were taken away is forgotten. One that gives
    no answer keeps its offer.
    """
    readings = []
    for name in CONFIGURED:
        offer = await _ask(call, name)
        if offer is not None:
            readings.append(Reading(READY, int(offer.state == "ready"), {"gateway": name}))
    return Swept(done=len(readings), readings=tuple(readings))


async def _ask(call: Call, name: str) -> Offer | None:
    try:
        gateway = gateway_named(name, store=call.store, environment=call.settings.environment, secret=call.secret)
        offer = await gateway.check()
    except GatewayMisconfigured as error:
        offer = Offer(state="refused", reasons=(error.reason,))
    except GatewayNotAvailable:
        await call.transact(lambda unit: forget_offer(unit, name))
        return None
    except GatewayUnavailable as error:
        log.warning("gateway_gives_no_answer", gateway=name, error=str(error))
        return None
    if offer.state == "refused":
        log.error("gateway_refused", gateway=name, reasons=offer.reasons)
    await call.transact(lambda unit: keep_offer(unit, name, offer, now=call.now))
    return offer
