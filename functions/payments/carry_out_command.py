"""The reaction that carries out what is asked of a payment gateway."""

from functools import partial

from freehold.edge import Call, on_event
from freehold.edge.problems import ServiceUnavailable
from freehold.events import (
    PaymentCancelRequested,
    PaymentFundRequested,
    PaymentRefundRequested,
    PaymentReversalRequested,
    PaymentTransferRequested,
)
from freehold.payments import GatewayUnavailable, carry_out, gateway_named
from freehold.settings import GATEWAY_SECRETS
from freehold.store.commands import CommandBusy

Commanded = (
    PaymentFundRequested | PaymentCancelRequested | PaymentTransferRequested | PaymentRefundRequested | PaymentReversalRequested
)


@on_event("payment.*", transaction=False, secrets=GATEWAY_SECRETS)
async def carry_out_command(call: Call, event: Commanded) -> None:
    """Collect, cancel, pay out or pay back, once; the effect and this event's inbox row are stored together.

    When the outcome is not known the event comes again, and the next try looks up first.
    """
    try:
        await carry_out(
            event.command_key,
            gateways=partial(gateway_named, store=call.store, environment=call.settings.environment, secret=call.secret),
            transact=call.transact,
            finish=partial(call.transact, finish=True),
        )
    except (CommandBusy, GatewayUnavailable) as error:
        raise ServiceUnavailable(f"{type(error).__name__}: {error}", retry_after_s=1) from error
