"""Text: what a boundary accepts, and the form that is kept."""

import unicodedata
from typing import Annotated

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from freehold.domain.text import distinct_lines, folded, line, optional_text, prose, required_text

Required = Annotated[str, required_text(5_000)]
Optional = Annotated[str, optional_text(5_000)]


@pytest.mark.parametrize("text", ["", " ", "\n\t", "\u200b", "\u00a0\u2003", "\ufeff"])
def test_a_required_text_has_something_to_see(text):
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert(text, Required)


@pytest.mark.parametrize("text", ["a\x00", "\x00a", "a\x1bb", "a\x7f", "\x85a", "pay \u202eevil", "\x0b"])
@pytest.mark.parametrize("kind", [Required, Optional])
def test_control_characters_and_direction_overrides_are_refused(text, kind):
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert(text, kind)


@pytest.mark.parametrize("text", ["x", " x", "two\nlines", "tab\tbed", "שלום", "مرحبا", "👩‍🔧", "é", "\n x \n"])
def test_people_write_in_every_script(text):
    assert msgspec.convert(text, Required) == text
    assert msgspec.convert(text, Optional) == text


def test_a_long_blank_text_is_refused_without_backtracking():
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert(" " * 4_999 + "\x00", Required)


def test_an_optional_text_may_be_empty():
    assert msgspec.convert("", Optional) == ""


def test_a_line_has_single_spaces_and_prose_keeps_its_breaks():
    assert line("  a \t b\r\n c ") == "a b c"
    assert prose("  one \r\ntwo\u2028three\rfour  \n") == "one\ntwo\nthree\nfour"


def test_skills_that_differ_in_case_or_spaces_are_one_and_keep_their_order():
    assert distinct_lines(["Data  Entry", "SQL", "data entry", " sql "]) == ("Data Entry", "SQL")
    assert folded("  Straße  ") == folded("STRASSE") == "strasse"


@given(st.text(max_size=200))
def test_the_kept_form_is_nfc_and_keeping_it_again_changes_nothing(text):
    for keep in (line, prose, folded):
        kept = keep(text)
        assert keep(kept) == kept
    assert unicodedata.is_normalized("NFC", line(text))


@given(st.text(min_size=1, max_size=50))
def test_whatever_is_accepted_as_required_is_not_empty_when_kept(text):
    try:
        accepted = msgspec.convert(text, Required)
    except msgspec.ValidationError:
        return
    assert line(accepted)
    assert prose(accepted)
