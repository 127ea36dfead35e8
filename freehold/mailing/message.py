"""A mail as it goes over the wire: headers that nobody can add to, a stable Message-ID, and a file if there is one.

Source: RFC 5322 (Message-ID, Date), RFC 3834, section 5 (`Auto-Submitted`), RFC 2047 and 2231 by Python's `email`.
"""

from email.errors import MessageError
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from typing import Final

from freehold.documents import Mail
from freehold.domain.errors import InvalidValue
from freehold.domain.text import line

LONGEST_SUBJECT: Final = 200
PDF: Final = ("application", "pdf")


def message_of(mail: Mail, *, sender: str, recipient: str, file: tuple[str, bytes] | None = None) -> EmailMessage:
    """Make the message of a mail; `file` is the name and the bytes of a PDF. The same mail is the same message each time.

    Raises InvalidValue for an address that is none, or that would bring headers of its own.
    """
    message = EmailMessage(policy=SMTP)
    message["From"] = _address(sender)
    message["To"] = _address(recipient)
    message["Subject"] = line(mail.subject)[:LONGEST_SUBJECT]
    message["Date"] = format_datetime(mail.created_at)
    message["Message-ID"] = f"<{mail.id}@{sender.rpartition('@')[2]}>"
    message["Auto-Submitted"] = "auto-generated"
    message["Content-Language"] = mail.language
    message.set_content(mail.text)
    if file is not None:
        maintype, subtype = PDF
        message.add_attachment(file[1], maintype=maintype, subtype=subtype, filename=line(file[0]))
        message.set_boundary(f"=={mail.id}==")
    return message


def _address(text: str) -> Address:
    """Read a bare address. What `email` itself refuses (line breaks among it) is not sent to anybody."""
    try:
        return Address(addr_spec=text)
    except (ValueError, IndexError, MessageError) as error:
        raise InvalidValue("this is no address that mail can be sent to") from error
