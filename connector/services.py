"""The connector's nameko services. They carry; what they carry means nothing to them."""

from connector.consuming import on_message
from connector.deliveries import Claim
from connector.entrypoints import PartsProvider, on_delivery, repeatedly
from connector.parts import Parts
from connector.verdicts import Verdict
from freehold.documents import OutboxRow


class Dispatch:
    """Outbox to transport, while this process leads."""

    name = "dispatch"
    parts: Parts = PartsProvider()

    @repeatedly("dispatch", woken_by=OutboxRow)  # type: ignore[untyped-decorator] # nameko has no types
    def dispatch(self) -> bool:
        """Send one batch."""
        return self.parts.loops["dispatch"].take_turn(self.parts.dispatcher.turn)

    @repeatedly("reconcile")  # type: ignore[untyped-decorator]
    def reconcile(self) -> bool:
        """Send again what has gone missing."""
        return self.parts.loops["reconcile"].take_turn(self.parts.reconciler.turn)

    @repeatedly("measure")  # type: ignore[untyped-decorator]
    def measure(self) -> bool:
        """Measure what waits."""
        return self.parts.loops["measure"].take_turn(self.parts.measuring.turn)


class Resend:
    """Stored deliveries that are due, to the broker, while this process leads."""

    name = "resend"
    parts: Parts = PartsProvider()

    @repeatedly("resend")  # type: ignore[untyped-decorator]
    def resend(self) -> bool:
        """Send one batch again."""
        broker = self.parts.broker
        return broker is not None and self.parts.loops["resend"].take_turn(broker.resender.turn)


class _Delivering:
    name = "deliver"
    parts: Parts = PartsProvider()

    def call(self, claim: Claim) -> Verdict:
        """Call the reaction. A delivery whose earlier attempts all ended its caller is given up without another one."""
        if claim.attempts > self.parts.settling.patience.max_attempts:
            return Verdict(kind="park", error=f"given up: {claim.attempts - 1} attempts, of which the last never ended")
        return self.parts.functions.deliver(claim)


class Deliver(_Delivering):
    """From MongoDB to function."""

    @on_delivery()  # type: ignore[untyped-decorator]
    def deliver(self, claim: Claim) -> Verdict:
        """Deliver what was claimed."""
        return self.call(claim)


class Consume(_Delivering):
    """From RabbitMQ to function."""

    @on_message()  # type: ignore[untyped-decorator]
    def deliver(self, claim: Claim) -> Verdict:
        """Deliver what a message holds."""
        return self.call(claim)


def services_of(parts: Parts) -> tuple[type, ...]:
    """Choose what runs: MongoDB alone carries the events, or RabbitMQ does."""
    return (Dispatch, Deliver) if parts.broker is None else (Dispatch, Resend, Consume)
