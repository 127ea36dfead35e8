"""Job posts as a file holds them, and the jobs that a person would make of them. Pure but for reading the file.

A post that nobody could use is refused with a reason: no words in its title, no price that makes sense, the same post of
the same client again. What is merely untidy is tidied: HTML entities, control characters, white space. What only the other
platform knows (ratings, spending, numbers of proposals, dates) is left out: nobody has earned it here.
"""

import csv
import gzip
import html
import re
import unicodedata
from collections.abc import Iterator
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Final, Literal, TextIO

from msgspec import UNSET, Struct, UnsetType

from freehold.domain.money import Money, exponent_of
from freehold.domain.text import folded, line

CURRENCY: Final = "USD"
COLUMNS: Final = ("id", "client", "title", "type", "budget_usd", "hourly_rate_usd", "category", "service", "client_country")
LONGEST_TITLE: Final = 200
LONGEST_SKILL: Final = 60
LONGEST_CELL: Final = 100_000
_REPLACED: Final = {"Cc": " ", "Cf": "", "Co": ""}
"""What stands for characters of these Unicode categories: controls, invisible marks, private ones."""
_JOINERS: Final = frozenset({"\u200c", "\u200d"})
"""Invisible, but several scripts and many emoji need them."""
_GZIP: Final = b"\x1f\x8b"
_DETAILS: Final = {
    "tier": "Experience asked for",
    "duration": "How long it will take",
    "engagement": "Time per week",
    "freelancers_to_hire": "Freelancers wanted",
}
_SAYS_NOTHING: Final = frozenset({"", "0", "not_sure"})


class UnreadableFile(Exception):  # noqa: N818 - the message is a sentence that says what to do
    """The file is not there, or is no CSV file of job posts."""


class NotAJob(Exception):  # noqa: N818 - it is what a person would say
    """A person would refuse this post; the message says why."""


class Range(Struct, frozen=True):
    """What an hour costs."""

    least: Money
    most: Money


class NewJob(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The body of `POST /api/jobs`."""

    title: str
    description: str
    kind: Literal["fixed", "hourly"]
    category: str
    skills: tuple[str, ...]
    budget: Money | UnsetType = UNSET
    hourly: Range | UnsetType = UNSET


class Post(Struct, frozen=True, kw_only=True):
    """A post that can be posted: its number in the file's own terms, its client, the client's country, the job."""

    id: str
    client: str
    country: str
    job: NewJob


class Refusal(Struct, frozen=True, kw_only=True):
    """A post that cannot be, and why."""

    id: str
    title: str
    reason: str


def read_posts(file: Path) -> Iterator[Post | Refusal]:
    """Read the file (CSV, also gzipped) and map each row. Raises UnreadableFile."""
    first_with: dict[tuple[object, ...], str] = {}
    for number, row in enumerate(_rows(file), start=1):
        name = row["id"] or f"row {number}"
        try:
            post = Post(id=name, client=_client(row), country=clean(row["client_country"]), job=to_job(row))
            yield _unless_repeated(post, first_with)
        except NotAJob as reason:
            yield Refusal(id=name, title=clean(row["title"]), reason=str(reason))


def to_job(row: dict[str, str]) -> NewJob:
    """Make of a row what a person would. Raises NotAJob."""
    title, category, service = clean(row["title"]), clean(row["category"]), clean(row["service"])
    if not any(character.isalnum() for character in title):
        raise NotAJob("the title has no words")
    if len(title) > LONGEST_TITLE:
        raise NotAJob(f"the title is longer than {LONGEST_TITLE} characters")
    if not category and not service:
        raise NotAJob("there is no category")
    budget, hourly = _price(row)
    return NewJob(
        title=title,
        description=_description(row, category, service),
        kind="hourly" if budget is UNSET else "fixed",
        category=category or service,
        skills=(service[:LONGEST_SKILL],) if service else (),
        budget=budget,
        hourly=hourly,
    )


def clean(text: str) -> str:
    """Give a line of text as it was meant: entities resolved, control characters gone, white space single."""
    return line("".join(_seen(character) for character in html.unescape(text)))


def _seen(character: str) -> str:
    return character if character in _JOINERS else _REPLACED.get(unicodedata.category(character), character)


def _unless_repeated(post: Post, first_with: dict[tuple[object, ...], str]) -> Post:
    """Refuse what the same client has posted before, word for word and at the same price."""
    job = post.job
    sameness = (post.client, folded(job.title), job.kind, job.budget, job.hourly, job.category, job.skills, job.description)
    first = first_with.setdefault(sameness, post.id)
    if first != post.id:
        raise NotAJob("the client has posted the same before")
    return post


def _price(row: dict[str, str]) -> tuple[Money | UnsetType, Range | UnsetType]:
    """Read the price. A post without one states its hours, so that it is an hourly job whose rate is still to be agreed."""
    match row["type"]:
        case "fixed_budget":
            return _money(row["budget_usd"], "budget"), UNSET
        case "hourly":
            rate = _money(row["hourly_rate_usd"], "hourly rate")
            return UNSET, Range(rate, rate)
        case "no_budget":
            return UNSET, UNSET
        case unknown:
            raise NotAJob(f"nobody knows the price type {clean(unknown)[:40]!r}")


def _money(text: str, what: str) -> Money:
    try:
        minor = Decimal(text.strip()).scaleb(exponent_of(CURRENCY))
    except InvalidOperation:
        raise NotAJob(f"the {what} is not a number") from None
    if not minor.is_finite() or minor <= 0:
        raise NotAJob(f"the {what} is not above zero")
    if minor != minor.to_integral_value():
        raise NotAJob(f"the {what} has fractions of a cent")
    return Money(int(minor), CURRENCY)


def _client(row: dict[str, str]) -> str:
    client = row["client"].strip()
    if not re.fullmatch(r"[A-Za-z0-9_-]{1,48}", client):
        raise NotAJob("nobody is named as the client")
    return client.lower()


def _description(row: dict[str, str], category: str, service: str) -> str:
    first = " in ".join(part for part in (service, category) if part) + "."
    details = (f"{label}: {value}." for column, label in _DETAILS.items() if (value := _detail(row, column)))
    return "\n".join([first, *details])


def _detail(row: dict[str, str], column: str) -> str:
    value = clean(row.get(column) or "")
    return "" if value in _SAYS_NOTHING else value


def _rows(file: Path) -> Iterator[dict[str, str]]:
    try:
        with _opened(file) as text:
            csv.field_size_limit(LONGEST_CELL)
            reader = csv.DictReader(text, restval="")
            missing = [column for column in COLUMNS if column not in (reader.fieldnames or ())]
            if missing:
                raise UnreadableFile(f"{file} has no column {', '.join(missing)}; it needs {', '.join(COLUMNS)}.")
            yield from reader
    except (OSError, EOFError, UnicodeDecodeError, csv.Error) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise UnreadableFile(f"{file} cannot be read as a CSV file of job posts in UTF-8: {reason}.") from error


def _opened(file: Path) -> TextIO:
    with file.open("rb") as start:
        is_packed = start.read(2) == _GZIP
    if is_packed:
        return gzip.open(file, "rt", encoding="utf-8-sig", newline="")
    return file.open(encoding="utf-8-sig", newline="")
