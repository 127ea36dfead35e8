"""Calling a reaction: one event, one POST, one answer; with a token that fits this call alone."""

import time
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Final

import msgspec
import urllib3
from eventlet import Timeout
from urllib3.exceptions import HTTPError

from connector.deliveries import Claim
from connector.metrics import DURATIONS
from connector.transport import SYSTEM
from connector.verdicts import Answer, Verdict, judge
from freehold.catalogue import FunctionEntry
from freehold.events import EventEnvelope
from freehold.internal_calls import CallSigner
from freehold.settings import Profile
from freehold.telemetry import tracing
from freehold.telemetry.context import HEADER, TraceContext

CONNECT_TIMEOUT_S: Final = 3.0
ANSWER_LIMIT_BYTES: Final = 65_536


class Functions:
    """The functions, as seen from here: an address, a key, and a pool of connections."""

    def __init__(
        self, *, url: str, profile: Profile, signer: CallSigner, entries: Mapping[str, FunctionEntry], connections: int
    ) -> None:
        self._url = url.rstrip("/")
        self._profile: Profile = profile
        self._signer = signer
        self._entries = entries
        self._pool = urllib3.PoolManager(maxsize=connections, block=False, retries=False)

    def timeout_s(self, reaction: str) -> float:
        """Say how long a call of this reaction may take; none at all if it is not in the catalogue."""
        entry = self._entries.get(reaction)
        return 0.0 if entry is None else entry.timeout_s

    def know(self, reaction: str) -> bool:
        """Whether the catalogue knows this reaction."""
        return reaction in self._entries

    def deliver(self, claim: Claim) -> Verdict:
        """Give a reaction its event and judge the answer. Whatever goes wrong on the way is a verdict too."""
        if claim.event is None:
            return Verdict(kind="park", error="the stored delivery holds no event")
        entry = self._entries.get(claim.due.reaction)
        if entry is None:
            return Verdict(kind="retry", error="the catalogue does not know this reaction (yet)")
        parent = TraceContext.read(claim.event.traceparent)
        with tracing.start(f"process {claim.event.type}", kind="consumer", parent=parent, attributes=_of(claim)) as span:
            began = time.monotonic()
            verdict = self._call(entry, claim.event, span.context)
            DURATIONS.labels(entry.name).observe(time.monotonic() - began)
            if verdict.kind != "done":
                span.fail(verdict.kind)
        return verdict

    def _call(self, entry: FunctionEntry, event: EventEnvelope, trace: TraceContext) -> Verdict:
        try:
            with Timeout(entry.timeout_s):
                answer = self._post(entry, event, trace)
        except Timeout:
            return Verdict(kind="retry", error=f"no answer within {entry.timeout_s:g} s")
        except (HTTPError, OSError) as error:
            return Verdict(kind="retry", error=f"no answer: {type(error).__name__}")
        return judge(answer, event.id, datetime.now(UTC))

    def _post(self, entry: FunctionEntry, event: EventEnvelope, trace: TraceContext) -> Answer:
        body = msgspec.json.encode([event])
        token = self._signer.sign(function=entry.name, method="POST", path=f"/{entry.name}", body=body)
        response = self._pool.request(
            "POST",
            f"{self._url}/function/{entry.deployed_as(self._profile)}/{entry.name}",
            body=body,
            headers={
                "Authorization": f"Bearer {token}",
                "Content-Type": "application/json",
                "X-Call-Id": event.id,
                HEADER: trace.traceparent,
            },
            timeout=urllib3.Timeout(connect=CONNECT_TIMEOUT_S, read=entry.timeout_s),
            redirect=False,
            preload_content=False,
        )
        try:
            content = response.read(ANSWER_LIMIT_BYTES + 1, decode_content=False)
        finally:
            response.close()  # an answer that was read to its end has given its connection back by now
        return Answer(status=response.status, body=content, retry_after=response.headers.get("Retry-After"))


def _of(claim: Claim) -> dict[str, str | int]:
    """Describe a try, by the conventions for messaging."""
    return {
        "messaging.system": SYSTEM, "messaging.operation.name": "process", "messaging.operation.type": "process",
        "messaging.destination.name": claim.event.type if claim.event else "", "messaging.message.id": claim.due.id,
        "messaging.consumer.group.name": claim.due.reaction, "freehold.attempt": claim.attempts,
    }  # fmt: skip
