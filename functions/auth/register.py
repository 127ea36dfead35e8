"""`POST /api/auth/register`."""

from typing import Annotated, Literal

from msgspec import Meta, Struct

from freehold.documents import User
from freehold.domain.text import line, required_text
from freehold.edge import Call, endpoint
from freehold.edge.passwords import refuse_weak
from freehold.edge.problems import EmailTaken, TooManyRequests
from freehold.edge.signing_in import SECRETS, Device, EmailAddress, SignedIn, fold_email, open_session, signed_in
from freehold.events import UserRegistered
from freehold.store import Unit


class NewUser(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An account to be made. One person may be freelancer and employer at once."""

    email: EmailAddress
    password: Annotated[str, Meta(min_length=10, max_length=256)]
    name: Annotated[str, required_text(100)]
    roles: Annotated[tuple[Literal["freelancer", "employer"], ...], Meta(min_length=1, max_length=2)]
    device: Device = ""


@endpoint(
    "POST /api/auth/register",
    auth="anyone",
    status=201,
    rate="auth",
    errors=[EmailTaken, TooManyRequests],
    idempotent=False,
    transaction=False,
    secrets=SECRETS,
)
async def register(call: Call, body: NewUser) -> SignedIn:
    """Make an account and sign it in.

    Passwords that would be guessed soon are refused. Raises EmailTaken when there is an account with this address.
    """
    email = fold_email(body.email)
    call.limit("auth", email)
    refuse_weak(body.password, own_words=[email, body.name])
    user = User(
        id=call.new_id("usr"),
        email=email,
        password_hash=await call.services.passwords.hash(body.password),
        name=line(body.name),
        roles=tuple(sorted(set(body.roles))),
        created_at=call.now,
    )

    async def work(unit: Unit) -> SignedIn:
        unit.insert(user, duplicate=EmailTaken)
        unit.emit(UserRegistered(user_id=user.id), user)
        return signed_in(call, user, open_session(call, unit, user, body.device))

    return await call.transact(work)
