"""Everything that is stored: document types, collection names, indexes. No I/O; the store and the connector share it."""

from freehold.documents.base import Document, Index, Instant
from freehold.documents.delivery import Delivery, InboxRow, Lease, OutboxRow, Position
from freehold.documents.hiring import Application, Job, Project
from freehold.documents.notices import Notification, RealtimeRow, Ticket
from freehold.documents.people import Session, User
from freehold.documents.requests import IdempotencyRecord
from freehold.documents.trust import Review

DOCUMENTS: tuple[type[Document], ...] = (
    User, Session, Job, Application, Project, Review, Notification, RealtimeRow, Ticket,
    OutboxRow, InboxRow, Position, Delivery, Lease, IdempotencyRecord,
)  # fmt: skip

__all__ = [
    "DOCUMENTS",
    "Application",
    "Delivery",
    "Document",
    "IdempotencyRecord",
    "InboxRow",
    "Index",
    "Instant",
    "Job",
    "Lease",
    "Notification",
    "OutboxRow",
    "Position",
    "Project",
    "RealtimeRow",
    "Review",
    "Session",
    "Ticket",
    "User",
]
