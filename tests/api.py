"""An API client inside the test's process: real functions, the real MongoDB, no sockets.

    with Api.opened(mongodb_uri, database, keys) as api:
        ada = api.register(roles=["employer"])
        job = ada.post("/api/jobs", {...}, status=201)

Everything runs on one event loop of its own; `api.run(coroutine)` uses the same loop.
"""

import asyncio
import itertools
import secrets
from collections.abc import Coroutine, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import httpx
import msgspec

from freehold import settings
from freehold.edge.app import FunctionApp
from freehold.edge.declare import Declaration
from freehold.edge.discovery import find_all
from freehold.events import EventEnvelope
from freehold.internal_calls import CallSigner
from freehold.settings import FunctionSettings
from freehold.store import Store
from tests.ledgers import prepare

T = TypeVar("T")
PASSWORD = "correct horse battery staple"
_numbers = itertools.count()


class Api:
    """All functions (or those named) behind an in-process client."""

    def __init__(self, app: FunctionApp, loop: asyncio.AbstractEventLoop, keys: Path) -> None:
        self.app = app
        self._loop = loop
        self.keys = keys
        self.client = httpx.AsyncClient(transport=httpx.ASGITransport(app, raise_app_exceptions=True), base_url="http://api")

    @classmethod
    @contextmanager
    def opened(
        cls, mongodb_uri: str, database: str, keys: Path, functions: Sequence[Declaration] | None = None, **overrides: str
    ) -> Iterator["Api"]:
        """Open the app over `database`, with all functions or these; `overrides` are settings by their field names."""
        environ = {
            "FREEHOLD_SECRETS": str(keys),
            "FREEHOLD_ENVIRONMENT": "sandbox",
            "FREEHOLD_MONGODB_DATABASE": database,
            "FREEHOLD_INSPECTION_FLOOR_S": "1",
            "FREEHOLD_REQUEST_TIMEOUT_S": "60",
            "FREEHOLD_RATE_AUTH_PER_MINUTE": "10000",
            "FREEHOLD_RATE_WRITE_PER_MINUTE": "100000",
            "FREEHOLD_RATE_READ_PER_MINUTE": "100000",
            **{f"FREEHOLD_{name.upper()}": value for name, value in overrides.items()},
        }
        declarations = functions if functions is not None else find_all()
        secret_names = {name for item in declarations for name in item.secrets}
        app = FunctionApp(
            lambda: declarations, settings.load(FunctionSettings, environ), settings.load_secrets(secret_names, environ)
        )
        loop = asyncio.new_event_loop()
        try:
            loop.run_until_complete(prepare(mongodb_uri, database))
            loop.run_until_complete(app.open())
            api = cls(app, loop, keys)
            yield api
            loop.run_until_complete(api.client.aclose())
            loop.run_until_complete(app.close())
        finally:
            loop.close()

    @property
    def store(self) -> Store:
        """The app's store, for looking at what was stored."""
        return self.app.services.store

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Run a coroutine on the app's loop."""
        return self._loop.run_until_complete(work)

    def call(self, method: str, path: str, **options: Any) -> httpx.Response:
        """Make one raw request."""
        return self.run(self.client.request(method, path, **options))

    def register(self, *, roles: Sequence[str] = ("freelancer",), name: str = "Ada Test", **fields: Any) -> "Person":
        """Register somebody new through the API."""
        email = fields.pop("email", None) or f"person{next(_numbers)}-{secrets.token_hex(4)}@example.org"
        body = {"email": email, "password": PASSWORD, "name": name, "roles": list(roles), **fields}
        response = self.call("POST", "/api/auth/register", json=body)
        assert response.status_code == 201, response.text
        return Person(self, email, response.json())

    def admin(self) -> "Person":
        """Give an admin: registered, then given the role in the database, as the operator's command does."""
        return self.made_admin(self.register(roles=["employer"], name="Root Test"))

    def made_admin(self, person: "Person") -> "Person":
        """Give somebody the role of an operator beside those that they have, and sign them in again."""
        roles = [{"$set": {"roles": {"$concatArrays": [["admin"], "$roles"]}}}]
        self.run(self.store.database["users"].update_one({"_id": person.id}, roles))
        return person.signed_in_again()

    def deliver(self, name: str, event: EventEnvelope) -> httpx.Response:
        """Carry one event to a reaction, as the connector does."""
        return self.run(self.delivery(name, event))

    def tick(self, name: str) -> httpx.Response:
        """Tick a sweep, as the scheduler does."""
        return self.run(self.ticking(name))

    async def delivery(self, name: str, event: EventEnvelope) -> httpx.Response:
        """Carry one event to a reaction, beside other calls."""
        return await self._internal("connector", name, msgspec.json.encode([event]))

    async def ticking(self, name: str) -> httpx.Response:
        """Tick a sweep, beside other calls."""
        return await self._internal("scheduler", name, b"{}")

    def drain(self, name: str) -> None:
        """Tick a sweep until nothing is due that other tests left behind."""
        while self.tick(name).json()["done"]:
            pass

    def settle(self, *, rounds: int = 20) -> int:
        """Carry every unsent event to all of its reactions until there are none, as the connector would. Returns how many."""
        carried = 0
        for _ in range(rounds):
            rows = self.run(self.store.database["outbox"].find({"sent": None}).sort("_id", 1).to_list())
            if not rows:
                return carried
            for row in rows:
                self._carry(row)
                carried += 1
        raise AssertionError("events without end")

    def _carry(self, row: dict[str, Any]) -> None:
        event = msgspec.convert({**row, "id": row["_id"]}, EventEnvelope)
        for reaction in self._reactions(event.type):
            response = self.deliver(reaction.name, event)
            assert response.status_code == 200, (reaction.name, response.text)
        self.run(self.store.database["outbox"].update_one({"_id": event.id}, {"$currentDate": {"sent": True}}))

    def _reactions(self, event_type: str) -> list[Declaration]:
        return [item for item in self.app.internal.values() if event_type in item.events]

    async def _internal(self, door: str, name: str, body: bytes) -> httpx.Response:
        signer = CallSigner.from_jwk((self.keys / f"{door}-call-key").read_text())
        token = signer.sign(function=name, method="POST", path=f"/{name}", body=body)
        return await self.client.post(f"/{name}", content=body, headers={"Authorization": f"Bearer {token}"})


class Person:
    """Somebody signed in."""

    def __init__(self, api: Api, email: str, signed_in: dict[str, Any]) -> None:
        self.api = api
        self.email = email
        self.id: str = signed_in["user_id"]
        self.signed_in = signed_in

    @property
    def headers(self) -> dict[str, str]:
        """What authorises this person's calls."""
        return {"Authorization": f"Bearer {self.signed_in['access_token']}"}

    def signed_in_again(self) -> "Person":
        """Log in anew (another session)."""
        response = self.api.call("POST", "/api/auth/login", json={"email": self.email, "password": PASSWORD})
        assert response.status_code == 200, response.text
        return Person(self.api, self.email, response.json())

    def call(self, method: str, path: str, body: Any = None, *, key: str | None = None, **options: Any) -> httpx.Response:
        """Make a request as this person."""
        headers = {**self.headers, **({"Idempotency-Key": key} if key else {}), **options.pop("headers", {})}
        sent = {"json": body} if body is not None else {}
        return self.api.call(method, path, headers=headers, **sent, **options)

    def get(self, path: str, *, status: int = 200) -> Any:
        """GET, check the status, give the JSON."""
        return self._checked(self.call("GET", path), status)

    def post(self, path: str, body: Any = None, *, status: int = 201, key: str | None = None) -> Any:
        """POST, check the status, give the JSON."""
        return self._checked(self.call("POST", path, body, key=key), status)

    def put(self, path: str, body: Any, *, status: int = 200, key: str | None = None) -> Any:
        """PUT, check the status, give the JSON."""
        return self._checked(self.call("PUT", path, body, key=key), status)

    def delete(self, path: str, *, status: int = 204) -> Any:
        """DELETE, check the status, give the JSON if there is any."""
        return self._checked(self.call("DELETE", path), status)

    @staticmethod
    def _checked(response: httpx.Response, status: int) -> Any:
        assert response.status_code == status, f"{response.status_code}: {response.text}"
        return response.json() if response.content else None
