"""The published page of the process: what people are told is what the table does."""

from infra.process_page import PAGE, render


def test_the_page_says_what_the_table_does():
    assert PAGE.read_text(encoding="utf-8") == render()
