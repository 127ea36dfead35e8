"""`GET /api/statements`."""

import hashlib
from datetime import date
from typing import Annotated, Final, Literal

from msgspec import Meta, Struct

from freehold.domain.statements import LONGEST_PERIOD_DAYS, StatementTooLong, bounds_of, statement_of
from freehold.edge import Call, endpoint
from freehold.edge.contents import Content
from freehold.edge.problems import FieldFault, Invalid
from freehold.papers.pages import in_a_thread
from freehold.papers.statement import StatementPage, statement_csv, statement_pdf
from freehold.store.parties import buyer_of
from freehold.store.statements import balances_before, movements_between

YEARS: Final = range(2000, 2200)
Day = Annotated[
    str,
    Meta(max_length=10, pattern=r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$(?!\n)", description="A day (UTC).", examples=["2026-03-01"]),
]


class StatementQuery(
    Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, rename={"start": "from", "end": "to", "form": "format"}
):
    """From which day to which (both are in), at most a year; as a table for a spreadsheet, or as a page."""

    start: Day
    end: Day
    form: Literal["csv", "pdf"] = "csv"


@endpoint("GET /api/statements", auth="user", media_types=["text/csv", "application/pdf"], errors=[StatementTooLong])
async def get_statement(call: Call, query: StatementQuery) -> Content:
    """Read every movement of your money in a period, with running balances per currency that equal the ledger's.

    As a client: what is held for your milestones, or on its way back to you. As a freelancer: what is to be paid out to you,
    less what you owe. Raises StatementTooLong beyond 5,000 movements.
    """
    start, end = _day(query.start, "from"), _day(query.end, "to")
    if not 0 <= (end - start).days < LONGEST_PERIOD_DAYS:
        raise Invalid(faults=(FieldFault("query.to", f"a day from `from` on, within {LONGEST_PERIOD_DAYS} days"),))
    user_id, (first, last) = call.caller.user_id, bounds_of(start, end)
    opening = await balances_before(call.store, user_id, first)
    statement = statement_of(start, end, opening, await movements_between(call.store, user_id, first, last))
    if query.form == "csv":
        return _content(statement_csv(statement), "text/csv", f"statement-{start}-{end}.csv")
    person = await buyer_of(call.store, user_id)
    page = StatementPage(statement=statement, name=person.party.name, language=person.language, made_at=call.now)
    return _content(await in_a_thread(statement_pdf, page), "application/pdf", f"statement-{start}-{end}.pdf")


def _day(text: str, name: str) -> date:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        day = None
    if day is None or day.year not in YEARS:
        raise Invalid(faults=(FieldFault(f"query.{name}", "a day of the calendar, from 2000 to 2199"),))
    return day


def _content(data: bytes, media_type: str, filename: str) -> Content:
    return Content(data=data, media_type=media_type, filename=filename, sha256=hashlib.sha256(data).hexdigest())
