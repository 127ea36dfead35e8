"""Asking a gateway what has become of a command, without asking it for anything. Never inside a transaction."""

import asyncio

from freehold.documents import Command
from freehold.domain.settlement import Report
from freehold.payments.carrying import CALL_TIMEOUT_S, payment_query
from freehold.payments.gateway import GatewayUnavailable, PaymentGateway


async def look_up(gateway: PaymentGateway, command: Command) -> Report | None:
    """Say how the gateway's own object stands; null when it has none. Raises GatewayUnavailable."""
    try:
        async with asyncio.timeout(CALL_TIMEOUT_S):
            if command.kind in {"fund", "cancel"}:
                return await gateway.capture_state(payment_query(command))
            return await gateway.look_up(key=command.id, milestone_id=command.milestone_id)
    except TimeoutError as error:
        raise GatewayUnavailable(f"{command.id}: no answer in {CALL_TIMEOUT_S} s") from error
