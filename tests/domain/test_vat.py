"""Whose tax it is and at which rate, as a table; and VAT ids by their format and check digits."""

from datetime import date

import pytest

from freehold.domain.countries import COUNTRIES, EUROPEAN_UNION
from freehold.domain.vat import CATEGORIES, STANDARD_RATES, NoRateKnown, TaxStatus, Treatment, standard_rate, treatment_of
from freehold.domain.vat_ids import kept_vat_id

TODAY = date(2026, 3, 2)
GERMAN = TaxStatus(country="DE", vat_id="DE136695976")
SMALL = TaxStatus(country="DE")
FRENCH = TaxStatus(country="FR", vat_id="FR40303265045")


@pytest.mark.parametrize(
    ("seller", "buyer", "case", "rate"),
    [
        (GERMAN, GERMAN, "domestic", 1_900),
        (GERMAN, SMALL, "domestic", 1_900),
        (GERMAN, FRENCH, "reverse_charge", 0),
        (GERMAN, TaxStatus(country="FR"), "domestic", 1_900),
        (GERMAN, TaxStatus(), "domestic", 1_900),
        (GERMAN, TaxStatus(vat_id="FR40303265045"), "domestic", 1_900),
        (GERMAN, TaxStatus(country="CH", vat_id="CHE123456788"), "outside_scope", 0),
        (GERMAN, TaxStatus(country="US"), "outside_scope", 0),
        (SMALL, GERMAN, "small_enterprise", 0),
        (SMALL, FRENCH, "small_enterprise", 0),
        (SMALL, TaxStatus(country="US"), "small_enterprise", 0),
        (TaxStatus(country="US"), FRENCH, "supplier_outside", 0),
        (TaxStatus(country="GB", vat_id="GB980780684"), FRENCH, "supplier_outside", 0),
        (TaxStatus(), FRENCH, "supplier_outside", 0),
        (FRENCH, GERMAN, "reverse_charge", 0),
        (FRENCH, TaxStatus(country="DE"), "domestic", 2_000),
    ],
)
def test_each_pair_of_parties_has_its_treatment(seller, buyer, case, rate):
    assert treatment_of(seller, buyer, on=TODAY) == Treatment(case=case, rate_basis_points=rate)


@pytest.mark.parametrize(
    ("country", "day", "rate"),
    [
        ("FI", date(2024, 8, 31), 2_400),
        ("FI", date(2024, 9, 1), 2_550),
        ("SK", date(2024, 12, 31), 2_000),
        ("SK", date(2025, 1, 1), 2_300),
        ("EE", date(2024, 1, 1), 2_200),
        ("EE", date(2025, 7, 1), 2_400),
        ("RO", date(2025, 7, 31), 1_900),
        ("RO", date(2025, 8, 1), 2_100),
        ("LU", date(2023, 6, 1), 1_600),
        ("HU", TODAY, 2_700),
    ],
)
def test_a_rate_changes_on_its_day(country, day, rate):
    assert standard_rate(country, day) == rate


def test_each_member_state_has_rates_in_their_order_and_nobody_else_has():
    assert set(STANDARD_RATES) == EUROPEAN_UNION <= COUNTRIES
    for rates in STANDARD_RATES.values():
        assert [since for since, _ in rates] == sorted({since for since, _ in rates})


def test_no_rate_is_made_up():
    with pytest.raises(NoRateKnown):
        standard_rate("DE", date(2021, 12, 31))
    with pytest.raises(NoRateKnown):
        standard_rate("US", TODAY)


def test_only_a_domestic_treatment_has_a_rate_and_each_case_has_a_category():
    assert CATEGORIES == {
        "domestic": "S", "reverse_charge": "AE", "small_enterprise": "E", "outside_scope": "O", "supplier_outside": "O",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("given", "country", "kept"),
    [
        ("DE136695976", "DE", "DE136695976"),
        ("de 136.695-976", "DE", "DE136695976"),
        ("136695976", "DE", "DE136695976"),
        ("EL094259216", "GR", "EL094259216"),
        ("GR094259216", "GR", None),
        ("DE136695978", "DE", None),
        ("DE136695976", "FR", None),
        ("ATU13585627", "AT", "ATU13585627"),
        ("FR40303265045", "FR", "FR40303265045"),
        ("FR41303265045", "FR", None),
        ("", "DE", None),
        ("DE", "DE", None),
        ("GB980780684", "GB", "GB980780684"),
        ("che-123.456.788", "CH", "CHE123456788"),
        ("<b>", "US", None),
    ],
)
def test_a_vat_id_is_kept_in_one_form_or_refused(given, country, kept):
    assert kept_vat_id(given, country) == kept
