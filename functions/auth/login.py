"""`POST /api/auth/login`."""

from functools import partial
from typing import Annotated

from msgspec import Meta, Struct

from freehold.documents import User
from freehold.edge import Call, endpoint
from freehold.edge.problems import InvalidCredentials, TooManyRequests
from freehold.edge.signing_in import SECRETS, Device, EmailAddress, SignedIn, fold_email, open_session, signed_in
from freehold.store import Unit


class Credentials(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An address and a password."""

    email: EmailAddress
    password: Annotated[str, Meta(min_length=1, max_length=256)]
    device: Device = ""


@endpoint(
    "POST /api/auth/login",
    auth="anyone",
    rate="auth",
    errors=[InvalidCredentials, TooManyRequests],
    idempotent=False,
    transaction=False,
    secrets=SECRETS,
)
async def login(call: Call, body: Credentials) -> SignedIn:
    """Sign in with address and password.

    The answer, and the time it takes, is the same for a wrong address, a wrong password and a suspended account.
    """
    email = fold_email(body.email)
    call.limit("auth", email)
    user = await call.store.first(User, {"email": email})
    right = await call.services.passwords.matches(body.password, user.password_hash if user else None)
    if user is None or not right or user.suspended:
        raise InvalidCredentials

    return await call.transact(partial(_sign_in, call, user.id, body.device))


async def _sign_in(call: Call, user_id: str, device: str, unit: Unit) -> SignedIn:
    """Open a session with the rights that the person has now.

    The write to the person's document makes this meet a change of their rights at the same moment: whichever is second
    sees the first, so that no session keeps rights that were taken away.
    """
    user = await unit.require(User, user_id)
    if user.suspended:
        raise InvalidCredentials
    await unit.increment(User, user_id, {"sign_ins": 1})
    return signed_in(call, user, open_session(call, unit, user, device))
