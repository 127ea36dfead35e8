"""`DELETE /api/payment-methods/{id}`."""

from freehold.edge import Call, endpoint
from freehold.edge.problems import NotFound
from freehold.ids import PaymentMethodPath
from freehold.store.payment_methods import own_method, remove_method


@endpoint("DELETE /api/payment-methods/{id}", auth="user", status=204, errors=[NotFound])
async def delete_payment_method(call: Call, path: PaymentMethodPath) -> None:
    """Remove a saved payment method: it is never charged again.

    If it was your default there is none until you choose one; weeks that are due then cannot be charged.
    """
    method = await own_method(call.unit, path.id, call.caller.user_id)
    await remove_method(call.unit, method, now=call.now)
