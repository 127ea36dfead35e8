"""The reaction that sends a mail."""

from freehold.edge import Call, on_event
from freehold.events import MailRequested
from freehold.mailing import account_of
from freehold.mailing.sending import send_mail as send
from freehold.store.mails import MailBusy


@on_event("mail.requested", transaction=False, secrets=["smtp_url"])
async def send_mail(call: Call, event: MailRequested) -> None:
    """Hand the mail to the SMTP server of the secret `smtp_url`, at least once; where that is `none`, keep it.

    What cannot be handed over now is taken up again by the sweep.
    """
    try:
        await send(event.mail_id, account=account_of(call.secret("smtp_url")), reads=call.store, transact=call.transact)
    except MailBusy:
        return  # somebody has it, or the sweep will
