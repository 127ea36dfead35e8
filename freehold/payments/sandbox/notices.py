"""The sandbox's webhooks: sent by a sweep, signed, through the same door as those of any gateway."""

from typing import Final

import msgspec

from freehold.documents import SandboxNotice
from freehold.payments.carrying import Transact
from freehold.payments.gateway import WebhookEvent
from freehold.payments.inbox import receive
from freehold.payments.sandbox.gateway import SandboxGateway
from freehold.payments.webhooks import sign
from freehold.store import Reads, Unit, now

SENT_AT_ONCE: Final = 50


async def send_notices(gateway: SandboxGateway, *, reads: Reads, transact: Transact, limit: int = SENT_AT_ONCE) -> int:
    """Send what is not sent yet, each as often as its scenario says; say how many there were."""
    waiting = await reads.find(SandboxNotice, {"sent_at": None}, sort=(("_id", 1),), limit=limit)
    for notice in waiting:
        await _send(gateway, notice, reads, transact)
    return len(waiting)


async def _send(gateway: SandboxGateway, notice: SandboxNotice, reads: Reads, transact: Transact) -> None:
    body = msgspec.json.encode(WebhookEvent(id=notice.id, type=notice.type, news=notice.news))
    clock = await reads.database_now()
    headers = sign(body, key=await gateway.webhook_key(), at=clock)
    for _ in range(notice.copies):
        await receive(gateway, body=body, headers=headers, transact=transact, clock=clock)

    async def note_sent(unit: Unit) -> None:
        await unit.update(notice, msgspec.structs.replace(notice, sent_at=now()))

    await transact(note_sent)
