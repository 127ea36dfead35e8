"""Every event, once: its type, its version, its payload. AsyncAPI, reactions and the relay's payloads come from here.

An event says what happened, in the past tense. Its body tolerates new fields, because functions are deployed one by one.
Events that ask the outside for something (`payment.transfer_requested`) are commands; one reaction carries each out.
Each module here holds the events of one part of the product; all of them are imported here, so that `all_events` knows them.
"""

from freehold.events.event import (
    Event,
    EventEnvelope,
    all_events,
    body_of,
)
from freehold.events.hiring import (
    ApplicationAccepted,
    ApplicationChanged,
    ApplicationDeclined,
    ApplicationSubmitted,
    ApplicationWithdrawn,
    JobClosed,
    JobPosted,
    ProjectCompleted,
    ReviewPublished,
    UserRegistered,
)
from freehold.events.milestones import (
    MilestoneCancelled,
    MilestoneChanged,
    MilestoneChangesRequested,
    MilestoneCreated,
    MilestoneEdited,
    MilestoneFunded,
    MilestoneFundingStarted,
    MilestonePaymentRefused,
    MilestonePayoutBlocked,
    MilestoneRefundBlocked,
    MilestoneRefunded,
    MilestoneRefundStarted,
    MilestoneReleased,
    MilestoneReleaseStarted,
    MilestoneStepped,
    MilestoneSubmitted,
)
from freehold.events.payments import (
    PaymentCancelRequested,
    PaymentCommanded,
    PaymentFundRequested,
    PaymentRefundRequested,
    PaymentTransferRequested,
)

__all__ = [
    "ApplicationAccepted",
    "ApplicationChanged",
    "ApplicationDeclined",
    "ApplicationSubmitted",
    "ApplicationWithdrawn",
    "Event",
    "EventEnvelope",
    "JobClosed",
    "JobPosted",
    "MilestoneCancelled",
    "MilestoneChanged",
    "MilestoneChangesRequested",
    "MilestoneCreated",
    "MilestoneEdited",
    "MilestoneFunded",
    "MilestoneFundingStarted",
    "MilestonePaymentRefused",
    "MilestonePayoutBlocked",
    "MilestoneRefundBlocked",
    "MilestoneRefundStarted",
    "MilestoneRefunded",
    "MilestoneReleaseStarted",
    "MilestoneReleased",
    "MilestoneStepped",
    "MilestoneSubmitted",
    "PaymentCancelRequested",
    "PaymentCommanded",
    "PaymentFundRequested",
    "PaymentRefundRequested",
    "PaymentTransferRequested",
    "ProjectCompleted",
    "ReviewPublished",
    "UserRegistered",
    "all_events",
    "body_of",
]
