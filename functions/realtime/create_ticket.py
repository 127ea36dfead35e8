"""`POST /api/realtime/tickets`."""

from msgspec import Struct

from freehold.documents import Session
from freehold.edge import Call, endpoint
from freehold.store.tickets import LIFETIME_S, make_ticket


class NewTicket(Struct, frozen=True, kw_only=True):
    """A right to open one socket at the relay's `url`: `io(url + "/notifications", {auth: {ticket}})`, transport websocket."""

    ticket: str
    expires_in_s: int = LIFETIME_S
    url: str


@endpoint("POST /api/realtime/tickets", auth="user", status=201, idempotent=False)
async def create_ticket(call: Call) -> NewTicket:
    """Make a ticket for a socket. It is good once, for 30 s, and covers all namespaces; each new connection needs a new one."""
    session = await call.unit.require(Session, call.caller.session_id)
    ticket = await make_ticket(call.unit, session, call.caller.roles)
    return NewTicket(ticket=ticket, url=call.settings.relay_url)
