"""Stripe's terms: the page for operators says what the data say, and how long money may lie."""

import re
from pathlib import Path

import pytest

from freehold.domain.money import EXPONENTS
from freehold.payments.exponents import STRIPE, is_counted_alike
from freehold.payments.stripe.line import VERSION
from freehold.payments.stripe.terms import METHODS, hold_days
from freehold.payments.stripe.webhooks import EVENTS
from tests.payments.stripe_fake.spec import description

PAGE = (Path(__file__).parents[2] / "docs" / "payments.md").read_text(encoding="utf-8").partition("\n## Stripe\n")[2]


def test_the_page_lists_every_way_to_pay_as_the_data_say():
    rows = dict(re.findall(r"^\| `([a-z0-9_]+)` \| (.*) \|$", PAGE, re.MULTILINE))
    assert rows == {
        each.name: " | ".join(
            (
                "all that are held" if each.currencies is None else ", ".join(each.currencies),
                each.settles.replace("_", " "),
                "yes" if each.can_be_saved else "no",
            )
        )
        for each in METHODS.values()
    }


def test_the_page_names_every_event_and_every_currency_that_is_never_offered():
    assert all(f"`{event}`" in PAGE for event in EVENTS)
    never = re.search(r"never ([A-Z, ]+) or ([A-Z]{3}):", PAGE)
    assert {*never[1].split(", "), never[2]} == {code for code in STRIPE if not is_counted_alike(STRIPE, code)}
    assert f"`{VERSION}`" in PAGE


def test_each_way_to_pay_is_one_of_stripes_capabilities_and_types():
    capabilities = description()["components"]["schemas"]["account_capabilities"]["properties"]
    types = description()["components"]["schemas"]["payment_method"]["properties"]["type"]["enum"]
    assert set(METHODS) <= set(capabilities)
    assert {each.name for each in METHODS.values()} <= set(types)
    assert all(set(each.currencies or ()) <= set(EXPONENTS) for each in METHODS.values())


def test_the_events_are_stripes_own():
    names = re.findall(r"[a-z_.]+", str(description()["paths"]["/v1/webhook_endpoints"]["post"]["requestBody"]))
    assert set(EVENTS) <= set(names)


def test_the_api_is_of_the_version_that_the_description_is_of():
    assert description()["info"]["version"] == VERSION


@pytest.mark.parametrize(("country", "days"), [("US", 730), ("TH", 10), ("DE", 90), ("", 90)])
def test_money_lies_as_long_as_the_accounts_country_lets_it(country, days):
    assert hold_days(country) == days
