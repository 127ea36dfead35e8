"""The sandbox gateway's own books: what a payment provider keeps on its side. Only the sandbox reads them."""

from typing import ClassVar, Literal

from msgspec import Struct

from freehold.documents.document import Document, Index, Instant
from freehold.domain.money import Money
from freehold.domain.news import News
from freehold.domain.settlement import Outcome


class Turn(Struct, frozen=True, kw_only=True):
    """What becomes of something in its own time: its next state, so many seconds after the turn before."""

    after_s: float
    state: Outcome
    reason: str | None = None
    chargeback: Literal["opened", "won", "lost"] | None = None


class SandboxObject(Document, frozen=True, kw_only=True):
    """A payment, transfer, refund or reversal at the sandbox; `_id` is the key it was asked under, `digest` what was asked.

    A chargeback is kept beside its payment. `turns` is what is still to become of it, the first at `settles_at`.

    `spent` is how much of a payment has been transferred, or how much of a transfer has been reversed; `refunded` how much of
    a payment has gone back to its payer. A transfer that has `exchanged` some of its payment's currency has
    `received` so many minor units of the one that it pays out for it.
    """

    collection: ClassVar[str] = "sandbox_objects"
    indexes: ClassVar[tuple[Index, ...]] = (
        Index((("payment_id", 1),), unique=True, partial={"kind": "payment"}),
        Index((("group", 1), ("_id", 1))),
        Index((("state", 1), ("money.currency", 1))),
        Index((("settles_at", 1),)),
    )

    kind: Literal["payment", "transfer", "refund", "reversal", "chargeback"]
    group: str
    payment_id: str
    account: str
    method: str = ""
    digest: bytes
    money: Money
    fee: int = 0
    spent: int = 0
    refunded: int = 0
    exchanged: Money | None = None
    received: int = 0
    state: Outcome
    reason: str | None = None
    settles_at: Instant | None = None
    turns: tuple[Turn, ...] = ()
    created_at: Instant


class SandboxNotice(Document, frozen=True, kw_only=True):
    """A webhook that the sandbox is to send, or has sent, `copies` times; `_id` is the event's."""

    collection: ClassVar[str] = "sandbox_notices"
    indexes: ClassVar[tuple[Index, ...]] = (Index((("sent_at", 1), ("_id", 1))),)

    about: str
    type: str
    news: News
    copies: int = 1
    created_at: Instant
    sent_at: Instant | None = None


class SandboxSecret(Document, frozen=True, kw_only=True):
    """What the sandbox signs with: made by itself, as a provider makes the secret of a webhook. `_id` says what it is for."""

    collection: ClassVar[str] = "sandbox_secrets"

    key: bytes


class SandboxAccount(Document, frozen=True, kw_only=True):
    """Somebody's account at the sandbox; `_id` is theirs. Made only to say that payouts to it are refused."""

    collection: ClassVar[str] = "sandbox_accounts"

    payouts_blocked: bool = False
