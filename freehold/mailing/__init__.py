"""Mail to people: a message out of a stored mail, and the way over SMTP to whoever delivers it.

What is to be sent is stored first, with the change that wants it, and sent by a reaction: at least once, with a Message-ID that
stays the same. Any part of the product sends by `freehold.store.mails.post`.
"""

from freehold.mailing.message import message_of
from freehold.mailing.smtp import MailRefused, MailUnavailable, SmtpAccount, account_of, send

__all__ = ["MailRefused", "MailUnavailable", "SmtpAccount", "account_of", "message_of", "send"]
