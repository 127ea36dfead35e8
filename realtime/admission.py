"""Letting people in: a ticket is taken, and its session must still be good. No rule of who a person is stands here."""

from typing import Annotated, Any, Final

import msgspec
from msgspec import Meta, Struct

from freehold.documents import Ticket
from freehold.store import Store
from freehold.store.tickets import LONGEST_TICKET, good_sessions, take_ticket


class Refusal(Struct, frozen=True):
    """Why a CONNECT is answered by an error: `code` for programs, `message` for people."""

    code: str
    message: str


TICKET_MISSING: Final = Refusal("ticket_missing", "Connect with auth {ticket: ...}; POST /api/realtime/tickets makes a ticket.")
TICKET_INVALID: Final = Refusal("ticket_invalid", "The ticket is unknown, used or expired; ask for a new one.")
SESSION_OVER: Final = Refusal("session_over", "The session has ended or its rights have changed; sign in or refresh again.")
TOO_MANY_CONNECTIONS: Final = Refusal("too_many_connections", "This person has too many open connections.")


class Auth(Struct, frozen=True):
    """What a client gives with its CONNECT. Libraries add fields of their own."""

    ticket: Annotated[str, Meta(min_length=1, max_length=LONGEST_TICKET)]


async def check_in(store: Store, auth: dict[str, Any]) -> Ticket | Refusal:
    """Take the ticket of a CONNECT and look at its session. A refused ticket is used up all the same."""
    try:
        given = msgspec.convert(auth, Auth)
    except msgspec.ValidationError:
        return TICKET_INVALID if "ticket" in auth else TICKET_MISSING
    ticket = await take_ticket(store, given.ticket)
    if ticket is None:
        return TICKET_INVALID
    good = await good_sessions(store, (ticket.session_id,))
    return ticket if good.get(ticket.session_id) == ticket.sign_in_version else SESSION_OVER
