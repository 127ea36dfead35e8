"""Where people are paid: opening, changing and asking; the password once more; the hold that a change starts."""

import pytest

from freehold.documents import PayeeProfile
from freehold.domain.news import Payee
from freehold.payments.sandbox import SandboxGateway
from freehold.store import now
from freehold.store.payout_accounts import record_news_of
from tests.api import PASSWORD, Api
from tests.escrow import tick
from tests.hiring import fields_at_fault
from tests.payees import due, end_holds, open_account, payee_of

CHECK, LIFT = "payouts-check-payout-accounts", "payouts-lift-ended-holds"


def change(person, account_id, *, status=200, **body):
    return person.put(f"/api/payout-accounts/{account_id}", {"password": PASSWORD, **body}, status=status)


def told(person):
    items = reversed(person.get("/api/notifications?limit=100")["items"])
    return [(item["data"]["what"], item["data"]["state"]) for item in items if item["kind"] == "payoutUpdate"]


def test_an_account_is_opened_at_the_gateway_and_ready_without_a_hold_for_the_first(api: Api):
    person = api.register()
    assert payee_of(person) == {"user_id": person.id, "accounts": [], "holds": [], "debts": [], "version": None}
    asked = open_account(person, settle=False)
    (account,) = asked["accounts"]
    assert (account["state"], account["gateway"], account["currency"]) == ("opening", "sandbox", "EUR")
    assert (account["address"], account["is_default"], asked["holds"]) == (person.email, True, [])
    api.settle()
    (account,) = payee_of(person)["accounts"]
    assert (account["state"], account["reasons"], account["action"]) == ("ready", [], None)
    assert told(person) == [("account", "ready")]


def test_a_changed_account_takes_the_place_of_the_old_one_and_holds_payouts_for_three_days_with_a_reason(api: Api):
    person = api.register()
    first = open_account(person)["accounts"][0]
    after = open_account(person, address="other@example.org")
    (account,) = after["accounts"]
    assert (account["id"] != first["id"], account["address"], account["is_default"]) == (True, "other@example.org", True)
    (hold,) = after["holds"]
    assert (hold["kind"], "if it was not you" in hold["reason"]) == ("security", True)
    stored = api.run(api.store.require(PayeeProfile, person.id)).holds[0]
    assert 3 * 86_400 - 120 < (stored.until - stored.since).total_seconds() < 3 * 86_400 + 120
    assert told(person)[-2:] in [[("hold", "held"), ("account", "ready")], [("account", "ready"), ("hold", "held")]]


def test_another_change_begins_the_hold_anew_and_does_not_add_one(api: Api):
    person = api.register()
    open_account(person)
    first = open_account(person)["holds"]
    (second,) = open_account(person)["holds"]
    assert second["id"] != first[0]["id"]


def test_a_hold_is_lifted_when_its_time_is_over_by_the_databases_clock_and_not_before(api: Api):
    api.drain(LIFT)
    person = api.register()
    open_account(person)
    open_account(person)
    assert tick(api, LIFT) == 0
    assert len(payee_of(person)["holds"]) == 1
    end_holds(api, person.id)
    assert tick(api, LIFT) == 1
    assert payee_of(person)["holds"] == []
    api.settle()
    assert told(person)[-1] == ("hold", "lifted")
    assert tick(api, LIFT) == 0


@pytest.mark.parametrize("password", ["wrong horse battery staple", "x"])
def test_a_session_alone_changes_nothing_about_where_somebody_is_paid(api: Api, password):
    person = api.register()
    assert open_account(person, password=password, status=403)["code"] == "wrong_password"
    assert payee_of(person)["accounts"] == []
    (account,) = open_account(person)["accounts"]
    assert change(person, account["id"], password=password, currency="USD", status=403)["code"] == "wrong_password"
    assert payee_of(person)["accounts"][0]["currency"] == "EUR"


def test_a_password_cannot_be_guessed_there(mongodb_uri, database, keys):
    with Api.opened(mongodb_uri, database, keys, rate_auth_per_minute="3") as api:
        person = api.register()
        answers = [person.call("POST", "/api/payout-accounts", _body(password=f"guess {n}")).status_code for n in range(5)]
        assert answers == [403, 403, 403, 429, 429]
        assert person.call("POST", "/api/payout-accounts", _body()).status_code == 429


def _body(**fields):
    return {"password": PASSWORD, "country": "IT", "currency": "EUR", **fields}


@pytest.mark.parametrize(
    ("fields", "at_fault"),
    [
        ({"country": "Italy"}, "body.country"),
        ({"country": "it"}, "body.country"),
        ({"currency": "eur"}, "body.currency"),
        ({"currency": "XTS"}, "body.currency"),
        ({"address": "nobody"}, "body.address"),
        ({"gateway": "../x"}, "body.gateway"),
    ],
)
def test_what_cannot_be_an_account_is_refused_by_its_field(api: Api, fields, at_fault):
    assert fields_at_fault(open_account(api.register(), status=422, **fields)) == [at_fault]


def test_a_gateway_that_is_not_there_opens_no_account(api: Api):
    assert open_account(api.register(), gateway="nowhere", status=409)["code"] == "gateway_not_available"


def test_clients_alone_are_paid_nothing(api: Api):
    open_account(api.register(roles=["employer"]), status=403)


def test_the_currency_is_changed_without_a_hold_and_only_as_it_was_seen(api: Api):
    person = api.register()
    seen = open_account(person)
    account_id = seen["accounts"][0]["id"]
    after = change(person, account_id, currency="USD", version=seen["version"])
    assert (after["accounts"][0]["currency"], after["holds"]) == ("USD", [])
    assert change(person, account_id, currency="GBP", version=seen["version"], status=409)["code"] == "stale_version"
    assert fields_at_fault(change(person, account_id, currency="XXX", status=422)) == ["body.currency"]


def test_nobody_touches_somebody_elses_account(api: Api):
    account_id = open_account(api.register())["accounts"][0]["id"]
    other = api.register()
    open_account(other)
    assert change(other, account_id, currency="USD", status=404)["code"] == "not_found"
    other.post(f"/api/payout-accounts/{account_id}/check", status=404)


def test_what_the_gateway_says_later_is_found_by_asking_and_its_reason_is_shown(api: Api):
    api.drain(CHECK)
    person = api.register()
    open_account(person)
    sandbox = SandboxGateway(api.store)
    api.run(sandbox.block_payouts(person.id, blocked=True))
    assert tick(api, CHECK) == 0
    due(api, "payees", person.id, "check_at")
    assert tick(api, CHECK) == 1
    api.settle()
    (account,) = payee_of(person)["accounts"]
    assert (account["state"], account["reasons"]) == ("restricted", ["payouts_blocked"])
    api.run(sandbox.block_payouts(person.id, blocked=False))
    person.post(f"/api/payout-accounts/{account['id']}/check", status=202)
    api.settle()
    assert payee_of(person)["accounts"][0]["state"] == "ready"
    assert told(person) == [("account", "ready"), ("account", "restricted"), ("account", "ready")]


def test_what_the_gateway_tells_by_itself_is_taken_in_and_of_an_account_of_nobody_not(api: Api):
    person = api.register()
    open_account(person)

    def tell(gateway, payee):
        return api.run(api.store.transact(lambda unit: record_news_of(unit, gateway, payee, now=now()), deadline_s=5))

    news = Payee(account=person.id, state="restricted", reasons=("documents_missing",))
    assert tell("sandbox", news) is True
    assert payee_of(person)["accounts"][0]["reasons"] == ["documents_missing"]
    assert tell("elsewhere", news) is False
    assert tell("sandbox", Payee(account="acct_nobody", state="ready")) is False
