"""The inbox of what payment gateways tell by themselves."""

from typing import ClassVar, Literal

from freehold.documents.document import Document, Index, Instant
from freehold.domain.news import News

WebhookState = Literal["waiting", "done", "ignored", "unmatched", "refused"]


class Webhook(Document, frozen=True, kw_only=True):
    """Something that a gateway has told, kept before it was thanked for it. (`gateway`, `event_id`) comes in once.

    `type` is the gateway's own word, `news` what it means to us, `digest` the SHA-256 of the bytes that were signed.
    `ignored` says nothing that we act on, `done` has had its effect or needed none, `unmatched` is about something that we
    never asked for, and what is `refused` no milestone can take in: for the last two a person must look. While it is
    `waiting` it is tried again at `due_at`, by the database's clock (null: at once).
    """

    collection: ClassVar[str] = "webhook_inbox"
    indexes: ClassVar[tuple[Index, ...]] = (
        Index((("gateway", 1), ("event_id", 1)), unique=True),
        Index((("state", 1), ("due_at", 1))),
        Index((("state", 1), ("_id", -1))),
        Index((("gateway", 1), ("_id", -1))),
    )

    gateway: str
    event_id: str
    type: str
    digest: bytes
    news: News | None
    state: WebhookState
    tries: int = 0
    due_at: Instant | None = None
    error: str | None = None
    received_at: Instant
    handled_at: Instant | None = None
