"""The sandbox does what its table says, the offer and the page list the table, and each case can be lived through by hand."""

import re

import msgspec
import pytest

from freehold.documents import Command, Webhook
from freehold.domain.money import Money
from freehold.payments import GatewayUnavailable
from freehold.payments.gateway import PaymentQuery
from freehold.payments.sandbox import SANDBOX_OFFER, SandboxGateway
from freehold.payments.sandbox.scenarios import BY_METHOD, REASONS, SCENARIOS, Scenario, scenario_of
from freehold.store.audit import audit_ledger
from infra.keys import make_keys, write_secret
from tests.api import Api
from tests.escrow import Work, let_gateway_live, resume, tick
from tests.function_process import ROOT
from tests.ledgers import fresh_ledger
from tests.payments.benches import Deal

SWEEP = "payments-run-sandbox"
METHODS = [scenario.method for scenario in SCENARIOS]


def paid_with(ledger, scenario: Scenario) -> tuple[SandboxGateway, Deal]:
    """Pay as the scenario says, and let its time come."""
    gateway, deal = SandboxGateway(ledger.store), Deal(10_000, "USD", account_of=lambda _: "")
    try:
        ledger.run(gateway.fund(deal.fund(scenario.method)))
    except GatewayUnavailable:
        assert scenario.is_reply_lost
    pass_time(ledger, f"fund:{deal.milestone_id}")
    return gateway, deal


def pass_time(ledger, key: str) -> None:
    due = {"settles_at": {"$type": "date"}, "_id": key}
    ledger.run(ledger.store.database["sandbox_objects"].update_one(due, [{"$set": {"settles_at": "$$NOW"}}]))


def query(deal: Deal) -> PaymentQuery:
    return PaymentQuery(payment_id=deal.payment_id, milestone_id=deal.milestone_id)


@pytest.mark.parametrize("method", METHODS)
def test_a_payment_goes_as_the_table_says(ledger, method):
    scenario, gateway, deal = BY_METHOD[method], SandboxGateway(ledger.store), Deal(10_000, "USD", account_of=lambda _: "")
    if scenario.is_reply_lost:
        with pytest.raises(GatewayUnavailable):
            ledger.run(gateway.fund(deal.fund(method)))
    else:
        report = ledger.run(gateway.fund(deal.fund(method)))
        assert (report.outcome, report.reason) == (scenario.payment, scenario.reason)
        assert (report.action is not None) == scenario.must_act
    assert ledger.run(gateway.fund(deal.fund(method))).outcome == scenario.payment, "the same key says the same again"
    pass_time(ledger, f"fund:{deal.milestone_id}")
    known = ledger.run(gateway.capture_state(query(deal)))
    assert known.outcome == ("done" if scenario.paid_after_s is not None else scenario.payment)
    assert known.action is None


@pytest.mark.parametrize("kind", ["transfer", "refund"])
@pytest.mark.parametrize("method", [each.method for each in SCENARIOS if each.payment == "done"])
def test_payouts_and_refunds_go_as_the_table_says_and_their_repetition_shows_the_way_out(ledger, method, kind):
    scenario = BY_METHOD[method]
    spoilt = scenario.payout if kind == "transfer" else scenario.refund
    gateway, deal = paid_with(ledger, scenario)
    before = ledger.run(gateway.balance("USD"))
    asked = deal.transfer(10_000) if kind == "transfer" else deal.refund(10_000)
    move = gateway.transfer if kind == "transfer" else gateway.refund
    first = ledger.run(move(asked))
    assert first.outcome == ("refused" if spoilt == "refused" else "done")
    pass_time(ledger, asked.key)
    known = ledger.run(gateway.look_up(key=asked.key, milestone_id=deal.milestone_id))
    assert (known.outcome, known.reason) == ((spoilt, REASONS[spoilt]) if spoilt else ("done", None))
    if spoilt:
        assert ledger.run(gateway.balance("USD")) == before
        again = msgspec.structs.replace(asked, key=f"{asked.key}#2")
        assert ledger.run(move(again)).outcome == "done"
    assert ledger.run(gateway.balance("USD")) == before - Money(10_000, "USD")


@pytest.mark.parametrize("scenario", [each for each in SCENARIOS if each.amount_minor], ids=lambda each: each.method)
def test_an_amount_says_the_same_as_its_method_and_only_for_a_plain_card(scenario):
    assert scenario_of("card", scenario.amount_minor) is scenario
    assert scenario_of("card", scenario.amount_minor + 1).method != scenario.method
    assert scenario_of("bank_transfer", scenario.amount_minor).method == "bank_transfer"


def test_the_offer_and_the_page_list_the_table():
    assert [each.name for each in SANDBOX_OFFER.methods] == METHODS == list(dict.fromkeys(METHODS))
    assert len({each.amount_minor for each in SCENARIOS if each.amount_minor}) == sum(
        bool(each.amount_minor) for each in SCENARIOS
    )
    rows = re.findall(r"^\| `(\w+)` \| ([\d,.]*) \| (.+?) \|$", (ROOT / "docs" / "sandbox.md").read_text(), re.MULTILINE)
    expected = [(each.method, f"{each.amount_minor / 100:,.2f}" if each.amount_minor else "", each.says) for each in SCENARIOS]
    assert rows == expected


@pytest.fixture
def api(mongodb_uri, keys):
    with fresh_ledger(mongodb_uri) as ledger, Api.opened(mongodb_uri, ledger.store.database.name, keys) as opened:
        yield opened
        assert opened.run(audit_ledger(opened.store)).violations == ()


def funded_with(api: Api, method: str) -> tuple[Work, str]:
    work = Work.begun(api)
    milestone = work.funding(method=method)
    try:
        api.settle()
    except AssertionError:
        assert BY_METHOD[method].is_reply_lost
    resume(api)
    return work, milestone["id"]


@pytest.mark.parametrize("method", ["card_late", "card_requires_action", "bank_transfer"])
def test_a_late_payment_is_told_of_by_webhook(api, method):
    work, milestone_id = funded_with(api, method)
    assert work.read(milestone_id)["state"] == "funding"
    let_gateway_live(api)
    assert work.read(milestone_id)["state"] == "funded"
    assert [each.state for each in api.run(api.store.find(Webhook, {}))] == ["done"]


def test_a_lost_reply_is_looked_up(api):
    work, milestone_id = funded_with(api, "card_lost_reply")
    assert work.read(milestone_id)["state"] == "funded"
    assert api.run(api.store.require(Command, f"fund:{milestone_id}")).tries == 2


def test_a_webhook_that_comes_three_times_is_kept_once(api):
    work, milestone_id = funded_with(api, "card_duplicate_webhook")
    let_gateway_live(api)
    assert work.read(milestone_id)["state"] == "funded"
    assert len(api.run(api.store.find(Webhook, {}))) == 1


@pytest.mark.parametrize("method", ["payout_refused", "payout_returned"])
def test_a_spoilt_payout_is_blocked_until_it_is_tried_again(api, method):
    work, milestone_id = funded_with(api, method)
    work.take(work.client, work.read(milestone_id), "release")
    api.settle()
    let_gateway_live(api)
    blocked = work.read(milestone_id, work.freelancer)
    assert blocked["state"] == "payout_blocked"
    work.take(work.freelancer, blocked, "retry_payout")
    api.settle()
    let_gateway_live(api)
    assert work.read(milestone_id)["state"] == "released"


@pytest.mark.parametrize(("method", "held"), [("card_chargeback", 19_005), ("card_chargeback_lost", 0)])
def test_a_chargeback_is_opened_and_decided(api, method, held):
    work, milestone_id = funded_with(api, method)
    assert work.read(milestone_id)["money"]["held"]["amount"] == 19_005
    let_gateway_live(api)
    assert work.client.call("POST", "/api/escrow/release", {"milestone_id": milestone_id}).status_code == 409
    let_gateway_live(api)
    assert work.read(milestone_id)["money"]["held"]["amount"] == held
    assert [each.state for each in api.run(api.store.find(Webhook, {}))] == ["done", "done"]


def test_production_lets_no_sandbox_live(mongodb_uri, database, tmp_path):
    make_keys(tmp_path, development=False)
    write_secret(tmp_path / "mongodb-uri", mongodb_uri)
    with Api.opened(mongodb_uri, database, tmp_path, environment="production") as api:
        assert tick(api, SWEEP) == 0
