"""Everything that is stored: document types, collection names, indexes. No I/O; the store and the connector share it."""

from freehold.documents.argued import NO_FILES, Argued
from freehold.documents.delivery import Delivery, InboxRow, Lease, OutboxRow, Position
from freehold.documents.disputes import Dispute, MediatorNote, StepTaken
from freehold.documents.document import Document, Index, Instant, Version
from freehold.documents.files import FileChunk, Received, StoredFile
from freehold.documents.gateway_books import GatewayObject
from freehold.documents.gateways import GatewayOffer
from freehold.documents.hiring import Application, Job, Project
from freehold.documents.hours import TimeEntry, WorkWeek
from freehold.documents.invoices import Invoice, InvoicePaper, InvoiceSeries, Mail, TaxProfile, WaitingInvoicing
from freehold.documents.money import Command, Journal
from freehold.documents.notices import Notification, RealtimeRow, Ticket
from freehold.documents.operations import Adjustment, FeeScheduleChange, HandRefund, Withdrawals
from freehold.documents.payouts import FxQuote, PayeeProfile, PaymentMethod, PayoutAccount, PayoutHold
from freehold.documents.people import Session, User
from freehold.documents.proof import LiabilityStatement, LogHead, LogLeaf, OwedLeaf, PendingLeaf
from freehold.documents.reconciliation import Reconciliation
from freehold.documents.requests import IdempotencyRecord
from freehold.documents.restoration import Restoration
from freehold.documents.sandbox import SandboxAccount, SandboxNotice, SandboxObject, SandboxSecret
from freehold.documents.trust import Review
from freehold.documents.webhooks import Webhook
from freehold.documents.work import Milestone

DOCUMENTS: tuple[type[Document], ...] = (
    User, Session, Job, Application, Project, Milestone, Review, Notification, RealtimeRow, Ticket,
    Invoice, InvoicePaper, InvoiceSeries, TaxProfile, WaitingInvoicing, Mail,
    Journal, PendingLeaf, LogLeaf, LogHead, LiabilityStatement, OwedLeaf,
    Command, GatewayOffer, GatewayObject, Webhook, Reconciliation, PaymentMethod, PayeeProfile,
    SandboxObject, SandboxAccount, SandboxNotice, SandboxSecret, TimeEntry, WorkWeek,
    FxQuote, FeeScheduleChange, Adjustment, HandRefund, Withdrawals,
    Dispute, StoredFile, FileChunk,
    OutboxRow, InboxRow, Position, Delivery, Lease, IdempotencyRecord, Restoration,
)  # fmt: skip

__all__ = [
    "DOCUMENTS",
    "NO_FILES",
    "Adjustment",
    "Application",
    "Argued",
    "Command",
    "Delivery",
    "Dispute",
    "Document",
    "FeeScheduleChange",
    "FileChunk",
    "FxQuote",
    "GatewayObject",
    "GatewayOffer",
    "HandRefund",
    "IdempotencyRecord",
    "InboxRow",
    "Index",
    "Instant",
    "Invoice",
    "InvoicePaper",
    "InvoiceSeries",
    "Job",
    "Journal",
    "Lease",
    "LiabilityStatement",
    "LogHead",
    "LogLeaf",
    "Mail",
    "MediatorNote",
    "Milestone",
    "Notification",
    "OutboxRow",
    "OwedLeaf",
    "PayeeProfile",
    "PaymentMethod",
    "PayoutAccount",
    "PayoutHold",
    "PendingLeaf",
    "Position",
    "Project",
    "RealtimeRow",
    "Received",
    "Reconciliation",
    "Restoration",
    "Review",
    "SandboxAccount",
    "SandboxNotice",
    "SandboxObject",
    "SandboxSecret",
    "Session",
    "StepTaken",
    "StoredFile",
    "TaxProfile",
    "Ticket",
    "TimeEntry",
    "User",
    "Version",
    "WaitingInvoicing",
    "Webhook",
    "Withdrawals",
    "WorkWeek",
]
