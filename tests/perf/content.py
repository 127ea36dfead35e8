"""What the benchmark's jobs look like: drawn from a fixed seed, so that every run and every peer gets the same."""

import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from freehold.documents import Job
from freehold.domain.money import Money
from freehold.ids import new_id
from freehold.postings import kept

_WORDS: Final = [
    "build",
    "a",
    "small",
    "web",
    "shop",
    "payment",
    "page",
    "logo",
    "design",
    "translate",
    "article",
    "report",
    "clean",
    "data",
    "dashboard",
    "mobile",
    "app",
    "fix",
    "bug",
    "test",
    "review",
    "contract",
    "invoice",
    "weekly",
    "long",
    "term",
    "remote",
    "team",
    "experience",
    "portfolio",
    "deadline",
    "budget",
    "careful",
    "fast",
    "friendly",
    "python",
    "react",
    "figma",
    "excel",
    "german",
    "spanish",
    "video",
    "audio",
    "edit",
    "animate",
    "model",
    "train",
    "deploy",
    "server",
    "cloud",
    "backup",
    "monitor",
    "secure",
]
_CATEGORIES: Final = ("Web development", "Design", "Translation", "Data", "Mobile", "Writing", "Marketing", "Video")
_SKILLS: Final = (
    "Python",
    "React",
    "Figma",
    "Excel",
    "German",
    "Spanish",
    "SQL",
    "Docker",
    "Copywriting",
    "SEO",
    "Blender",
    "Go",
)
_COUNTRIES: Final = ("Germany", "Spain", "India", "Kenya", "Brazil", "")
DAYS: Final = 400


def new_jobs(seed: int = 1) -> Iterator[dict[str, Any]]:
    """Give bodies of `POST /api/jobs` without end: about 900 bytes of JSON each."""
    chance = random.Random(seed)
    while True:
        yield {
            "title": _text(chance, 7).capitalize(),
            "description": ". ".join(_text(chance, 14).capitalize() for _ in range(7)),
            "kind": "fixed",
            "category": chance.choice(_CATEGORIES),
            "skills": chance.sample(_SKILLS, 4),
            "budget": {"amount": chance.randrange(5_000, 500_000, 100), "currency": chance.choice(["USD", "EUR"])},
            "place": {"remote": chance.random() < 0.8, "country": chance.choice(_COUNTRIES)},
        }


def stored_jobs(employers: list[str], seed: int = 2) -> Iterator[Job]:
    """Give jobs as they are stored, without end, spread over DAYS days back; two thirds of them are open."""
    chance = random.Random(seed)
    latest = datetime(2026, 1, 1, tzinfo=UTC)
    for body in new_jobs(seed):
        at = latest - timedelta(milliseconds=chance.randrange(DAYS * 86_400_000))
        job = Job(
            id=new_id("job"),
            employer_id=chance.choice(employers),
            title=body["title"],
            description=body["description"],
            kind="fixed",
            category=body["category"],
            category_folded="",
            skills=tuple(body["skills"]),
            budget=Money(**body["budget"]),
            inspection_period_s=14 * 86_400,
            state=chance.choice(["open", "open", "open", "open", "filled", "closed"]),
            created_at=at,
            posted_at=at,
            updated_at=at,
        )
        yield kept(job)


def _text(chance: random.Random, words: int) -> str:
    return " ".join(chance.choices(_WORDS, k=words))
