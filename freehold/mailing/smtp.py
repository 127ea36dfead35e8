"""Handing a message to an SMTP server, over TLS, within a time. Blocking: call `send` in a thread.

The account is one secret, an address: `smtps://user:password@host:465?from=bills@example.org`, or `smtp://...:587` which must
offer STARTTLS. Without TLS (`smtp://host:25?tls=none&from=...`) only this machine is spoken to.
Source: RFC 5321 (replies), RFC 3207 (STARTTLS), RFC 8314 (implicit TLS).
"""

import smtplib
import ssl
from email.message import EmailMessage
from typing import Final, Literal
from urllib.parse import parse_qs, unquote, urlsplit

from msgspec import Struct

from freehold.settings import InvalidSettings

TIMEOUT_S: Final = 6.0
"""How long the server may be silent."""
Tls = Literal["implicit", "starttls", "none"]
NONE: Final = "none"
_PORTS: Final[dict[Tls, int]] = {"implicit": 465, "starttls": 587, "none": 25}
_THIS_MACHINE: Final = frozenset({"127.0.0.1", "::1", "localhost"})
_FOR_GOOD: Final = range(500, 600)


class MailUnavailable(Exception):  # noqa: N818 - it names what happened
    """The server cannot be reached, or wants the message later; try again."""


class MailRefused(Exception):  # noqa: N818 - it names what happened
    """The server refuses this message for good: nobody has the address, or it is not wanted."""


class SmtpAccount(Struct, frozen=True, kw_only=True):
    """Who takes our mail, and as whom we send. Its `repr` shows no password."""

    host: str
    port: int
    tls: Tls
    sender: str
    user: str | None = None
    password: str | None = None
    ca_file: str | None = None

    def __repr__(self) -> str:
        return f"SmtpAccount({self.host}:{self.port}, {self.tls})"


def account_of(url: str) -> SmtpAccount | None:
    """Read the secret `smtp_url`; None when it says NONE: then mails are kept, not sent. Raises InvalidSettings."""
    if url.strip() in {"", NONE}:
        return None
    try:
        parts = urlsplit(url.strip())
        given = parse_qs(parts.query, strict_parsing=True)
        tls: Tls = "implicit" if parts.scheme == "smtps" else "none" if given.get("tls") == ["none"] else "starttls"
        port = parts.port or _PORTS[tls]
    except ValueError as error:
        raise InvalidSettings("smtp-url: expected smtp(s)://user:password@host:port?from=address") from error
    sender = given.get("from", [""])[0]
    if parts.scheme not in {"smtp", "smtps"} or not parts.hostname or "@" not in sender:
        raise InvalidSettings("smtp-url: expected smtp(s)://user:password@host:port?from=address")
    if tls == "none" and parts.hostname not in _THIS_MACHINE:
        raise InvalidSettings("smtp-url: without TLS only this machine is spoken to")
    return SmtpAccount(
        host=parts.hostname,
        port=port,
        tls=tls,
        sender=sender,
        user=unquote(parts.username) if parts.username else None,
        password=unquote(parts.password) if parts.password else None,
        ca_file=given.get("ca_file", [None])[0],
    )


def send(account: SmtpAccount, message: EmailMessage, *, timeout_s: float = TIMEOUT_S) -> None:
    """Hand a message over. Raises MailRefused or MailUnavailable."""
    try:
        with _connected(account, timeout_s) as server:
            if account.user is not None:
                server.login(account.user, account.password or "")
            server.send_message(message)
    except smtplib.SMTPRecipientsRefused as error:
        codes = [code for code, _ in error.recipients.values()]
        raise (MailRefused if all(code in _FOR_GOOD for code in codes) else MailUnavailable)(f"recipient: {codes}") from error
    except smtplib.SMTPAuthenticationError as error:
        raise MailUnavailable(f"the account is refused: {error.smtp_code}") from error
    except smtplib.SMTPResponseException as error:
        kind = MailRefused if error.smtp_code in _FOR_GOOD else MailUnavailable
        raise kind(f"answered {error.smtp_code}") from error
    except (smtplib.SMTPException, OSError) as error:
        raise MailUnavailable(type(error).__name__) from error


def _connected(account: SmtpAccount, timeout_s: float) -> smtplib.SMTP:
    if account.tls == "implicit":
        return smtplib.SMTP_SSL(account.host, account.port, timeout=timeout_s, context=_context(account))
    server = smtplib.SMTP(account.host, account.port, timeout=timeout_s)
    if account.tls == "starttls":
        try:
            server.starttls(context=_context(account))  # raises when it is not offered: nothing goes out in the open
        except (smtplib.SMTPException, OSError):
            server.close()
            raise
    return server


def _context(account: SmtpAccount) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=account.ca_file)
