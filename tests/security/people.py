"""Who calls: people of every kind, and the ways in which a token stops being good."""

import time
from collections.abc import Mapping
from typing import Any, Final

import jwt
from jwt.algorithms import OKPAlgorithm

from tests.api import Api, Person

ROLES: Final[dict[str, tuple[str, ...]]] = {
    "client": ("employer",),
    "freelancer": ("freelancer",),
    "applicant": ("freelancer",),
    "stranger": ("employer", "freelancer"),
    "employer": ("employer",),
    "nobody": (),
    "admin": ("admin", "employer"),
}
"""The people of the world and their roles. `client` and `freelancer` work together, `applicant` has applied to the same job;
the others have nothing to do with them."""


def gathered(api: Api) -> dict[str, Person]:
    """Register all of them."""
    people = {
        name: api.admin() if "admin" in roles else api.register(roles=roles or ["employer"]) for name, roles in ROLES.items()
    }
    bare = {"$set": {"roles": []}}
    api.run(api.store.database["users"].update_one({"_id": people["nobody"].id}, bare))
    people["nobody"] = people["nobody"].signed_in_again()
    return people


def dead_tokens(person: Person) -> dict[str, str]:
    """Give access tokens of this person that were good once and are not any more."""
    ended = person.signed_in_again()
    ended.post("/api/auth/logout", status=204)
    older = person.signed_in_again()
    _change_roles_and_back(person)
    return {
        "of a session that was ended": ended.signed_in["access_token"],
        "from before the roles changed": older.signed_in["access_token"],
        "that has expired": signed(person, exp=int(time.time()) - 1),
    }


def signed(person: Person, *, headers: Mapping[str, Any] | None = None, **changed: Any) -> str:
    """Sign a token of this person's session with our own key; `changed` are claims, None leaves one out."""
    good = person.signed_in["access_token"]
    claims = {**jwt.decode(good, options={"verify_signature": False}), **changed}
    claims = {name: value for name, value in claims.items() if value is not None}
    key = OKPAlgorithm.from_jwk((person.api.keys / "access-token-key").read_text())
    return jwt.encode(claims, key, algorithm="EdDSA", headers={**jwt.get_unverified_header(good), **(headers or {})})


def renewed(person: Person) -> None:
    """Refresh a person's tokens, as a client does."""
    body = {"refresh_token": person.signed_in["refresh_token"]}
    response = person.api.call("POST", "/api/auth/refresh-token", json=body)
    assert response.status_code == 200, response.text
    person.signed_in = response.json()


def _change_roles_and_back(person: Person) -> None:
    own = [role for role in person.signed_in["roles"] if role != "admin"]
    for roles in (["employer", "freelancer"], own):
        person.put(f"/api/users/{person.id}", {"roles": roles})
        renewed(person)
