"""The page about the money process says what the table says."""

from freehold.domain.money_process import PROCESS
from infra.process_page import PAGE, render


def test_the_page_is_current_and_has_a_line_for_every_step():
    page = PAGE.read_text(encoding="utf-8")
    assert page == render()
    assert sum(line.startswith("| `") for line in page.splitlines()) == len(PROCESS)
