"""The reaction that asks a gateway about somebody's way to pay."""

from functools import partial

import msgspec

from freehold.documents import PaymentMethod
from freehold.edge import Call, on_event
from freehold.edge.problems import ServiceUnavailable
from freehold.events import PaymentMethodRequested
from freehold.payments import GatewayUnavailable, gateway_named
from freehold.payments.asking import ask_about_method
from freehold.payments.gateway import SavedMethod
from freehold.settings import GATEWAY_SECRETS
from freehold.store import Unit
from freehold.store.payment_methods import MethodNews, record_method


@on_event("payment_method.requested", transaction=False, secrets=GATEWAY_SECRETS)
async def save_payment_method(call: Call, event: PaymentMethodRequested) -> None:
    """Save the method at its gateway, or find out how that stands; the answer and the inbox row are stored together."""
    method = await call.store.get(PaymentMethod, event.method_id)
    if method is None or method.state == "removed":
        await call.transact(_nothing, finish=True)
        return
    gateway = gateway_named(method.gateway, store=call.store, environment=call.settings.environment, secret=call.secret)
    try:
        saved = await ask_about_method(gateway, method)
    except GatewayUnavailable as error:
        raise ServiceUnavailable(f"{type(error).__name__}: {error}", retry_after_s=1) from error
    await call.transact(partial(_record, call, method.id, saved), finish=True)


async def _record(call: Call, method_id: str, saved: SavedMethod, unit: Unit) -> None:
    news = msgspec.convert(saved, MethodNews, from_attributes=True)
    await record_method(unit, method_id, news, now=call.now)


async def _nothing(_: Unit) -> None:
    """Finish: the method is gone."""
