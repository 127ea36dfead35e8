"""All languages say everything, with the same places to be filled in; and amounts keep their digits in each of them."""

import string
from datetime import UTC, datetime
from typing import get_args

import pytest

from freehold.domain.invoicing import Language
from freehold.domain.vat import Case
from freehold.papers.formats import country_text, date_text, money_text, rate_text
from freehold.papers.words import WORDS, Word

LANGUAGES = get_args(Language)


def places(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name is not None}


def test_every_language_says_everything():
    assert set(WORDS) == set(LANGUAGES)
    for language, words in WORDS.items():
        assert set(words) == set(get_args(Word)), language
        assert [word for word, text in words.items() if not text.strip()] == []


@pytest.mark.parametrize("word", get_args(Word))
def test_every_language_fills_in_the_same_places(word):
    assert {language: places(words[word]) for language, words in WORDS.items()} == dict.fromkeys(
        LANGUAGES, places(WORDS["en"][word])
    )


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_case_of_tax_has_its_sentence_and_no_two_are_the_same(language):
    sentences = [WORDS[language][case] for case in get_args(Case)]
    assert len(set(sentences)) == len(sentences)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(("amount", "currency", "digits"), [(19_005, "JPY", 0), (19_005, "USD", 2), (19_005, "KWD", 3)])
def test_an_amount_keeps_its_digits_in_every_language(language, amount, currency, digits):
    written = money_text(amount, currency, language)
    assert "".join(each for each in written if each.isdigit()) == "19005"
    tail = "".join(each if each.isdigit() else " " for each in written).split()[-1]
    assert len(tail) == (digits or 3)  # without decimals, the last group is one of thousands


@pytest.mark.parametrize(
    ("language", "money", "date", "rate", "country"),
    [
        ("en", "€1,234.50", "March 2, 2026", "25.5", "Greece"),
        ("de", "1.234,50\xa0€", "2. März 2026", "25,5", "Griechenland"),
        ("fr", "1\u202f234,50\xa0€", "2 mars 2026", "25,5", "Grèce"),
        ("es", "1.234,50\xa0€", "2 de marzo de 2026", "25,5", "Grecia"),
        ("ar", "\u200f1,234.50\xa0€", "2 مارس 2026", "25.5", "اليونان"),
    ],
)
def test_figures_are_written_as_people_write_them(language, money, date, rate, country):
    at = datetime(2026, 3, 2, 23, 59, tzinfo=UTC)
    said = (money_text(123_450, "EUR", language), date_text(at, language), rate_text(2_550, language))
    assert (*said, country_text("GR", language)) == (money, date, rate, country)
