"""A statement as a table for a spreadsheet (CSV), and as a page (PDF).

What people wrote begins no formula in a spreadsheet: such a text gets an apostrophe before it. Amounts are plain decimals.
Source: RFC 4180 (CSV); OWASP, "CSV Injection".
"""

import csv
import io
from datetime import UTC, datetime, time
from html import escape
from typing import Final

from msgspec import Struct

from freehold.domain.invoicing import Language, decimal_text
from freehold.domain.statements import Row, Statement
from freehold.papers.formats import date_text, money_text
from freehold.papers.pages import html_page, pdf_of
from freehold.papers.words import say

COLUMNS: Final = ("date", "currency", "movement", "milestone", "reference", "amount", "balance")
_BEGINS_A_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")  # noqa: RUF001 - full-width ones, too


class StatementPage(Struct, frozen=True, kw_only=True):
    """What the page of a statement is made of."""

    statement: Statement
    name: str
    language: Language
    made_at: datetime


def statement_csv(statement: Statement) -> bytes:
    """Write a statement as CSV (UTF-8 with a mark, so that spreadsheets know): opening, movements, closing per currency."""
    written = io.StringIO()
    table = csv.writer(written, lineterminator="\r\n")
    table.writerow(COLUMNS)
    for currency, amount in statement.opening.items():
        table.writerow((f"{statement.start}", currency, "opening", "", "", "", decimal_text(amount, currency)))
    table.writerows(_cells(row) for row in statement.rows)
    for currency, amount in statement.closing.items():
        table.writerow((f"{statement.end}", currency, "closing", "", "", "", decimal_text(amount, currency)))
    return written.getvalue().encode("utf-8-sig")


def statement_pdf(page: StatementPage) -> bytes:
    """Set the pages of a statement. Call it in a thread."""
    language, statement = page.language, page.statement
    title = say(language, "statement")
    days = [date_text(datetime.combine(day, time(), UTC), language) for day in (statement.start, statement.end)]
    period = say(language, "statement_period", start=days[0], end=days[1])
    nothing = f"<p>{escape(say(language, 'nothing_moved'))}</p>" if not statement.rows else ""
    tables = "".join(_table(statement, currency, language) for currency in statement.closing)
    body = f"<h1>{escape(title)}</h1><p><bdi>{escape(page.name)}</bdi><br>{escape(period)}</p>{nothing}{tables}"
    return pdf_of(html_page(title, body, language=language, made_at=page.made_at), made_at=page.made_at)


def harmless(text: str) -> str:
    """Give a text as it may stand in a spreadsheet's cell."""
    return f"'{text}" if text.lstrip(" ").startswith(_BEGINS_A_FORMULA) else text


def _cells(row: Row) -> tuple[str, ...]:
    moved = row.moved
    amounts = (decimal_text(moved.amount, moved.currency), decimal_text(row.balance, moved.currency))
    return (f"{moved.at:%Y-%m-%dT%H:%M:%SZ}", moved.currency, moved.kind, harmless(moved.title), moved.key, *amounts)


def _table(statement: Statement, currency: str, language: Language) -> str:
    head = "".join(f"<th>{escape(say(language, word))}</th>" for word in ("date", "movement"))
    head += "".join(f'<th class="sum">{escape(say(language, word))}</th>' for word in ("amount", "balance"))
    rows = [row for row in statement.rows if row.moved.currency == currency]
    opening = _line(say(language, "opening"), None, statement.opening[currency], currency, language)
    closing = _line(say(language, "closing"), None, statement.closing[currency], currency, language)
    lines = "".join(
        _line(f"{row.moved.kind}: {row.moved.title}", row.moved.amount, row.balance, currency, language, at=row.moved.at)
        for row in rows
    )
    return f"<h2>{currency}</h2><table><tr>{head}</tr>{opening}{lines}{closing}</table>"


def _line(  # noqa: PLR0913 - the cells of a line
    text: str, amount: int | None, balance: int, currency: str, language: Language, *, at: datetime | None = None
) -> str:
    day = "" if at is None else f"{at:%Y-%m-%d %H:%M}"
    figures = ("" if figure is None else escape(money_text(figure, currency, language)) for figure in (amount, balance))
    cells = "".join(f'<td class="sum"><bdi>{figure}</bdi></td>' for figure in figures)
    return f"<tr><td><bdi>{day}</bdi></td><td><bdi>{escape(text)}</bdi></td>{cells}</tr>"
