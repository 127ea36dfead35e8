"""Quotes: what an amount comes to, good for a minute by the database's clock, taken once by whom it was made for."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from freehold.documents import FxQuote
from freehold.ids import new_id
from freehold.store import Missing, Stale
from freehold.store.quotes import QuoteExpired, QuoteUsed, take_quote
from tests.api import Api
from tests.escrow import usd
from tests.hiring import fields_at_fault
from tests.payees import due


@pytest.fixture
def fx(mongodb_uri, database, keys):
    """Give all functions, where rates may be as old as the bundled file is."""
    with Api.opened(mongodb_uri, database, keys, fx_rate_max_age_days="400") as api:
        yield api


def quote(person, amount=10_000, target="JPY", *, status=201):
    return person.post("/api/fx/quotes", {"source": usd(amount), "target_currency": target}, status=status)


def take(api, quote_id, user_id, used_for="transfer:mst_1:1"):
    async def work(unit):
        return await take_quote(unit, quote_id, user_id=user_id, used_for=used_for)

    return api.run(api.store.transact(work, deadline_s=5))


def test_a_quote_says_its_rates_their_day_and_its_end_and_adds_up(fx: Api):
    made = quote(fx.register())
    assert made["target"]["amount"] + made["spread"]["amount"] == made["middle"]["amount"]
    assert (made["source"], made["target"]["currency"], made["spread_basis_points"]) == (usd(10_000), "JPY", 100)
    assert (made["rate"]["published_by"], len(made["rate"]["date"])) == ("ECB", 10)
    lasts = datetime.fromisoformat(made["expires_at"]) - datetime.now(UTC)
    assert timedelta(seconds=30) < lasts <= timedelta(seconds=61)


def test_rates_that_are_older_than_the_operator_allows_give_no_quote(mongodb_uri, database, keys, tmp_path):
    old = tmp_path / "old.csv"
    old.write_text("Date,USD,JPY,\n2020-01-02,1.1,120,\n")
    with Api.opened(mongodb_uri, database, keys, fx_rates_file=str(old)) as api:
        assert quote(api.register(), status=409)["code"] == "exchange_rate_too_old"


@pytest.mark.parametrize(
    ("amount", "target", "at_fault"),
    [
        (10_000, "USD", "target_currency"),
        (10_000, "XXX", "target_currency"),
        (0, "JPY", "source.amount"),
        (-5, "JPY", "source.amount"),
    ],
)
def test_what_cannot_be_converted_is_refused_by_its_field(fx: Api, amount, target, at_fault):
    assert fields_at_fault(quote(fx.register(), amount, target, status=422)) == [f"body.{at_fault}"]


def test_a_currency_without_a_rate_has_a_code_of_its_own(fx: Api):
    assert quote(fx.register(), target="KES", status=409)["code"] == "exchange_rate_missing"


def test_an_amount_of_which_nothing_would_be_left_is_refused(fx: Api):
    body = {"source": {"amount": 1, "currency": "IDR"}, "target_currency": "EUR"}
    assert fx.register().post("/api/fx/quotes", body, status=422)["code"] == "invalid"


def test_a_quote_is_taken_once_and_remembers_what_for(fx: Api):
    person = fx.register()
    made = quote(person)
    taken = take(fx, made["id"], person.id)
    assert (taken.state, taken.used_for, taken.conversion.target.amount) == (
        "used",
        "transfer:mst_1:1",
        made["target"]["amount"],
    )
    with pytest.raises(QuoteUsed):
        take(fx, made["id"], person.id, "transfer:mst_2:1")


def test_of_many_who_take_a_quote_at_once_one_gets_it(fx: Api):
    person = fx.register()
    quote_id = quote(person)["id"]

    async def race():
        async def one(number):
            async def work(unit):
                return await take_quote(unit, quote_id, user_id=person.id, used_for=f"transfer:mst_r:{number}")

            return await fx.store.transact(work, deadline_s=10)

        return await asyncio.gather(*(one(number) for number in range(8)), return_exceptions=True)

    outcomes = fx.run(race())
    assert sum(isinstance(outcome, FxQuote) for outcome in outcomes) == 1
    assert all(isinstance(outcome, FxQuote | QuoteUsed | QuoteExpired | Stale) for outcome in outcomes)


def test_a_quote_is_over_by_the_databases_clock(fx: Api):
    person = fx.register()
    made = quote(person)
    due(fx, "fx_quotes", made["id"], "expires_at")
    with pytest.raises(QuoteExpired):
        take(fx, made["id"], person.id)
    assert fx.run(fx.store.require(FxQuote, made["id"])).state == "open"


def test_a_quote_is_nobody_elses(fx: Api):
    made = quote(fx.register())
    for quote_id, user_id in ((made["id"], new_id("usr")), (new_id("fxq"), new_id("usr"))):
        with pytest.raises(Missing):
            take(fx, quote_id, user_id)
