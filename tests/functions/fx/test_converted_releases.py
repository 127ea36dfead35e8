"""Releases to a freelancer who is paid in another currency: at a quote's rate or the moment's, whole or not at all.

The rates are 1.1172 USD, 175.68 JPY and 0.42 BHD for a euro, the spread is 1 %, the platform's fee 10 %: of 100.00 USD the
freelancer's are 90.00, which is 80.558... EUR, 14,152.5... JPY and 33.8345... BHD.
"""

import csv
import io
from datetime import UTC, datetime, timedelta

import pytest

from freehold.documents import Command, FxQuote, Milestone
from freehold.ids import new_id
from freehold.payments.sandbox import SandboxGateway
from tests.api import PASSWORD, Api
from tests.escrow import Work, amounts, overdue, resume, tick, usd
from tests.hiring import together
from tests.ledgers import fresh_database
from tests.payees import due, open_account, payee_of

AUDIT = "/api/admin/ledger/audit"
TODAY = datetime.now(UTC).date()


@pytest.fixture(scope="module")
def api(mongodb_uri, keys, tmp_path_factory):
    """Give all functions over a ledger of its own, with rates of yesterday."""
    rates = tmp_path_factory.mktemp("rates") / "rates.csv"
    rates.write_text(f"Date,USD,JPY,BHD,\n{TODAY - timedelta(days=1)},1.1172,175.68,0.42,\n")
    with fresh_database(mongodb_uri) as name, Api.opened(mongodb_uri, name, keys, fx_rates_file=str(rates)) as opened:
        yield opened


@pytest.fixture(scope="module")
def admin(api):
    return api.admin()


def paid_in(api: Api, currency: str | None = "EUR") -> Work:
    """Begin a project whose freelancer has chosen a currency."""
    work = Work.begun(api)
    if currency is not None:
        open_account(work.freelancer, currency=currency)
    return work


def quote(person, amount=9_000, target="EUR", source="USD"):
    body = {"source": {"amount": amount, "currency": source}, "target_currency": target}
    return person.post("/api/fx/quotes", body)


def release(work: Work, milestone, *, status=202, **body):
    return work.client.post("/api/escrow/release", {"milestone_id": milestone["id"], **body}, status=status)


def require_clean(admin, *, at_rest=True):
    report = admin.get(AUDIT)
    assert (report["violations"], report["at_rest"]) == ([], at_rest)
    assert all(gateway["ledger"] == gateway["reported"] for gateway in report["gateways"])
    return {(total["account"], total["currency"]): total["balance"] for total in report["totals"]}


def figures(conversion):
    return tuple(conversion[name]["amount"] for name in ("source", "middle", "spread", "target"))


def test_a_quote_is_what_the_freelancer_gets(api, admin):
    work = paid_in(api)
    milestone = work.funded(10_000)
    before = require_clean(admin)
    promised = quote(work.client)
    after = release(work, milestone, quote_id=promised["id"])
    (leg,) = after["legs"]
    assert figures(leg["conversion"]) == (9_000, 8_056, 81, 7_975) == figures(promised)
    assert (leg["conversion"]["state"], leg["conversion"]["quote_id"]) == ("asked", promised["id"])
    assert leg["conversion"]["rate"] == promised["rate"]
    assert leg["conversion"]["rate"]["date"] == str(TODAY - timedelta(days=1))
    assert amounts(after) == {"deposited": 10_000, "fees": 1_000, "releasing": 9_000}
    require_clean(admin, at_rest=False)
    api.settle()
    done = work.read(milestone["id"])
    assert (done["state"], done["legs"][0]["conversion"]["state"]) == ("released", "done")
    assert amounts(done) == {"deposited": 10_000, "fees": 1_000, "released": 9_000}
    now = require_clean(admin)
    moved = {place: now[place] - before.get(place, 0) for place in now if now[place] != before.get(place, 0)}
    assert moved == {
        ("escrow", "USD"): 10_000,
        ("fees", "USD"): -1_000,
        ("clearing:sandbox", "USD"): -9_000,
        ("clearing:sandbox", "EUR"): 81,
        ("fx_spread", "EUR"): -81,
    }
    command = api.run(api.store.require(Command, f"transfer:{milestone['id']}:1"))
    assert (command.money.amount, command.money.currency) == (7_975, "EUR")
    used = api.run(api.store.require(FxQuote, promised["id"]))
    assert (used.state, used.used_for) == ("used", f"fx:{milestone['id']}:1")


@pytest.mark.parametrize(
    ("currency", "comes_to"),
    [("EUR", (9_000, 8_056, 81, 7_975)), ("JPY", (9_000, 14_153, 142, 14_011)), ("BHD", (9_000, 33_835, 338, 33_497))],
)
def test_without_a_quote_the_rate_of_the_moment_counts(api, admin, currency, comes_to):
    work = paid_in(api, currency)
    milestone = work.submitted(10_000)
    overdue(api, milestone["id"], "auto_release_at")
    tick(api, "escrow-release-due-milestones")
    api.settle()
    conversion = work.read(milestone["id"])["legs"][0]["conversion"]
    assert figures(conversion) == comes_to
    assert (conversion["target"]["currency"], conversion["quote_id"]) == (currency, None)
    require_clean(admin)


def test_who_has_chosen_the_milestones_currency_or_none_is_paid_in_it(api, admin):
    for currency in ("USD", None):
        work = paid_in(api, currency)
        milestone = work.funded(10_000)
        (leg,) = release(work, milestone)["legs"]
        api.settle()
        assert leg["conversion"] is None
    require_clean(admin)


def test_where_no_rate_is_to_be_had_it_is_paid_in_the_milestones_currency(api, admin):
    work = paid_in(api, "KES")
    milestone = work.funded(10_000)
    (leg,) = release(work, milestone)["legs"]
    api.settle()
    assert (leg["conversion"], work.read(milestone["id"])["state"]) == (None, "released")
    require_clean(admin)


@pytest.mark.parametrize(
    ("case", "status", "code"),
    [
        ("another amount", 409, "quote_amount_differs"),
        ("another source", 409, "quote_amount_differs"),
        ("another target", 409, "quote_currency_differs"),
        ("over", 409, "quote_expired"),
        ("used", 409, "quote_used"),
        ("somebody else's", 404, "not_found"),
        ("none", 404, "not_found"),
        ("no quote's name", 422, "invalid"),
    ],
)
def test_a_quote_that_cannot_be_kept_moves_nothing(api, admin, case, status, code):
    work = paid_in(api)
    milestone = work.funded(10_000)
    made = {
        "another amount": lambda: quote(work.client, 8_999),
        "another source": lambda: quote(work.client, source="JPY"),
        "another target": lambda: quote(work.client, target="JPY"),
        "somebody else's": lambda: quote(work.freelancer),
        "none": lambda: {"id": new_id("fxq")},
        "no quote's name": lambda: {"id": milestone["id"]},
    }.get(case, lambda: quote(work.client))()
    if case == "over":
        due(api, "fx_quotes", made["id"], "expires_at")
    if case == "used":
        release(work, work.funded(10_000), quote_id=made["id"])
        api.settle()
    kept = api.run(api.store.get(FxQuote, made["id"]))
    answer = release(work, milestone, quote_id=made["id"], status=status)
    assert answer["code"] == code, answer
    assert work.read(milestone["id"]) == milestone
    assert api.run(api.store.get(FxQuote, made["id"])) == kept
    require_clean(admin)


def test_of_many_releases_at_once_with_one_quote_one_is_made_and_the_others_move_nothing(api, admin):
    work = paid_in(api)
    milestones = [work.funded(10_000) for _ in range(4)]
    promised = quote(work.client)
    asked = [{"milestone_id": each["id"], "version": each["version"], "quote_id": promised["id"]} for each in milestones]
    answers = together(api, *[(work.client, "POST", "/api/escrow/release", body) for body in asked * 2])
    assert [answer.status_code for answer in answers].count(202) == 1, answers
    assert {answer.json()["code"] for answer in answers if answer.status_code != 202} <= {
        "quote_used", "stale_version", "not_in_this_state", "unavailable",
    }  # fmt: skip
    api.settle()
    assert sorted(work.read(each["id"])["state"] for each in milestones) == ["funded", "funded", "funded", "released"]
    require_clean(admin)


def test_the_client_cannot_choose_the_currency_for_a_freelancer_who_has_not(api):
    work = paid_in(api, None)
    answer = release(work, work.funded(10_000), quote_id=quote(work.client)["id"], status=409)
    assert answer["code"] == "quote_currency_differs"


def test_a_gateway_that_does_not_convert_says_so_and_keeps_no_quote(api):
    work = paid_in(api)
    milestone = work.funded(10_000)
    api.run(api.store.database["milestones"].update_one({"_id": milestone["id"]}, {"$set": {"holding.gateway": "stripe"}}))
    answer = release(work, milestone, quote_id=quote(work.client)["id"], status=409)
    api.run(api.store.database["milestones"].update_one({"_id": milestone["id"]}, {"$set": {"holding.gateway": "sandbox"}}))
    assert answer["code"] == "conversion_not_offered"
    offers = {each["name"]: each["converts"] for each in work.client.get("/api/payment-gateways")["gateways"]}
    assert offers["sandbox"] is True


def test_a_payout_that_is_refused_is_owed_in_dollars_again_and_converted_anew(api, admin):
    work = paid_in(api)
    milestone = work.funded(10_000)
    sandbox = SandboxGateway(api.store)
    api.run(sandbox.block_payouts(work.freelancer.id, blocked=True))
    release(work, milestone, quote_id=quote(work.client)["id"])
    api.settle()
    blocked = work.read(milestone["id"], work.freelancer)
    assert (blocked["state"], blocked["legs"][0]["conversion"]["state"]) == ("payout_blocked", "undone")
    assert amounts(blocked)["releasing"] == 9_000
    assert require_clean(admin)["payable", "USD"] <= -9_000
    api.run(sandbox.block_payouts(work.freelancer.id, blocked=False))
    (account,) = payee_of(work.freelancer)["accounts"]
    work.freelancer.put(f"/api/payout-accounts/{account['id']}", {"password": PASSWORD, "currency": "JPY"})
    work.take(work.freelancer, blocked, "retry_payout")
    api.settle()
    conversion = work.read(milestone["id"])["legs"][0]["conversion"]
    assert (figures(conversion), conversion["state"], conversion["quote_id"]) == ((9_000, 14_153, 142, 14_011), "done", None)
    require_clean(admin)


def test_a_payout_that_comes_back_is_owed_in_dollars_again(api, admin):
    work = paid_in(api)
    milestone = work.funding(10_000, method="payout_returned")
    api.settle()
    release(work, milestone)
    api.settle()
    api.run(api.store.database["sandbox_objects"].update_many({"turns.state": "returned"}, [{"$set": {"settles_at": "$$NOW"}}]))
    tick(api, "payments-run-sandbox")
    api.settle()
    blocked = work.read(milestone["id"], work.freelancer)
    assert (blocked["state"], blocked["legs"][0]["conversion"]["state"]) == ("payout_blocked", "returned")
    require_clean(admin)
    work.take(work.freelancer, blocked, "retry_payout")
    api.settle()
    assert work.read(milestone["id"])["legs"][0]["conversion"]["state"] == "done"
    require_clean(admin)


def test_what_an_exchange_brings_less_than_was_quoted_is_the_platforms_loss(api, admin):
    before = require_clean(admin)
    work = paid_in(api)
    milestone = work.funding(10_000, method="exchange_below")
    api.settle()
    release(work, milestone)
    api.settle()
    after = require_clean_but_uncovered(admin)
    gained = after["fx_gain_loss", "EUR"] - before.get(("fx_gain_loss", "EUR"), 0)
    assert gained == 8_056 - 8_056 * 9_800 // 10_000 == 162
    assert work.read(milestone["id"])["legs"][0]["conversion"]["target"]["amount"] == 7_975


def require_clean_but_uncovered(admin):
    """Check the audit; what an exchange has lost may leave less at the gateways than is held there, which is an alert."""
    report = admin.get(AUDIT)
    assert all(violation["code"] == "held_money_uncovered" for violation in report["violations"])
    return {(total["account"], total["currency"]): total["balance"] for total in report["totals"]}


def test_a_converted_release_that_is_given_back_becomes_a_debt_in_dollars(api, admin):
    work = paid_in(api)
    milestone = work.funded(10_000)
    release(work, milestone)
    api.settle()
    work.take(work.freelancer, work.read(milestone["id"]), "refund")
    api.settle()
    after = work.read(milestone["id"])
    assert [leg["kind"] for leg in after["legs"]] == ["release", "refund"]
    assert payee_of(work.freelancer)["debts"] == [usd(9_000)]
    assert admin.get(AUDIT)["violations"] == []


def test_a_debt_is_kept_back_before_the_rest_is_converted(api):
    work = paid_in(api)
    first, second = work.funded(10_000), work.funded(20_000)
    release(work, first)
    api.settle()
    work.take(work.freelancer, work.read(first["id"]), "refund")
    api.settle()
    (leg,) = release(work, second)["legs"]
    assert (leg["offset"], figures(leg["conversion"])) == (usd(9_000), (9_000, 8_056, 81, 7_975))
    api.settle()
    assert work.read(second["id"])["state"] == "released"


def test_a_held_payout_keeps_no_quote_and_is_converted_when_the_hold_ends(api, admin):
    work = paid_in(api)
    milestone = work.funded(10_000)
    hold = admin.post("/api/admin/holds", {"user_id": work.freelancer.id, "reason": "Who are you?"})
    answer = release(work, milestone, quote_id=quote(work.client)["id"], status=409)
    assert answer["code"] == "quote_amount_differs"
    (leg,) = release(work, milestone)["legs"]
    assert (leg["state"], leg["conversion"]) == ("blocked", None)
    admin.post(f"/api/admin/holds/{hold['id']}/lift", {"reason": "We know now."}, status=200)
    api.settle()
    assert work.read(milestone["id"])["legs"][0]["conversion"]["state"] == "done"


def test_both_parties_see_the_conversion_in_the_history_and_the_freelancer_in_their_statement(api):
    work = paid_in(api)
    milestone = work.funded(10_000)
    release(work, milestone)
    api.settle()
    movements = work.client.get(f"/api/escrow/{milestone['id']}")["movements"]
    told = [(each["kind"], each["amount"]["amount"], each["amount"]["currency"]) for each in movements]
    assert told[-3:] == [("release", 10_000, "USD"), ("fx", 9_000, "USD"), ("transfer", 7_975, "EUR")]
    assert [each["releasing"]["amount"] for each in movements[-3:]] == [9_000, 9_000, 0]
    (payout,) = work.freelancer.get("/api/payouts")["items"]
    assert (payout["state"], figures(payout["conversion"])) == ("paid", (9_000, 8_056, 81, 7_975))
    period = f"from={TODAY - timedelta(days=1)}&to={TODAY + timedelta(days=1)}"
    answer = work.freelancer.call("GET", f"/api/statements?{period}")
    rows = csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig")))
    assert [(row["movement"], row["currency"], row["amount"], row["balance"]) for row in rows if row["amount"]] == [
        ("release", "USD", "90.00", "90.00"),
        ("fx", "USD", "-90.00", "0.00"),
        ("fx", "EUR", "79.75", "79.75"),
        ("transfer", "EUR", "-79.75", "0.00"),
    ]


def test_while_it_is_on_its_way_it_is_owed_in_the_other_currency(api):
    work = paid_in(api)
    milestone = work.funded(10_000)
    release(work, milestone)
    held = api.run(api.store.require(Milestone, milestone["id"])).holding
    assert (held.balances.payable, held.exchanging) == (0, 9_000)
    api.settle()
    resume(api)
    assert work.read(milestone["id"])["state"] == "released"
