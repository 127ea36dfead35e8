"""`GET /api/admin/mails`."""

from typing import Literal

from msgspec import Struct

from freehold.documents import Instant, Mail
from freehold.edge import Call, endpoint
from freehold.edge.pagination import Page, PageQuery, page_of
from freehold.edge.problems import InvalidCursor


class MailView(Struct, frozen=True, kw_only=True):
    """A mail: to whom, how it stands, why the last try failed. Its text is shown in the sandbox alone."""

    id: str
    user_id: str
    subject: str
    text: str | None
    state: str
    tries: int
    error: str | None
    created_at: Instant
    sent_at: Instant | None


class MailQuery(PageQuery, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which of them."""

    state: Literal["waiting", "sending", "sent", "kept", "refused"] | None = None


@endpoint("GET /api/admin/mails", auth="admin", errors=[InvalidCursor])
async def list_mails(call: Call, query: MailQuery) -> Page[MailView]:
    """List the mails of the last 90 days, the newest first. Without an SMTP account all of them stay here."""
    where = {"state": query.state} if query.state else {}
    found, next_cursor = await page_of(call.store, Mail, where, query)
    shows_text = call.settings.environment == "sandbox"
    return Page([_view(each, shows_text=shows_text) for each in found], next_cursor)


def _view(mail: Mail, *, shows_text: bool) -> MailView:
    return MailView(
        id=mail.id,
        user_id=mail.user_id,
        subject=mail.subject,
        text=mail.text if shows_text else None,
        state=mail.state,
        tries=mail.tries,
        error=mail.error,
        created_at=mail.created_at,
        sent_at=mail.sent_at,
    )
