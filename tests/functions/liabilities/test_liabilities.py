"""What is owed is stated for all and shown to each, and agrees with the log to the cent."""

import json

import pytest

from freehold.documents import LiabilityStatement, Milestone, OwedLeaf
from freehold.domain.conversion import Rate, Terms
from freehold.domain.errors import InvalidValue
from freehold.domain.escrow import Facts, take
from freehold.store import now
from freehold.store.liabilities import asked_for, state
from freehold.store.milestones import write_step
from tests.api import Api, Person
from tests.escrow import Work, tick
from tests.logs_of_money import append_all, export, paid_out, verified

pytestmark = pytest.mark.own_ledger

WHY = {"reason": "An auditor asks."}
STATE = "liabilities-state-liabilities"


def stated(api: Api) -> dict:
    """Ask for a statement, let it be stated and signed, and read it."""
    asked = api.admin().post("/api/admin/liabilities", WHY, status=202)
    while tick(api, STATE):
        pass
    append_all(api)
    statement = api.call("GET", "/api/liabilities").json()
    assert statement["id"] == asked["id"]
    return statement


def own(person: Person) -> dict[str, int]:
    return {each["amount"]["currency"]: each["amount"]["amount"] for each in person.get("/api/liabilities/own")["balances"]}


def totals(statement: dict) -> dict[str, int]:
    return {each["total"]["currency"]: each["total"]["amount"] for each in statement["totals"]}


def test_held_money_is_owed_to_the_client_and_released_money_to_the_freelancer(api):
    work, other = Work.begun(api), Work.begun(api)
    work.funded(19_005)
    other.funded(2_500)
    milestone = work.submitted(10_000)
    work.take(work.client, milestone, "release")
    payable = work.read(milestone["id"])["money"]["releasing"]["amount"]
    append_all(api)
    statement = stated(api)
    assert own(work.client) == {"USD": 19_005}
    assert own(other.client) == {"USD": 2_500}
    assert own(work.freelancer) == {"USD": payable}
    assert own(other.freelancer) == {}
    assert totals(statement) == {"USD": 19_005 + 2_500 + payable}
    assert statement["totals"][0]["count"] == 3


def test_what_is_converted_is_owed_in_the_freelancers_currency_while_it_is_on_its_way(api, tmp_path):
    work = Work.begun(api)
    milestone = work.funded(10_000)
    append_all(api)
    rate = Rate(source_per_euro="1.1172", target_per_euro="1", date="2026-11-27", published_by="ECB")

    async def convert(unit):
        facts = Facts(terms=Terms(currency="EUR", rate=rate, spread_basis_points=100))
        held = await unit.require(Milestone, milestone["id"])
        await write_step(unit, held, take(held.held(), "release", by="client", facts=facts), now=now())

    api.run(api.store.transact(convert, deadline_s=5))
    append_all(api)
    statement = stated(api)
    assert (own(work.freelancer), own(work.client)) == ({"EUR": 7_975}, {})
    assert totals(statement) == {"EUR": 7_975}
    (tmp_path / "statement").write_text(statement["statement"])
    assert verified(**export(api.admin(), tmp_path), statement=tmp_path / "statement")


def test_each_user_verifies_their_part_with_the_standalone_verifier(api, tmp_path, capsys):
    work = Work.begun(api)
    work.funded()
    for _ in range(3):
        Work.begun(api).funded(777)
    append_all(api)
    statement = stated(api)
    (tmp_path / "statement").write_text(statement["statement"])
    (tmp_path / "own").write_text(json.dumps(work.client.get("/api/liabilities/own")))
    assert verified(key=statement["keys"][0], owed=tmp_path / "own", statement=tmp_path / "statement")
    assert f"19005 of {19_005 + 3 * 777} USD (minor units) owed to {work.client.id}" in capsys.readouterr().out
    (tmp_path / "own").write_text(json.dumps(work.freelancer.get("/api/liabilities/own")))
    assert verified(key=statement["keys"][0], owed=tmp_path / "own")


def test_the_totals_are_what_the_exported_log_leaves_owed(api, tmp_path, capsys):
    work = Work.begun(api, agreed=100_000)
    work.funded()
    paid_out(work)
    append_all(api)
    statement = stated(api)
    paid_out(work)
    append_all(api)
    (tmp_path / "statement").write_text(statement["statement"])
    assert verified(**export(api.admin(), tmp_path), statement=tmp_path / "statement")
    assert "1 statements" in capsys.readouterr().out


def test_money_that_moves_while_its_journals_wait_for_the_log_is_owed_as_the_log_says(api, tmp_path):
    work = Work.begun(api, agreed=100_000)
    milestone = work.submitted(10_000)
    append_all(api)
    work.funded(5_000)
    work.take(work.client, milestone, "release")
    api.settle()
    api.admin().post("/api/admin/liabilities", WHY, status=202)
    assert tick(api, STATE) == 1
    append_all(api)
    statement = api.call("GET", "/api/liabilities").json()
    assert totals(statement) == {"USD": 10_000}
    assert own(work.client) == {"USD": 10_000}
    (tmp_path / "statement").write_text(statement["statement"])
    assert verified(**export(api.admin(), tmp_path), statement=tmp_path / "statement")


def test_a_statement_that_leaves_somebody_out_differs_from_the_log(api, tmp_path, capsys):
    work = Work.begun(api)
    work.funded()
    append_all(api)
    api.admin().post("/api/admin/liabilities", WHY, status=202)
    assert tick(api, STATE) == 1
    smaller = [{"currency": "USD", "total": 1, "count": 1, "root": bytes(32)}]
    api.run(api.store.collection(LiabilityStatement).update_one({"state": "stated"}, {"$set": {"totals": smaller}}))
    append_all(api)
    statement = api.call("GET", "/api/liabilities").json()
    (tmp_path / "statement").write_text(statement["statement"])
    assert not verified(**export(api.admin(), tmp_path), statement=tmp_path / "statement")
    assert "does not say what they leave owed" in capsys.readouterr().err


def test_it_is_stated_once_an_hour_unasked_by_the_databases_clock(api):
    Work.begun(api).funded()
    append_all(api)
    assert tick(api, STATE) == 1
    assert tick(api, STATE) == 0
    long_ago = [{"$set": {"asked_at": {"$dateSubtract": {"startDate": "$$NOW", "unit": "second", "amount": 3_601}}}}]
    api.run(api.store.collection(LiabilityStatement).update_many({}, long_ago))
    assert tick(api, STATE) == 1


def test_nothing_is_published_before_it_is_signed(api):
    Work.begun(api).funded()
    assert api.call("GET", "/api/liabilities").status_code == 404
    append_all(api)
    api.admin().post("/api/admin/liabilities", WHY, status=202)
    assert tick(api, STATE) == 1
    assert api.call("GET", "/api/liabilities").status_code == 404
    append_all(api)
    assert api.call("GET", "/api/liabilities").status_code == 200


def test_who_asks_while_one_waits_gets_that_one(api):
    admin = api.admin()
    assert admin.post("/api/admin/liabilities", WHY, status=202) == admin.post("/api/admin/liabilities", WHY, status=202)
    api.register().post("/api/admin/liabilities", WHY, status=403)


def test_before_the_log_has_begun_nothing_is_stated(api):
    api.admin().post("/api/admin/liabilities", WHY, status=202)
    assert tick(api, STATE) == 0
    append_all(api)
    assert tick(api, STATE) == 1


def test_two_that_state_the_same_at_once_leave_one_tree(api):
    work = Work.begun(api)
    work.funded()
    append_all(api)
    api.admin().post("/api/admin/liabilities", WHY, status=202)
    asked = api.run(asked_for(api.store))
    api.run(state(api.store, asked))  # who came too late, and whose leaves nobody asks for
    assert tick(api, STATE) == 1
    append_all(api)
    assert own(work.client) == {"USD": 19_005}
    assert len(api.run(api.store.find(OwedLeaf, {}))) == 2


def test_whoever_would_be_owed_less_than_nothing_stops_the_statement(api):
    work = Work.begun(api)
    milestone = work.funded()
    append_all(api)
    lines = [{"account": f"escrow:{milestone['id']}", "amount": 30_000, "currency": "USD"}]
    api.run(api.store.database["journals"].update_one({"milestone_id": milestone["id"]}, {"$set": {"lines": lines}}))
    api.admin().post("/api/admin/liabilities", WHY, status=202)
    with pytest.raises(InvalidValue, match="is owed -30000"):
        api.run(state(api.store, api.run(asked_for(api.store))))
    assert api.tick(STATE).status_code >= 400


def test_salts_and_places_change_with_every_statement(api):
    work = Work.begun(api)
    work.funded()
    append_all(api)
    leaves = []
    for _ in range(2):
        stated(api)
        leaves.append(work.client.get("/api/liabilities/own")["balances"][0]["leaf"])
    assert leaves[0] != leaves[1]
    assert json.loads(leaves[0]).keys() == {"amount", "currency", "salt", "user_id"}
