"""`GET /api/users/{id}`."""

from freehold.documents import User
from freehold.edge import Call, endpoint
from freehold.edge.problems import NotFound
from freehold.ids import UserPath
from freehold.views.people import UserView, private_user, public_user


@endpoint("GET /api/users/{id}", auth="anyone", errors=[NotFound])
async def get_user(call: Call, path: UserPath) -> UserView:
    """Read somebody's profile. The e-mail address is shown to the person and to admins only."""
    user = await call.store.require(User, path.id)
    visitor = call.visitor
    if visitor is not None and (visitor.user_id == user.id or visitor.has_role("admin")):
        return private_user(user)
    return public_user(user)
