"""`POST /api/auth/refresh-token`."""

from datetime import timedelta
from typing import Annotated

import msgspec
from msgspec import Meta, Struct

from freehold.documents import Session, User
from freehold.edge import Call, endpoint
from freehold.edge.problems import InvalidCredentials, StaleVersion
from freehold.edge.signing_in import SECRETS, Device, SignedIn, end_session, fold_device, signed_in
from freehold.edge.tokens import REFRESH_GRACE_S, RefreshToken, RefreshTokens
from freehold.store import Stale, Unit


class Refreshing(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The refresh token that was handed out last, on the device it was handed out to."""

    refresh_token: Annotated[str, Meta(max_length=200)]
    device: Device = ""


@endpoint(
    "POST /api/auth/refresh-token",
    auth="anyone",
    rate="auth",
    errors=[InvalidCredentials, StaleVersion],
    idempotent=False,
    transaction=False,
    secrets=SECRETS,
)
async def refresh_token(call: Call, body: Refreshing) -> SignedIn:
    """Exchange a refresh token for a new pair.

    A refresh token is good once. One that comes back later was stolen from somebody: the whole session ends. For
    ten seconds the same device may repeat the last one, because an answer may have been lost.
    """
    token = RefreshTokens(call.secret("refresh_token_key")).read(body.refresh_token)
    try:
        answer = await call.transact(lambda unit: _rotate(call, unit, token, fold_device(body.device)))
    except Stale:  # a twin of this call was quicker; what it left behind decides
        answer = await call.transact(lambda unit: _rotate(call, unit, token, fold_device(body.device)))
    if answer is None:
        raise InvalidCredentials("The refresh token is not valid.")
    return answer


async def _rotate(call: Call, unit: Unit, token: RefreshToken, device: str) -> SignedIn | None:
    """Give the next pair; None when there is none to give (and a reuse has ended the session)."""
    session = await unit.get(Session, token.session_id)
    if session is None or session.ended_at is not None or session.expires_at <= await unit.database_now():
        return None
    user = await unit.get(User, session.user_id)
    if user is None or user.suspended:
        return None
    if token.generation == session.generation:
        later = msgspec.structs.replace(session, generation=session.generation + 1)
        return signed_in(call, user, await unit.update(session, later, deadlines={"rotated_at": 0}))
    if await _is_repeat(unit, session, token, device):
        return signed_in(call, user, session)
    await end_session(call, unit, session, because="a refresh token was used twice")
    return None


async def _is_repeat(unit: Unit, session: Session, token: RefreshToken, device: str) -> bool:
    """Whether this is the last token once more, from the same device, within the grace."""
    if token.generation != session.generation - 1 or device != session.device:
        return False
    return await unit.database_now() - session.rotated_at <= timedelta(seconds=REFRESH_GRACE_S)
