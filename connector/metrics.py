"""What the connector counts. What lies in the outbox and among the deliveries is measured (`connector.measuring`)."""

from typing import Final

from freehold.telemetry.metrics import counter, gauge, histogram

LEADS: Final = gauge("freehold_connector_leads", "Whether this process holds the dispatcher's lease")
IN_FLIGHT: Final = gauge("freehold_deliveries_in_flight", "Deliveries that this process is carrying now")
DISPATCHED: Final = counter("freehold_events_dispatched", "Events that the transport has taken in charge")
SETTLED: Final = counter("freehold_deliveries", "Tries of a delivery by what they came to", ["reaction", "outcome"])
DURATIONS: Final = histogram("freehold_delivery_duration_seconds", "How long a reaction took to answer a try", ["reaction"])
