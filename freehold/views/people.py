"""A person, as others see them and as they see themselves."""

from msgspec import UNSET, Struct, UnsetType

from freehold.documents import Instant, User
from freehold.documents.people import Profile, Rating, Role


class UserView(Struct, frozen=True, kw_only=True):
    """A person. `email`, `suspended` and `version` are there for the person and for admins only."""

    id: str
    name: str
    roles: tuple[Role, ...]
    profile: Profile
    rating: Rating
    created_at: Instant
    email: str | UnsetType = UNSET
    suspended: bool | UnsetType = UNSET
    version: int | UnsetType = UNSET


def public_user(user: User) -> UserView:
    """Show a person to anybody; who is an admin is not for everybody to know."""
    return UserView(
        id=user.id,
        name=user.name,
        roles=tuple(role for role in user.roles if role != "admin"),
        profile=user.profile,
        rating=user.rating,
        created_at=user.created_at,
    )


def private_user(user: User) -> UserView:
    """Show a person to themselves, or to an admin."""
    return UserView(
        id=user.id,
        name=user.name,
        roles=user.roles,
        profile=user.profile,
        rating=user.rating,
        created_at=user.created_at,
        email=user.email,
        suspended=user.suspended,
        version=user.version,
    )
