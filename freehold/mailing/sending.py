"""Sending a stored mail: claim it, hand it over outside of any transaction, note what came of it under the fence."""

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any, Final, Literal, Protocol

import structlog

from freehold.documents import Invoice, InvoicePaper, Mail, User
from freehold.domain.errors import InvalidValue
from freehold.mailing.message import message_of
from freehold.mailing.smtp import MailRefused, MailUnavailable, SmtpAccount, send
from freehold.store import Reads, Unit, mails, now

log = structlog.get_logger()

LONGEST_S: Final = 8.0
"""How long one mail may take; less than a function may. What goes on after it may arrive twice, with one Message-ID."""

Sent = Literal["sent", "kept", "refused", "paused", "closed"]


class Transact(Protocol):
    """Run work in a transaction of its own."""

    def __call__(self, work: Callable[[Unit], Awaitable[Any]], /) -> Awaitable[Any]:
        """Run it, and give what it gives."""


async def send_mail(mail_id: str, *, account: SmtpAccount | None, reads: Reads, transact: Transact) -> Sent:
    """Send one mail, at least once; without an account it is kept. Raises MailBusy while somebody else has it."""
    mail: Mail | None = await transact(partial(_claimed, mail_id=mail_id))
    if mail is None:
        return "closed"
    if account is None:
        await transact(lambda unit: mails.keep(unit, mail))
        return "kept"
    return await _hand_over(mail, account, reads, transact)


async def _claimed(unit: Unit, *, mail_id: str) -> Mail | None:
    return await mails.claim(unit, mail_id)


async def _hand_over(mail: Mail, account: SmtpAccount, reads: Reads, transact: Transact) -> Sent:
    try:
        user = await reads.require(User, mail.user_id)
        message = message_of(mail, sender=account.sender, recipient=user.email, file=await _file(mail, reads))
        await asyncio.wait_for(asyncio.to_thread(send, account, message), LONGEST_S)
    except (MailUnavailable, TimeoutError) as error:
        reason = str(error) or "the server takes too long"
        log.warning("mail_paused", mail_id=mail.id, reason=reason)
        await transact(lambda unit: mails.pause(unit, mail, error=reason))
        return "paused"
    except (MailRefused, InvalidValue) as error:
        reason = str(error)
        log.warning("mail_refused", mail_id=mail.id, reason=reason)
        await transact(lambda unit: mails.refuse(unit, mail, error=reason))
        return "refused"
    await transact(lambda unit: mails.mark_sent(unit, mail, now=now()))
    return "sent"


async def _file(mail: Mail, reads: Reads) -> tuple[str, bytes] | None:
    if mail.paper_of is None:
        return None
    invoice = await reads.require(Invoice, mail.paper_of)
    paper = await reads.require(InvoicePaper, mail.paper_of)
    return f"{invoice.number}.pdf", paper.content
