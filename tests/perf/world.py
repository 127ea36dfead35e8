"""What a benchmark stands on: a real MongoDB, databases of the same shape for all, people, their tokens, their requests."""

import asyncio
import itertools
import json
import os
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import jwt
from jwt.algorithms import OKPAlgorithm
from msgspec import Struct

from freehold.documents import Document, Session, User
from freehold.edge.tokens import ACCESS_LIFETIME_S, ACCESS_TYPE, AUDIENCE, ISSUER
from freehold.ids import new_id
from freehold.store import Store, apply_schema, local_admin
from freehold.store.mapping import to_bson
from infra.keys import make_keys, write_secret
from infra.local import mongod
from tests.perf.content import new_jobs, stored_jobs

EMPLOYERS: Final = 400
BATCH: Final = 2_000
_numbers = itertools.count()


class World(Struct, frozen=True, kw_only=True):
    """Where everything is. `employers` have a session each, in every database."""

    folder: Path
    keys: Path
    uri: str
    employers: list[User]
    sessions: list[Session]
    largest: int = 100_000
    """How many jobs stand in the largest database that is asked."""
    databases: set[str] = set()
    known_tokens: list[str] = []
    """One of each employer, made once: so are those of people who are signed in."""

    def prepare(self, database: str, *, jobs: int) -> None:
        """Make a database with the schema, the employers and so many jobs in it."""
        local_admin.drop_database(self.uri, database)
        self.databases.add(database)
        asyncio.run(self._prepare(database, jobs))

    def token(self, number: int, *, fresh: bool = False) -> str:
        """Sign an access token of the `number`-th employer; a fresh one is like none before."""
        user, session = self.employers[number], self.sessions[number]
        now = int(time.time())
        claims = {
            "iss": ISSUER, "aud": AUDIENCE, "sub": user.id, "sid": session.id, "roles": list(user.roles),
            "ver": session.sign_in_version, "iat": now, "nbf": now, "exp": now + ACCESS_LIFETIME_S,
        }  # fmt: skip
        key = json.loads((self.keys / "access-token-key").read_text())
        claims |= {"jti": str(next(_numbers))} if fresh else {}
        headers = {"kid": key["kid"], "typ": ACCESS_TYPE}
        private: Any = OKPAlgorithm.from_jwk(key)
        return jwt.encode(claims, private, algorithm="EdDSA", headers=headers)

    def creations(self, count: int, *, fresh_tokens: bool) -> list[bytes]:
        """Make so many `POST /api/jobs`, of one employer after the other, each with a key of its own."""
        if not self.known_tokens:
            self.known_tokens.extend(self.token(number) for number in range(len(self.employers)))
        requests = []
        for number, body in zip(range(count), new_jobs(seed=next(_numbers)), strict=False):
            employer = number % len(self.employers)
            token = self.token(employer, fresh=True) if fresh_tokens else self.known_tokens[employer]
            requests.append(
                _request("POST", "/api/jobs", json.dumps(body).encode(), token, key=f"bench-{next(_numbers)}-{os.getpid()}")
            )
        return requests

    def lists(self, count: int, query: str = "") -> list[bytes]:
        """Make so many `GET /api/jobs`, as anybody."""
        return [_request("GET", f"/api/jobs{query}")] * count

    def remove(self) -> None:
        """Remove every database that was made here (a MongoDB that was given stays as it was)."""
        for database in self.databases:
            local_admin.drop_database(self.uri, database)

    async def _prepare(self, database: str, jobs: int) -> None:
        store = Store(self.uri, database, connections=4, patient=True)
        await self._insert(store, [*self.employers, *self.sessions])
        made = stored_jobs([user.id for user in self.employers])
        for begin in range(0, jobs, BATCH):
            await self._insert(store, list(itertools.islice(made, min(BATCH, jobs - begin))))
        await apply_schema(store.database)  # at the end: an index over what is there is made several times faster
        await store.close()

    @staticmethod
    async def _insert(store: Store, documents: Sequence[Document]) -> None:
        for kind in {type(document) for document in documents}:
            rows = [to_bson(document) for document in documents if type(document) is kind]
            await store.collection(kind).insert_many(rows, ordered=False)


@contextmanager
def opened(folder: Path, *, employers: int = EMPLOYERS, largest: int = 100_000) -> Iterator[World]:
    """Start the embedded MongoDB (or use MONGODB_URI), make keys and people."""
    with ExitStack() as stack:
        uri = os.environ.get("MONGODB_URI") or stack.enter_context(mongod.running(folder / "mongod")).uri
        keys = folder / "secrets"
        make_keys(keys, development=True)
        write_secret(keys / "mongodb-uri", uri)
        people = [_employer(number) for number in range(employers)]
        sessions = [_session(user) for user in people]
        yield World(folder=folder, keys=keys, uri=uri, employers=people, sessions=sessions, largest=largest)


def _employer(number: int) -> User:
    return User(
        id=new_id("usr"), email=f"employer{number}@example.org", password_hash="none", name=f"Employer {number}",
        roles=("employer",), created_at=datetime.now(UTC).replace(microsecond=0),
    )  # fmt: skip


def _session(user: User) -> Session:
    now = datetime.now(UTC).replace(microsecond=0)
    return Session(
        id=new_id("ses"), user_id=user.id, device="bench", rotated_at=now, created_at=now, expires_at=now + timedelta(days=1)
    )


def _request(method: str, path: str, body: bytes = b"", token: str | None = None, *, key: str | None = None) -> bytes:
    headers = {
        "Host": "freehold.example.org", "User-Agent": "bench", "Accept": "application/json",
        **({"Authorization": f"Bearer {token}"} if token else {}),
        **({"Idempotency-Key": key} if key else {}),
        **({"Content-Type": "application/json", "Content-Length": str(len(body))} if body else {}),
    }  # fmt: skip
    head = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    return f"{method} {path} HTTP/1.1\r\n{head}\r\n".encode() + body
