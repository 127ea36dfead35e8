"""The people and jobs of the seed, as `marketplace.json` holds them: all made up."""

from pathlib import Path
from typing import Final

import msgspec
from msgspec import Struct

from freehold.domain.money import Money

DOMAIN: Final = "demo.freehold.example"
PASSWORD: Final = "lantern-over-the-harbour-9"  # noqa: S105 - `make run` prints it; the sandbox holds nothing of worth
ADMIN_NAME: Final = "Rosalind Okafor"
_FILE: Final = Path(__file__).with_name("marketplace.json")


class Employer(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Somebody who posts jobs."""

    name: str
    headline: str
    country: str
    time_zone: str


class Freelancer(Employer, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Somebody who works."""

    skills: tuple[str, ...]
    hourly_rate: Money
    hours_per_week: int
    languages: tuple[str, ...]


class Range(Struct, frozen=True, forbid_unknown_fields=True):
    """What an hour may cost."""

    least: Money
    most: Money


class Job(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A job. A fixed one has a `budget`, an hourly one a range; `days_open` until its deadline, if it has one."""

    employer: str
    title: str
    category: str
    skills: tuple[str, ...]
    budget: Money | None = None
    hourly: Range | None = None
    days_open: int | None = None
    description: str


class Marketplace(Struct, frozen=True, forbid_unknown_fields=True):
    """Everybody and everything. The first employer and the first freelancer are the demo accounts."""

    employers: tuple[Employer, ...]
    freelancers: tuple[Freelancer, ...]
    jobs: tuple[Job, ...]


def load() -> Marketplace:
    """Read the seed's content."""
    return msgspec.json.decode(_FILE.read_bytes(), type=Marketplace)


def address_of(name: str) -> str:
    """Make somebody's e-mail address from their first name; no two share one."""
    return f"{name.split(maxsplit=1)[0].lower()}@{DOMAIN}"
