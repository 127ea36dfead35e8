"""Webhooks at the public door, about real milestones: duplicated, reordered, late, early, forged, old, false."""

from datetime import timedelta
from typing import Any

import httpx
import msgspec
import pytest

from freehold.documents import Command, Document, Journal, OutboxRow, PayeeProfile, PayoutAccount, Webhook
from freehold.domain.money import Money
from freehold.domain.news import ChargebackNews, Payee, PayeeNews
from freehold.domain.settlement import ChargebackReport
from freehold.events import EventEnvelope
from freehold.ids import new_id
from freehold.payments.sandbox import SandboxGateway
from freehold.payments.webhooks import HEADER, TOLERANCE_S, sign
from freehold.store import Unit, now
from freehold.store.webhooks import TRIES_FOR_A_PAYEE
from infra.keys import make_keys, write_secret
from tests.api import Api
from tests.escrow import Work, amounts, tick
from tests.payments.telling import signed, told
from tests.security.snapshots import fingerprints

PATH = "/api/webhooks/sandbox"
SWEEP = "payments-handle-waiting-webhooks"


class Told:
    """A payment gateway that tells things, and what became of them."""

    def __init__(self, api: Api) -> None:
        self.api = api

    def send(self, news: Any, *, path: str = PATH, **fields: Any) -> httpx.Response:
        body, headers = self.api.run(signed(self.api.store, news, **fields))
        return self.api.call("POST", path, content=body, headers=headers)

    def command(self, key: str) -> Command:
        return self.api.run(self.api.store.require(Command, key))

    def inbox(self, event_id: str) -> Webhook:
        found = self.api.run(self.api.store.first(Webhook, {"event_id": event_id}))
        assert found is not None
        return found

    def tell(self, news: Any) -> str:
        """Tell something new and let it have its effect; answer what became of it."""
        event_id = new_id("evt")
        answer = self.send(news, event_id=event_id)
        assert (answer.status_code, answer.json()) == (200, {"duplicate": False}), answer.text
        self.api.settle()
        return self.inbox(event_id).state

    def journals(self, milestone_id: str) -> list[str]:
        order = (("milestone_version", 1), ("n", 1))
        found = self.api.run(self.api.store.find(Journal, {"milestone_id": milestone_id}, sort=order))
        return [journal.key for journal in found]


@pytest.fixture
def gateway(api: Api) -> Told:
    return Told(api)


@pytest.fixture
def work(api: Api) -> Work:
    return Work.begun(api)


def asked(work: Work, *, method: str = "never_paid") -> tuple[str, str]:
    """Ask to pay for a milestone, and let the gateway know; give the milestone and its command."""
    milestone = work.funding(method=method)
    work.api.settle()
    return milestone["id"], f"fund:{milestone['id']}"


def test_a_payment_is_taken_in_when_the_gateway_tells_of_it(work, gateway):
    milestone_id, key = asked(work)
    assert gateway.tell(told(gateway.command(key))) == "done"
    funded = work.read(milestone_id)
    assert (funded["state"], amounts(funded)) == ("funded", {"deposited": 19_005, "held": 19_005})
    assert gateway.command(key).state == "settled"
    assert len(gateway.journals(milestone_id)) == 1


def test_an_event_that_comes_again_is_thanked_for_and_has_no_second_effect(work, gateway):
    milestone_id, key = asked(work)
    news, event_id = told(gateway.command(key)), new_id("evt")
    answers = [gateway.send(news, event_id=event_id) for _ in range(3)]
    assert [answer.json()["duplicate"] for answer in answers] == [False, True, True]
    work.api.settle()
    assert gateway.send(news, event_id=event_id).json() == {"duplicate": True}
    assert gateway.tell(news) == "done", "the same news as another event"
    assert len(gateway.journals(milestone_id)) == 1
    assert gateway.api.run(gateway.api.store.count(Webhook, {"event_id": event_id}, limit=9)) == 1


def test_events_that_come_in_the_wrong_order_end_as_in_the_right_one(work, gateway):
    milestone_id, key = asked(work)
    command = gateway.command(key)
    assert gateway.tell(told(command)) == "done"
    for late in ("pending", "refused", "cancelled", "done"):
        assert gateway.tell(told(command, late)) == "done"
    assert work.read(milestone_id)["state"] == "funded"
    assert len(gateway.journals(milestone_id)) == 1


def test_a_payment_that_was_refused_and_is_paid_after_all_is_taken_in(work, gateway):
    milestone_id, key = asked(work)
    command = gateway.command(key)
    assert gateway.tell(told(command, "refused", reason="insufficient_funds")) == "done"
    assert (work.read(milestone_id)["actions"], gateway.command(key).state) == (["fund", "cancel"], "settled")
    assert gateway.tell(told(command)) == "done"
    assert work.read(milestone_id)["state"] == "funded"


def test_a_payment_that_is_told_of_long_after_its_milestone_was_cancelled_goes_back(work, gateway):
    milestone_id, key = asked(work)
    work.take(work.client, work.read(milestone_id), "cancel")
    assert gateway.tell(told(gateway.command(key))) == "done"
    assert [journal.partition(":")[0] for journal in gateway.journals(milestone_id)][:2] == ["deposit", "reserve"]
    assert amounts(work.read(milestone_id))["deposited"] == 19_005


def test_what_is_told_before_its_command_was_sent_counts_and_it_is_not_sent_any_more(work, gateway, api):
    milestone = work.funding(method="card_declined")
    key = f"fund:{milestone['id']}"
    assert (gateway.command(key).state, gateway.command(key).tries) == ("waiting", 0)
    body, headers = api.run(signed(api.store, told(gateway.command(key))))
    assert api.call("POST", PATH, content=body, headers=headers).status_code == 200
    assert [tick(api, SWEEP), gateway.command(key).state] == [0, "waiting"], "its event has time to come first"
    age_webhooks(api)
    assert tick(api, SWEEP) >= 1
    api.settle()
    assert work.read(milestone["id"])["state"] == "funded"
    assert api.run(api.store.database["sandbox_objects"].count_documents({"group": milestone["id"]})) == 0


def age_webhooks(api: Api) -> None:
    old = {"$dateSubtract": {"startDate": "$$NOW", "unit": "minute", "amount": 5}}
    api.run(api.store.database["webhook_inbox"].update_many({"state": "waiting"}, [{"$set": {"received_at": old}}]))


def test_a_payout_is_taken_in_when_the_gateway_tells_of_it_first(work, gateway):
    milestone = work.take(work.client, work.submitted(), "release")
    assert gateway.tell(told(gateway.command(f"transfer:{milestone['id']}:1"))) == "done"
    assert work.read(milestone["id"])["state"] == "released"
    assert [key.partition(":")[0] for key in gateway.journals(milestone["id"])] == ["deposit", "release", "transfer"]


def test_what_nobody_here_asked_for_is_kept_for_a_person(work, gateway):
    milestone_id, key = asked(work)
    right = told(gateway.command(key))
    strange = [
        msgspec.structs.replace(right, key=f"fund:{new_id('mst')}"),
        msgspec.structs.replace(right, milestone_id=new_id("mst")),
        msgspec.structs.replace(right, kind="refund"),
        ChargebackNews(report=chargeback(new_id("mst"), new_id("pay"))),
    ]
    assert [gateway.tell(news) for news in strange] == ["unmatched"] * len(strange)
    assert work.read(milestone_id)["state"] == "funding"
    assert gateway.tell(right) == "done"


def test_of_a_chargeback_the_payment_is_taken_in_first(work, gateway):
    milestone_id, key = asked(work)
    payment_id = gateway.command(key).payment_id
    gateway.api.run(
        gateway.api.store.database["sandbox_objects"].update_one({"payment_id": payment_id}, {"$set": {"state": "done"}})
    )
    gateway.tell(ChargebackNews(report=chargeback(milestone_id, payment_id)))
    assert gateway.journals(milestone_id)[0] == f"deposit:{payment_id}"
    assert gateway.command(key).state == "settled"


def chargeback(milestone_id: str, payment_id: str) -> ChargebackReport:
    """A payer's bank that takes 10.00 USD back."""
    amount = Money(1_000, "USD")
    return ChargebackReport(id=new_id("evt"), payment_id=payment_id, milestone_id=milestone_id, state="opened", money=amount)


def test_a_payees_account_stands_as_its_gateway_tells(api, gateway):
    freelancer, at = api.register(), now()
    account = PayoutAccount(
        id=new_id("poa"), gateway="sandbox", country="IT", currency="EUR", account=freelancer.id, state="pending", opened_at=at
    )
    other = msgspec.structs.replace(account, id=new_id("poa"), gateway="elsewhere")
    insert(api, PayeeProfile(id=freelancer.id, accounts=(account, other), created_at=at, updated_at=at))
    assert gateway.tell(PayeeNews(payee=Payee(account=freelancer.id, state="ready"))) == "done"
    stored = api.run(api.store.require(PayeeProfile, freelancer.id))
    assert [each.state for each in stored.accounts] == ["ready", "pending"]


def test_an_account_that_is_not_known_yet_is_waited_for_a_while(api, gateway):
    news, event_id = PayeeNews(payee=Payee(account=new_id("usr"), state="ready")), new_id("evt")
    gateway.send(news, event_id=event_id)
    api.settle()
    assert (gateway.inbox(event_id).state, gateway.inbox(event_id).tries) == ("waiting", 1)
    for _ in range(TRIES_FOR_A_PAYEE):
        api.run(api.store.database["webhook_inbox"].update_many({"state": "waiting"}, [{"$set": {"due_at": "$$NOW"}}]))
        tick(api, SWEEP)
    assert gateway.inbox(event_id).state == "unmatched"


def insert(api: Api, document: Document) -> None:
    async def work(unit: Unit) -> None:
        unit.insert(document)

    api.run(api.store.transact(work, deadline_s=5))


def test_what_says_nothing_that_we_act_on_is_kept_and_has_no_effect(api, gateway):
    before = api.run(api.store.database["outbox"].count_documents({}))
    event_id = new_id("evt")
    assert gateway.send(None, event_id=event_id).status_code == 200
    assert gateway.inbox(event_id).state == "ignored"
    assert api.run(api.store.database["outbox"].count_documents({})) == before


def test_forged_altered_old_and_unsigned_ones_are_refused_and_leave_nothing(work, gateway, api):
    _, key = asked(work)
    body, headers = api.run(signed(api.store, told(gateway.command(key))))
    _, old = api.run(signed(api.store, None, at=now() - timedelta(seconds=TOLERANCE_S + 60)))
    late_body, late = api.run(signed(api.store, told(gateway.command(key)), at=now() - timedelta(seconds=TOLERANCE_S + 60)))
    early_body, early = api.run(signed(api.store, told(gateway.command(key)), at=now() + timedelta(seconds=TOLERANCE_S + 60)))
    before = fingerprints(api)
    cases: list[tuple[bytes, dict[str, str]]] = [
        (body, {}),
        (body, {HEADER: ""}),
        (body, {HEADER: "t=1,v1=" + "0" * 64}),
        (body, {HEADER: headers[HEADER][:-1] + ("0" if headers[HEADER][-1] != "0" else "1")}),
        (body, old),
        (body + b" ", headers),
        (body.replace(b"19005", b"99005"), headers),
        (b"", headers),
        (b"[" * 60_000, headers),
        (b"\xff\x00", headers),
        (late_body, late),
        (early_body, early),
    ]
    for forged, its_headers in cases:
        answer = api.call("POST", PATH, content=forged, headers=its_headers)
        assert (answer.status_code, answer.json()["code"]) == (400, "webhook_not_trusted"), answer.text
    assert fingerprints(api) == before


ODD_AMOUNT = (
    b'{"id":"evt_1","type":"x","news":{"type":"command","kind":"payment","key":"k","milestone_id":"m","report":'
    b'{"outcome":"done","reference":"r","money":{"amount":%s,"currency":"USD"}}}}'
)


@pytest.mark.parametrize(
    "content",
    [
        b"{}", b"[]", b"null", b"1", b"x", b'{"id":"","type":"x"}', b'{"id":5,"type":"x"}',
        b'{"id":"' + b"a" * 256 + b'","type":"x"}',
        b'{"id":"evt_1","type":"x","news":{"type":"nonsense"}}',
        *(ODD_AMOUNT % amount for amount in (b"9007199254740992", b"-9007199254740992", b"1.5", b"1e400", b'"1"', b"null")),
    ],
)  # fmt: skip
def test_what_is_signed_and_no_event_is_refused(api, content):
    async def headers() -> dict[str, str]:
        return sign(content, key=await SandboxGateway(api.store).webhook_key(), at=now())

    its_headers = api.run(headers())
    before = fingerprints(api)
    answer = api.call("POST", PATH, content=content, headers=its_headers)
    assert (answer.status_code, answer.json()["code"]) == (400, "webhook_not_trusted"), answer.text
    assert fingerprints(api) == before


@pytest.mark.parametrize("name", ["none", "SANDBOX", "stripe_", "a" * 64])
def test_a_gateway_that_is_not_here_is_not_found(gateway, name):
    answer = gateway.send(None, path=f"/api/webhooks/{name}")
    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")


def test_production_takes_no_webhook_of_the_sandbox(mongodb_uri, database, tmp_path):
    make_keys(tmp_path, development=False)
    write_secret(tmp_path / "mongodb-uri", mongodb_uri)
    with Api.opened(mongodb_uri, database, tmp_path, environment="production") as api:
        assert Told(api).send(None).status_code == 404


@pytest.mark.parametrize(
    ("amount", "currency"),
    [(19_006, "USD"), (19_004, "USD"), (19_005, "EUR"), (0, "USD"), (-19_005, "USD"), (2**53 - 1, "USD")],
)
def test_a_payout_of_another_amount_or_currency_than_was_asked_for_moves_nothing(work, gateway, amount, currency):
    milestone = work.take(work.client, work.submitted(), "release")
    command = gateway.command(f"transfer:{milestone['id']}:1")
    event_id = new_id("evt")
    assert gateway.send(told(command, amount=amount, currency=currency), event_id=event_id).status_code == 200
    handle(gateway.api, event_id)
    refused = gateway.inbox(event_id)
    assert (refused.state, str(refused.error).partition(":")[0]) == ("refused", "payment_not_expected")
    assert [key.partition(":")[0] for key in gateway.journals(milestone["id"])] == ["deposit", "release"]
    assert gateway.command(command.id).state == "waiting", "the gateway itself knows of no such payout"
    work.api.settle()
    assert work.read(milestone["id"])["state"] == "released"


def handle(api: Api, event_id: str) -> None:
    """Let one webhook have its effect, and nothing else."""
    row = api.run(api.store.first(Webhook, {"event_id": event_id}))
    asked_for = api.run(api.store.first(OutboxRow, {"aggregate": row.id, "type": "webhook.received"}))
    envelope = EventEnvelope(
        id=asked_for.id, type=asked_for.type, aggregate=asked_for.aggregate,
        aggregate_version=asked_for.aggregate_version, n=asked_for.n, body=asked_for.body,
    )  # fmt: skip
    assert api.deliver("payments-handle-webhook", envelope).status_code == 200


def test_money_that_did_move_and_that_no_milestone_can_take_in_sticks_for_a_person(work, gateway):
    milestone = work.take(work.client, work.submitted(), "release")
    key = f"transfer:{milestone['id']}:1"
    work.api.run(work.api.store.database["commands"].update_one({"_id": key}, {"$set": {"money.amount": 17_000}}))
    carried = [each for each in pending(work.api) if each.body.get("command_key") == key]
    work.api.deliver("payments-carry-out-command", carried[0])
    assert gateway.command(key).state == "stuck"
    assert gateway.tell(told(gateway.command(key))) == "refused"
    assert gateway.command(key).state == "stuck"
    assert [each.partition(":")[0] for each in gateway.journals(milestone["id"])] == ["deposit", "release"]
    work.api.run(work.api.store.database["commands"].delete_one({"_id": key}))


def pending(api: Api) -> list[EventEnvelope]:
    rows = api.run(api.store.database["outbox"].find({"sent": None, "type": "payment.transfer_requested"}).to_list())
    return [msgspec.convert({**row, "id": row["_id"]}, EventEnvelope) for row in rows]


def test_an_event_that_was_lost_is_found_by_the_sweep_and_one_that_comes_late_finds_it_done(work, gateway, api):
    milestone_id, key = asked(work)
    event_id = new_id("evt")
    gateway.send(told(gateway.command(key)), event_id=event_id)
    age_webhooks(api)
    assert tick(api, SWEEP) >= 1
    assert gateway.inbox(event_id).state == "done"
    api.settle()
    assert len(gateway.journals(milestone_id)) == 1
