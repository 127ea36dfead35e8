"""The page about disputes says what their process table says."""

from freehold.domain.dispute_process import PROCESS, STATES, TERMS
from infra.dispute_page import PAGE, render


def test_the_page_is_current_and_has_a_line_for_every_step_and_every_deadline():
    page = PAGE.read_text(encoding="utf-8")
    assert page == render()
    assert sum(line.startswith("| `") for line in page.splitlines()) == len(PROCESS)
    assert all(f"| {state} | " in page for state in TERMS)


def test_the_diagram_reaches_every_state():
    assert all(f"--> {state}" in render() for state in STATES)
