"""A real SMTP server on this machine, which keeps what it is given, and can be told to refuse."""

import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any, Literal

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

ACCOUNT = ("bills", "pa:ss/word")


@dataclass
class Postbox:
    """What has come in. `answers` are given to the next messages instead of taking them."""

    port: int = 0
    messages: list[EmailMessage] = field(default_factory=list)
    answers: list[str] = field(default_factory=list)
    envelopes: list[tuple[str, list[str]]] = field(default_factory=list)
    ciphers: list[Any] = field(default_factory=list)

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802, ARG002 - aiosmtpd's
        """Take a message, or answer what was asked for."""
        if self.answers:
            return self.answers.pop(0)
        self.envelopes.append((str(envelope.mail_from), list(envelope.rcpt_tos)))
        self.messages.append(message_from_bytes(envelope.content, policy=policy.default))  # type: ignore[arg-type]
        self.ciphers.append(session.ssl)
        return "250 taken"


class _OnAnyPort(Controller):
    """Ask the system for a port, and tell which one it is."""

    @property
    def bound_port(self) -> int:
        assert self.server is not None
        return int(self.server.sockets[0].getsockname()[1])

    def _trigger_server(self) -> None:
        self.port = self.bound_port
        super()._trigger_server()


@contextmanager
def smtp_server(
    *, tls: Literal["none", "starttls", "implicit"] = "none", certificate: tuple[Path, Path] | None = None, login: bool = False
) -> Iterator[Postbox]:
    """Run a server; with `login` it takes mail from ACCOUNT alone."""
    box = Postbox()
    options: dict[str, Any] = {}
    if certificate is not None:
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(*certificate)
        options |= {"ssl_context": context} if tls == "implicit" else {"tls_context": context, "require_starttls": True}
    if login:
        options |= {"authenticator": _only_our_account, "auth_required": True, "auth_require_tls": tls == "starttls"}
    controller = _OnAnyPort(box, hostname="127.0.0.1", port=0, **options)
    controller.start()
    box.port = controller.bound_port
    try:
        yield box
    finally:
        controller.stop()


def _only_our_account(_server: SMTP, _session: Session, _envelope: Envelope, _mechanism: str, given: Any) -> AuthResult:
    user, password = ACCOUNT
    right = isinstance(given, LoginPassword) and (given.login, given.password) == (user.encode(), password.encode())
    return AuthResult(success=right, handled=False)
