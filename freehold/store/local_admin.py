"""Bringing up one `mongod` of our own: replica set, user. For one machine (the local run, tests, compose), never for a cluster.

Not here: starting the process (`infra.local.mongod`) and the schema (migrations).
"""

import time
from typing import Any, Final

from pymongo import MongoClient
from pymongo.errors import OperationFailure

REPLICA_SET: Final = "rs0"
_UNAUTHORIZED: Final = 13
_AUTHENTICATION_FAILED: Final = 18
_ALREADY_INITIATED: Final = 23
_NOT_YET_READ: Final = 94
"""A server that has just started has not read its replica set's configuration yet."""

Client = MongoClient[dict[str, Any]]


class NotOurDatabase(Exception):  # noqa: N818 - the name says what it is
    """The database was set up by somebody else: our user cannot sign in."""


def set_up(*, port: int, user: str, password: str, deadline_s: float, host: str = "127.0.0.1") -> None:
    """Make the `mongod` on 127.0.0.1:`port` a replica set of one with this user, from whatever step it was left at.

    Its clients will look for it at `host`. Raises NotOurDatabase when it belongs to another user, TimeoutError when it does
    not become writable in time.
    """
    give_up_at = time.monotonic() + deadline_s
    with _client(port) as anyone:
        while not (hello := anyone.admin.command("hello"))["isWritablePrimary"]:
            if time.monotonic() > give_up_at:
                raise TimeoutError(f"the database on port {port} did not become writable within {deadline_s:g} s")
            if "setName" not in hello:
                _join(anyone, port=port, user=user, password=password, host=host)
            time.sleep(0.02)
        _make_user(anyone, user, password)
    with _client(port, user, password) as ours:
        try:
            ours.admin.command("ping")
        except OperationFailure as error:
            raise NotOurDatabase(str(error)) from error


def drop_database(uri: str, name: str) -> None:
    """Remove one database with all that is in it."""
    with MongoClient[dict[str, Any]](uri) as client:
        client.drop_database(name)


def _client(port: int, user: str | None = None, password: str | None = None) -> Client:
    """Make a throw-away client that talks to this server alone, whatever it says of its replica set."""
    return MongoClient(
        "127.0.0.1", port, username=user, password=password, directConnection=True, serverSelectionTimeoutMS=5_000
    )


def _configuration(host: str, port: int) -> dict[str, Any]:
    return {"_id": REPLICA_SET, "members": [{"_id": 0, "host": f"{host}:{port}"}]}


def _join(anyone: Client, *, port: int, user: str, password: str, host: str) -> None:
    """Make the server a member of its own replica set: initiate a new one, or tell a known one its new port."""
    with _client(port, user, password) as ours:
        try:
            configuration = ours.admin.command("replSetGetConfig")["config"]
        except OperationFailure as error:
            if error.code == _NOT_YET_READ:
                return
            if error.code != _AUTHENTICATION_FAILED:
                raise
        else:
            changed = {**configuration, **_configuration(host, port), "version": configuration["version"] + 1}
            ours.admin.command("replSetReconfig", changed, force=True)
            return
    try:
        anyone.admin.command("replSetInitiate", _configuration(host, port))
    except OperationFailure as error:
        if error.code != _ALREADY_INITIATED:
            raise NotOurDatabase(str(error)) from error


def _make_user(anyone: Client, user: str, password: str) -> None:
    """Make the first user, which MongoDB allows without signing in from this machine as long as there is none."""
    try:
        anyone.admin.command("createUser", user, pwd=password, roles=["root"])
    except OperationFailure as error:
        if error.code != _UNAUTHORIZED:
            raise
