"""What a try came to, stored and said: the one place where a verdict becomes a delivery's next state."""

from collections.abc import Callable

import structlog
from msgspec import Struct

from connector import metrics
from connector.deliveries import Claim, Deliveries
from connector.verdicts import Patience, Verdict, next_step

log = structlog.get_logger()


class Settling(Struct, frozen=True, kw_only=True):
    """Where outcomes are stored, and how patient we are. `jitter` gives numbers in [0, 1)."""

    deliveries: Deliveries
    patience: Patience
    jitter: Callable[[], float]

    def settle(self, claim: Claim, verdict: Verdict) -> None:
        """Store it, unless somebody else has settled this delivery by now."""
        step = next_step(verdict, attempts=claim.attempts, patience=self.patience, jitter=self.jitter())
        ours = self.deliveries.settle(claim, step)
        metrics.SETTLED.labels(claim.due.reaction, step.kind if ours else "fenced").inc()
        ids = ids_of(claim)
        if not ours:
            log.warning("delivery_fenced", fence=claim.fence, **ids)
        elif step.kind == "done":
            log.info("event_delivered", **ids)
        elif step.kind == "park":
            log.error("delivery_parked", error=step.error, **ids)
        else:
            log.warning("delivery_delayed", error=step.error, delay_s=round(step.delay_s, 3), **ids)


def ids_of(claim: Claim) -> dict[str, object]:
    """Say in a log which try it is."""
    return {
        "event_id": claim.due.id.partition(":")[0], "reaction": claim.due.reaction, "attempts": claim.attempts,
        "trace_id": claim.event.trace_id if claim.event else None,
    }  # fmt: skip
