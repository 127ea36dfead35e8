"""The connector's two nameko services. They carry; what they carry means nothing to them."""

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


class Deliver:
    """Transport to function."""

    name = "deliver"
    parts: Parts = PartsProvider()

    @on_delivery()  # type: ignore[untyped-decorator]
    def deliver(self, claim: Claim) -> Verdict:
        """Call the reaction. A delivery whose earlier attempts all ended its caller is given up without another one."""
        if claim.attempts > self.parts.patience.max_attempts:
            return Verdict(kind="park", error=f"given up: {claim.attempts - 1} attempts, of which the last never ended")
        return self.parts.functions.deliver(claim)
