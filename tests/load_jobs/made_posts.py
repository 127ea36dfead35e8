"""A made-up file of job posts with the columns and the oddities of real ones, for machines that have no real file."""

import csv
import gzip
from pathlib import Path

COLUMNS = [
    "id", "client", "title", "type", "budget_usd", "hourly_rate_usd", "tier", "duration", "engagement", "freelancers_to_hire",
    "category", "service", "client_country", "client_rating", "client_reviews", "client_spent_usd", "created_on",
    "proposals_tier",
]  # fmt: skip


def row(**fields: str) -> dict[str, str]:
    """Make one row; what is not given is ordinary."""
    ordinary = {
        "id": "1", "client": "c1", "title": "A page", "type": "fixed_budget", "budget_usd": "100", "hourly_rate_usd": "",
        "tier": "Expert", "duration": "1 to 3 months", "engagement": "", "freelancers_to_hire": "1", "category": "Writing",
        "service": "Editing", "client_country": "Canada", "client_rating": "5", "client_reviews": "2", "client_spent_usd": "30",
        "created_on": "2023-01-01T17:33:29Z", "proposals_tier": "50+",
    }  # fmt: skip
    return ordinary | fields


def many(count: int) -> list[dict[str, str]]:
    """Make so many rows; every 25th repeats the one before it, every 40th has no words in its title."""
    rows: list[dict[str, str]] = []
    for number in range(count):
        kind = ("fixed_budget", "hourly", "no_budget")[number % 3]
        made = row(
            id=f"post-{number}",
            client=f"client{number * 5 // 6}",
            title=f"Edit &amp; proof-read\n chapter {number} 🦉",
            type=kind,
            budget_usd=str(20 + number) if kind == "fixed_budget" else "",
            hourly_rate_usd="7.5" if kind == "hourly" else "",
        )
        if number % 40 == 39:
            made["title"] = "???"
        elif number % 25 == 24:
            made = rows[-1] | {"id": made["id"]}
        rows.append(made)
    return rows


def write(file: Path, rows: list[dict[str, str]]) -> Path:
    """Write the rows as a gzipped CSV file."""
    with gzip.open(file, "wt", encoding="utf-8", newline="") as output:
        writer = csv.DictWriter(output, COLUMNS)
        writer.writeheader()
        writer.writerows(rows)
    return file
