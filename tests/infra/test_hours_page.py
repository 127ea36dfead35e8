"""docs/hours.md says what the rules of hours say: the clock, both processes, the limits."""

from pathlib import Path

import pytest

from freehold.domain.hours import ENTRIES_PER_WEEK, LONGEST_ENTRY
from freehold.domain.week_process import ENTRY_STEPS, WEEK_STEPS, Told
from freehold.domain.weeks import CLOCK, SHORTEST_REVIEW, week_of
from freehold.store import now

PAGE = (Path(__file__).parents[2] / "docs" / "hours.md").read_text(encoding="utf-8")


def row_of(step: Told) -> str:
    clock = f"at `{step.timer}`" if step.timer else ""
    cells = (f"`{step.name}`", step.actor, f"{', '.join(step.sources)} -> {step.target}", clock, ", ".join(step.tells))
    return "| " + " | ".join(cells) + " |"


@pytest.mark.parametrize("moment", CLOCK, ids=lambda moment: moment.field)
def test_the_page_names_each_moment_of_the_clock(moment):
    there = f"{week_of(now()).moment(moment):%A %H:%M}"
    assert f"| {there} | `{moment.field}` | {moment.until} |" in PAGE


@pytest.mark.parametrize("steps", [WEEK_STEPS, ENTRY_STEPS], ids=["week", "entry"])
def test_the_page_has_every_row_of_the_process_in_order(steps):
    assert "\n".join(row_of(step) for step in steps) in PAGE


def test_the_page_has_no_other_rows():
    rows = [line for line in PAGE.splitlines() if line.startswith("| `") and "->" in line]
    assert len(rows) == len(WEEK_STEPS) + len(ENTRY_STEPS)


def test_the_figures_of_the_page_are_those_of_the_rules():
    assert f"at most {LONGEST_ENTRY.total_seconds() // 3_600:.0f} hours" in PAGE
    assert f"At most {ENTRIES_PER_WEEK} entries" in PAGE
    assert SHORTEST_REVIEW.days == 2
    assert "still lasts two days" in PAGE
