"""Opening a session and handing out its tokens: what registering, logging in and refreshing share."""

import hashlib
from datetime import timedelta
from typing import Annotated, Final

import msgspec
from msgspec import Meta, Struct

from freehold.documents import Session, User
from freehold.edge.call import Call
from freehold.edge.tokens import ACCESS_LIFETIME_S, REFRESH_LIFETIME_S, AccessTokenSigner, RefreshToken, RefreshTokens
from freehold.store import Unit

SECRETS: Final = ("access_token_key", "refresh_token_key")
LONGEST_DEVICE: Final = 100

EmailAddress = Annotated[
    str, Meta(min_length=3, max_length=254, pattern=r"^[^@\s\x00-\x1f]{1,64}@[^@\s\x00-\x1f]+\.[^@\s\x00-\x1f.]+$(?!\n)")
]
Device = Annotated[str, Meta(max_length=LONGEST_DEVICE, description="A name for this device, chosen by the client.")]


class SignedIn(Struct, frozen=True, kw_only=True):
    """A session's tokens. Send the access token as `Authorization: Bearer`; keep the refresh token secret."""

    user_id: str
    name: str
    roles: tuple[str, ...]
    access_token: str
    expires_in_s: int
    refresh_token: str


def open_session(call: Call, unit: Unit, user: User, device: str) -> Session:
    """Start a session for a person on one device."""
    session = Session(
        id=call.new_id("ses"),
        user_id=user.id,
        device=fold_device(device),
        rotated_at=call.now,
        created_at=call.now,
        expires_at=call.now + timedelta(seconds=REFRESH_LIFETIME_S),
    )
    unit.insert(session)
    return session


def signed_in(call: Call, user: User, session: Session) -> SignedIn:
    """Make the tokens that stand for this state of a session."""
    signer = AccessTokenSigner(call.secret("access_token_key"))
    token = signer.sign(user_id=user.id, session_id=session.id, roles=user.roles, sign_in_version=session.sign_in_version)
    refresh = RefreshTokens(call.secret("refresh_token_key"))
    return SignedIn(
        user_id=user.id,
        name=user.name,
        roles=user.roles,
        access_token=token,
        expires_in_s=ACCESS_LIFETIME_S,
        refresh_token=refresh.make(RefreshToken(session_id=session.id, generation=session.generation)),
    )


async def end_session(call: Call, unit: Unit, session: Session, *, because: str) -> None:
    """End a session: its refresh tokens at once, its access tokens and sockets within 5 s."""
    await unit.update(session, msgspec.structs.replace(session, ended_at=call.now, ended_because=because))


def fold_email(email: str) -> str:
    """Normalise an address for comparing: trimmed, lower case."""
    return email.strip().lower()


def fold_device(device: str) -> str:
    """Make a device's name short and opaque."""
    return hashlib.sha256(device.encode()).hexdigest()[:16]
