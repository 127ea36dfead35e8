"""Steps that need the caller's password once more, though they are signed in: whoever took over a session cannot take them."""

from typing import Annotated, Final

from msgspec import Meta

from freehold.documents import User
from freehold.edge.call import Call
from freehold.edge.problems import PasswordNeeded, WrongPassword

LONGEST_PASSWORD: Final = 256

OwnPassword = Annotated[
    str, Meta(min_length=1, max_length=LONGEST_PASSWORD, description="The caller's own password, asked for once more.")
]


async def require_password(call: Call, password: str | None) -> User:
    """Return the caller's own document if this is their password.

    Counted in the class `auth`, so that it cannot be guessed here either. Raises PasswordNeeded for none, WrongPassword,
    TooManyRequests.
    """
    if password is None:
        raise PasswordNeeded
    call.limit("auth", call.caller.user_id)
    user = await call.unit.require(User, call.caller.user_id)
    if not await call.services.passwords.matches(password, user.password_hash):
        raise WrongPassword
    return user
