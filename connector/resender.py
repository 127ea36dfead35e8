"""The resender: stored deliveries that are due (a pause is over, or an admin wants one again) go to their queues.

It claims each one as the transport without a broker does, so the message carries a fence, and whatever an earlier message
of the same delivery comes to is found out. Works only while this process leads.
"""

import structlog

from connector.calls import Functions
from connector.deliveries import Claim, Deliveries
from connector.exchange import Exchange
from connector.lanes import Due
from connector.lease import Leadership
from connector.settling import Settling
from connector.transport import REFUSED_S
from freehold.settings import ConnectorSettings

log = structlog.get_logger()


class Resender:
    """Takes a batch each turn. What has no outcome after `reconcile_after_s` may be sent again."""

    def __init__(
        self, exchange: Exchange, leadership: Leadership, settling: Settling, functions: Functions, settings: ConnectorSettings
    ) -> None:
        self._exchange = exchange
        self._leadership = leadership
        self._settling = settling
        self._functions = functions
        self._batch = settings.dispatch_batch
        self._keep_s = settings.reconcile_after_s

    @property
    def _deliveries(self) -> Deliveries:
        return self._settling.deliveries

    def turn(self) -> bool:
        """Send one batch again. Returns True when there may be more at once."""
        if self._leadership.held is None:
            return False
        due = self._due()
        if not due or not self._exchange.is_reachable():
            return False
        claims = [claim for each in due if (claim := self._deliveries.claim(each, self._keep_s)) is not None]
        sendable = [claim for claim in claims if not self._settle_hopeless(claim)]
        taken = self._send(sendable)
        return len(due) >= self._batch and (taken > 0 or len(sendable) < len(claims))

    def _due(self) -> list[Due]:
        """Find what waits, and what was sent long ago to a queue that is empty by now."""
        waiting = self._deliveries.due(limit=self._batch, without=(), states=("waiting",))
        if waiting or not self._deliveries.due(limit=1, without=(), states=("claimed",)):
            return waiting
        return self._deliveries.due(limit=self._batch, without=tuple(self._exchange.busy()), states=("claimed",))

    def _settle_hopeless(self, claim: Claim) -> bool:
        """Settle at once what no queue takes: a delivery without an event, or of a reaction that no catalogue knows."""
        if claim.event is not None and self._functions.know(claim.due.reaction):
            return False
        self._settling.settle(claim, self._functions.deliver(claim))
        return True

    def _send(self, claims: list[Claim]) -> int:
        """Send claims, and hand back what was not taken: what got a no for a while. Returns how many were taken."""
        taken = self._exchange.resend(claims)
        denied = self._exchange.denied
        for claim in claims:
            if claim.id not in taken:
                self._deliveries.hand_back(claim, REFUSED_S if claim.id in denied else 0.0)
        if taken:
            log.debug("deliveries_resent", count=len(taken))
        return len(taken)
