"""What a function is given: the caller, the store or the unit of work, the clock, ids, settings, its own secrets."""

from collections.abc import Mapping
from datetime import datetime
from typing import Final, TypeVar

from msgspec import Struct

from freehold.documents import InboxRow
from freehold.edge.declare import Declaration, Rate
from freehold.edge.limits import LargeBodies, RateLimiter
from freehold.edge.passwords import PasswordHasher
from freehold.edge.sessions import Caller, SessionGate
from freehold.edge.tokens import AccessTokenVerifier
from freehold.events import EventEnvelope
from freehold.ids import Kind, new_id
from freehold.internal_calls import CallVerifier
from freehold.settings import FunctionSettings, Secret
from freehold.store import Store, Unit, Work, now
from freehold.store.fees import FeesInForce
from freehold.telemetry import tracing
from freehold.telemetry.context import TraceContext
from freehold.telemetry.readings import Readings

_TRANSACTION: Final = {"db.system.name": "mongodb", "db.operation.name": "transaction"}

R = TypeVar("R")


class AlreadyDone(Exception):  # noqa: N818 - it names what happened
    """Another call has stored this effect (an inbox row or an idempotency record stands in the way)."""


class Services:
    """What all calls of one process share."""

    def __init__(self, settings: FunctionSettings, secrets: Mapping[str, Secret]) -> None:
        self.settings = settings
        self.secrets = secrets
        self.store = Store(settings.mongodb_uri, settings.mongodb_database, connections=settings.concurrency_limit)
        self.access_tokens = AccessTokenVerifier(settings.access_token_jwks)
        self.internal_calls = CallVerifier(settings.door_jwks)
        self.sessions = SessionGate(self.store)
        self.fees = FeesInForce()
        self.passwords = PasswordHasher(threads=settings.password_threads, queue=settings.password_queue)
        self.limits: Final[dict[Rate, RateLimiter]] = {
            "read": RateLimiter(settings.rate_read_per_minute),
            "write": RateLimiter(settings.rate_write_per_minute),
            "auth": RateLimiter(settings.rate_auth_per_minute),
            "webhook": RateLimiter(settings.rate_write_per_minute),
        }
        self.large_bodies = LargeBodies(usual_bytes=settings.body_limit_bytes, at_once=settings.large_bodies_at_once)

    async def close(self) -> None:
        """Let go of the threads and the connections."""
        self.passwords.close()
        await self.store.close()


class Swept(Struct, frozen=True):
    """What a sweep did; `more` asks for another tick at once, because the batch was full. `readings` are what it measured."""

    done: int
    more: bool = False
    readings: Readings = ()


class Call:
    """One call of a function. `envelope` is set for reactions, `visitor` where a signed-in person calls."""

    def __init__(
        self,
        services: Services,
        declaration: Declaration,
        *,
        trace: TraceContext,
        visitor: Caller | None = None,
        envelope: EventEnvelope | None = None,
    ) -> None:
        self.services = services
        self.declaration = declaration
        self.trace = trace
        self.visitor = visitor
        self._envelope = envelope
        self._unit: Unit | None = None

    @property
    def settings(self) -> FunctionSettings:
        """The settings of this process."""
        return self.services.settings

    @property
    def trace_id(self) -> str:
        """The trace that this call is a part of."""
        return self.trace.trace_id

    @property
    def store(self) -> Store:
        """Reads outside of any transaction."""
        return self.services.store

    @property
    def unit(self) -> Unit:
        """The transaction of this call (writes and reactions have one, unless declared without)."""
        if self._unit is None:
            raise RuntimeError(f"{self.declaration.name} runs in no transaction of its own")
        return self._unit

    @property
    def caller(self) -> Caller:
        """The signed-in person who calls."""
        if self.visitor is None:
            raise RuntimeError(f"{self.declaration.name} is open to anyone; use `visitor`")
        return self.visitor

    @property
    def envelope(self) -> EventEnvelope:
        """The event as it travelled."""
        if self._envelope is None:
            raise RuntimeError(f"{self.declaration.name} is no reaction")
        return self._envelope

    @property
    def now(self) -> datetime:
        """The clock of this process, for records of the past; a deadline uses the database's."""
        return now()

    def new_id(self, kind: Kind) -> str:
        """Make an identifier."""
        return new_id(kind)

    def secret(self, name: str) -> Secret:
        """Give a secret that this function declared."""
        if name not in self.declaration.secrets:
            raise RuntimeError(f"{self.declaration.name} did not declare the secret {name}")
        return self.services.secrets[name]

    def limit(self, rate: Rate, key: str) -> None:
        """Count one more use of `key` in a rate class of its own name. Raises TooManyRequests."""
        self.services.limits[rate].take(f"{self.declaration.name}:{key}")

    async def transact(self, work: Work[R], *, finish: bool = False) -> R:
        """Run `work` in a transaction. `finish=True` stores the reaction's inbox row in the same one."""

        async def whole(unit: Unit) -> R:
            result = await work(unit)
            if finish:
                unit.insert(InboxRow(id=self.inbox_id, created_at=self.now), duplicate=AlreadyDone)
            return result

        with tracing.start("transaction", kind="client", parent=self.trace, attributes=_TRANSACTION) as span:
            return await self.store.transact(whole, deadline_s=self.settings.transaction_deadline_s, trace=span.context)

    async def in_own_transaction(self, work: Work[R], *, finish: bool = False) -> R:
        """Run `work` as `transact` does, with `self.unit` set to its transaction."""

        async def bound(unit: Unit) -> R:
            self._unit = unit
            try:
                return await work(unit)
            finally:
                self._unit = None

        return await self.transact(bound, finish=finish)

    @property
    def inbox_id(self) -> str:
        """What the inbox calls this event's effect by this reaction."""
        return f"{self.envelope.id}:{self.declaration.name}"
