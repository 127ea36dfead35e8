"""`POST /api/payment-methods/{id}/check`."""

from freehold.edge import Call, endpoint
from freehold.edge.problems import NotFound
from freehold.events import PaymentMethodRequested
from freehold.ids import PaymentMethodPath
from freehold.store.payment_methods import own_method
from freehold.views.payouts import PaymentMethodView, view_method


@endpoint("POST /api/payment-methods/{id}/check", auth="user", status=202, errors=[NotFound])
async def check_payment_method(call: Call, path: PaymentMethodPath) -> PaymentMethodView:
    """Ask the gateway how a saved method stands, when you come back from its own pages. The answer comes soon."""
    seen = await own_method(call.unit, path.id, call.caller.user_id)
    method = await call.unit.update(seen, seen)
    call.unit.emit(PaymentMethodRequested(method_id=method.id, user_id=method.user_id), method)
    return view_method(method)
