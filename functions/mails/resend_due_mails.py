"""The sweep that takes up mails which could not be handed over, or which somebody left behind."""

from freehold.edge import Call, Swept, sweep
from freehold.mailing import account_of
from freehold.mailing.sending import send_mail
from freehold.store.batches import each_on_its_own
from freehold.store.mails import SENT_AT_ONCE, due_mails


@sweep(every="5s", secrets=["smtp_url"])
async def resend_due_mails(call: Call) -> Swept:
    """Try again to send what waits, once its pause or somebody's claim is over, by the database's clock."""
    account = account_of(call.secret("smtp_url"))
    due = await due_mails(call.store)

    async def resend(mail_id: str) -> bool:
        outcome = await send_mail(mail_id, account=account, reads=call.store, transact=call.transact)
        return outcome in {"sent", "kept", "refused"}

    return Swept(done=await each_on_its_own(due, resend), more=len(due) == SENT_AT_ONCE)
