"""The reaction that tells people about their payout accounts, their saved payment methods, and what holds payouts up."""

from freehold.edge import Call, on_event
from freehold.events import PaymentMethodChanged, PayoutAccountChanged, PayoutHoldLifted, PayoutsHeld
from freehold.realtime_events import PaymentMethodUpdate, PayoutUpdate, RelayEvent
from freehold.store.notices import notify

Told = PaymentMethodChanged | PayoutAccountChanged | PayoutHoldLifted | PayoutsHeld


@on_event("payment_method.changed", "payout_account.changed", "payouts.held", "payouts.hold_lifted")
async def tell_about_payouts(call: Call, event: Told) -> None:
    """Tell the owner how an account or method stands now, why payouts wait, or that they wait no longer."""
    notify(call.unit, call.now, [event.user_id], _update(event))


def _update(event: Told) -> RelayEvent:
    match event:
        case PaymentMethodChanged():
            return PaymentMethodUpdate(
                method_id=event.method_id, gateway=event.gateway, label=event.label, state=event.state, reason=event.reason
            )
        case PayoutAccountChanged():
            return PayoutUpdate(what="account", about=event.account_id, state=event.state, reasons=event.reasons)
        case PayoutsHeld():
            return PayoutUpdate(what="hold", about=event.hold_id, state="held", reasons=(event.reason,), until=event.until)
        case PayoutHoldLifted():
            reasons = (event.note,) if event.note else ()
            return PayoutUpdate(what="hold", about=event.hold_id, state="lifted", reasons=reasons)
