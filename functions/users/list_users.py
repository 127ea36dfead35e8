"""`GET /api/users`."""

from typing import Annotated

from msgspec import Meta

from freehold.documents import User
from freehold.documents.people import Role, Skill
from freehold.domain.text import folded
from freehold.edge import Call, endpoint
from freehold.edge.pagination import Page, PageQuery, page_of
from freehold.edge.problems import InvalidCursor
from freehold.edge.signing_in import fold_email
from freehold.views.people import UserView, private_user


class UserQuery(PageQuery, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which people; all conditions hold together."""

    role: Role | None = None
    skill: Skill | None = None
    email: Annotated[str, Meta(max_length=254, description="The whole address, whatever its case.")] | None = None
    suspended: bool | None = None


@endpoint("GET /api/users", auth="admin", errors=[InvalidCursor])
async def list_users(call: Call, query: UserQuery) -> Page[UserView]:
    """List people for an admin, the newest first."""
    users, next_cursor = await page_of(call.store, User, _filter(query), query)
    return Page([private_user(user) for user in users], next_cursor)


def _filter(query: UserQuery) -> dict[str, object]:
    conditions: dict[str, object] = {
        "roles": query.role,
        "skills_folded": None if query.skill is None else folded(query.skill),
        "email": None if query.email is None else fold_email(query.email),
        "suspended": query.suspended,
    }
    return {field: value for field, value in conditions.items() if value is not None}
