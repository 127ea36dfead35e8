"""`PUT /api/payment-methods/{id}`."""

from msgspec import Struct

from freehold.documents import Version
from freehold.domain.errors import Fault, refuse_faults
from freehold.edge import Call, endpoint
from freehold.edge.problems import NotFound, StaleVersion
from freehold.ids import PaymentMethodPath
from freehold.store.payment_methods import MethodNotReady, make_default, own_method
from freehold.views.payouts import PaymentMethodView, view_method


class PaymentMethodChange(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Make it the default (`true`): what you are charged by without you. With `version`, only if it has not changed since."""

    is_default: bool
    version: Version | None = None


@endpoint("PUT /api/payment-methods/{id}", auth="user", errors=[NotFound, StaleVersion, MethodNotReady])
async def update_payment_method(call: Call, path: PaymentMethodPath, body: PaymentMethodChange) -> PaymentMethodView:
    """Make a saved payment method your default, in the place of the one that is. Raises MethodNotReady."""
    method = await own_method(call.unit, path.id, call.caller.user_id)
    if body.version not in (None, method.version):
        raise StaleVersion(f"The payment method is at version {method.version}.")
    if not body.is_default:
        refuse_faults(Fault("is_default", "true: make another one the default instead"))
    return view_method(await make_default(call.unit, method, now=call.now))
