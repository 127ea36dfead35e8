"""`POST /api/auth/logout`."""

from freehold.documents import Session
from freehold.edge import Call, endpoint
from freehold.edge.signing_in import end_session


@endpoint("POST /api/auth/logout", auth="user", status=204, idempotent=False)
async def logout(call: Call) -> None:
    """End the session of this access token: its tokens and its live sockets."""
    session = await call.unit.require(Session, call.caller.session_id)
    await end_session(call, call.unit, session, because="signed out")
