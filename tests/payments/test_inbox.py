"""A webhook racing the reply, the reconciler and other webhooks: each effect once, whoever is first."""

import asyncio

import msgspec
import pytest

from freehold.documents import Journal, Webhook
from freehold.domain.money import Money
from freehold.domain.settlement import Report
from freehold.payments import GatewayUnavailable
from freehold.payments.inbox import handle_webhook, receive
from freehold.store import Stale, StoreError
from freehold.store.audit import audit_ledger
from freehold.store.commands import claim, settle
from freehold.store.webhooks import due_webhooks
from tests.payments.desk import Desk
from tests.payments.telling import signed, told


class Post(Desk):
    """A desk to which its gateway writes."""

    async def kept(self, news, **fields) -> str:
        """Receive a webhook; give its id in the inbox."""
        body, headers = await signed(self.store, news, **fields)
        clock = await self.store.database_now()
        await receive(self.gateway.inner, body=body, headers=headers, transact=self.transact, clock=clock)
        newest = await self.store.find(Webhook, {}, limit=1)
        return newest[0].id

    async def handled(self, webhook_id: str) -> bool:
        """Let it have its effect."""
        return await handle_webhook(
            webhook_id, reads=self.store, gateways=lambda _: self.gateway, transact=self.transact, finish=self.transact
        )

    def tell(self, news) -> Webhook:
        """Receive a webhook and let it have its effect; give what became of it."""
        webhook_id = self.run(self.kept(news))
        self.run(self.handled(webhook_id))
        return self.webhook(webhook_id)

    def webhook(self, webhook_id: str) -> Webhook:
        return self.run(self.store.require(Webhook, webhook_id))

    def journals(self, milestone_id: str) -> list[str]:
        order = (("milestone_version", 1), ("n", 1))
        return [row.key for row in self.run(self.store.find(Journal, {"milestone_id": milestone_id}, sort=order))]


@pytest.fixture
def desk(ledger) -> Post:
    return Post(ledger.store, ledger.run)


def test_who_holds_a_command_that_a_webhook_settles_records_nothing_more(desk):
    milestone_id = desk.releasing()
    key = f"transfer:{milestone_id}:1"
    held = desk.run(desk.transact(lambda unit: claim(unit, key)))
    assert desk.tell(told(held)).state == "done"
    assert (desk.command(key).state, desk.milestone(milestone_id).state) == ("settled", "released")
    report = Report(outcome="done", reference="sandbox:1", money=held.money)
    with pytest.raises(Stale):
        desk.run(desk.transact(lambda unit: settle(unit, held, report, now=held.created_at)))
    assert desk.carry(key) == "closed"
    assert desk.journals(milestone_id).count(f"transfer:{milestone_id}:1") == 1


def test_a_webhook_about_what_the_reply_settled_finds_it_done(desk):
    milestone_id = desk.releasing()
    key = f"transfer:{milestone_id}:1"
    desk.carry(key)
    before = desk.command(key)
    assert desk.tell(told(before)).state == "done"
    assert desk.command(key) == before


@pytest.mark.parametrize("kind", ["fund", "transfer"])
def test_reply_webhooks_and_look_up_at_once_write_each_journal_once(desk, kind):
    milestone_id = desk.funding() if kind == "fund" else desk.releasing()
    key = f"fund:{milestone_id}" if kind == "fund" else f"transfer:{milestone_id}:1"
    news = told(desk.command(key))

    async def all_at_once() -> list[object]:
        ids = [await desk.kept(news) for _ in range(4)]
        racing = [desk.carry_out(key), *(desk.handled(each) for each in ids for _ in range(2)), desk.carry_out(key)]
        return await asyncio.gather(*racing, return_exceptions=True)

    outcomes = desk.run(all_at_once())
    assert [each for each in outcomes if isinstance(each, BaseException) and not isinstance(each, StoreError)] == []
    for webhook_id in desk.run(desk.store.find_ids(Webhook, {"state": "waiting", "news.key": key})):
        desk.run(desk.handled(webhook_id))
    assert desk.carry(key) == "closed"
    assert desk.milestone(milestone_id).state == ("funded" if kind == "fund" else "released")
    assert len(desk.journals(milestone_id)) == len(set(desk.journals(milestone_id))) == (1 if kind == "fund" else 3)
    assert len(desk.moved(milestone_id, "payment" if kind == "fund" else kind)) <= 1


def test_what_a_webhook_says_wrongly_is_asked_and_the_gateways_own_word_counts(desk):
    milestone_id = desk.releasing()
    key = f"transfer:{milestone_id}:1"
    desk.gateway.fail = "after"
    with pytest.raises(GatewayUnavailable):
        desk.carry(key)
    assert desk.tell(told(desk.command(key), amount=9_005)).state == "done"
    assert (desk.command(key).state, desk.command(key).report.money) == ("settled", Money(9_004, "USD"))
    assert desk.milestone(milestone_id).state == "released"


def test_a_gateway_that_cannot_be_asked_lets_the_webhook_wait_and_the_sweep_finds_it(desk):
    milestone_id = desk.releasing()
    key = f"transfer:{milestone_id}:1"
    desk.gateway.fail = "after"
    with pytest.raises(GatewayUnavailable):
        desk.carry(key)
    webhook_id = desk.run(desk.kept(told(desk.command(key), amount=9_005)))
    desk.gateway.fail = "before"
    assert desk.run(desk.handled(webhook_id)) is False
    waiting = desk.webhook(webhook_id)
    assert (waiting.state, waiting.tries, str(waiting.error).partition(":")[0]) == ("waiting", 1, "GatewayUnavailable")
    assert webhook_id not in desk.run(due_webhooks(desk.store, limit=1_000))
    desk.run(desk.store.database["webhook_inbox"].update_one({"_id": webhook_id}, [{"$set": {"due_at": "$$NOW"}}]))
    assert webhook_id in desk.run(due_webhooks(desk.store, limit=1_000))
    assert desk.run(desk.handled(webhook_id)) is True
    assert desk.milestone(milestone_id).state == "released"


def test_money_that_the_gateway_itself_says_has_moved_wrongly_sticks(desk):
    milestone_id = desk.releasing()
    key = f"transfer:{milestone_id}:1"
    desk.gateway.fail = "after"
    with pytest.raises(GatewayUnavailable):
        desk.carry(key)
    desk.run(desk.store.database["sandbox_objects"].update_one({"_id": key}, {"$set": {"money.amount": 9_005}}))
    webhook = desk.tell(told(desk.command(key), amount=9_005))
    assert (webhook.state, str(webhook.error).partition(":")[0]) == ("refused", "payment_not_expected")
    stuck = desk.command(key)
    assert (stuck.state, str(stuck.error).partition(":")[0], stuck.report.money.amount) == (
        "stuck",
        "payment_not_expected",
        9_005,
    )
    assert desk.milestone(milestone_id).state == "releasing"
    assert desk.tell(told(stuck, amount=9_004)).state == "done", "a person, or the gateway, has put it right"
    assert desk.milestone(milestone_id).state == "released"


def test_many_who_bring_the_same_event_at_once_keep_it_once(desk):
    news = told(desk.command(f"fund:{desk.funding()}"))

    async def all_at_once() -> list[bool]:
        body, headers = await signed(desk.store, news)
        clock = await desk.store.database_now()
        asked = [
            receive(desk.gateway.inner, body=body, headers=headers, transact=desk.transact, clock=clock) for _ in range(10)
        ]
        return await asyncio.gather(*asked)

    assert sorted(desk.run(all_at_once())) == [False] * 9 + [True]


def test_after_all_of_it_the_books_add_up(desk):
    assert desk.run(audit_ledger(desk.store)).violations == ()


def test_an_event_of_another_gateway_says_nothing_about_our_command(desk):
    milestone_id = desk.releasing()
    key = f"transfer:{milestone_id}:1"
    webhook_id = desk.run(desk.kept(told(desk.command(key))))
    stored = desk.webhook(webhook_id)
    change = {"$set": {"gateway": "elsewhere"}}
    desk.run(desk.store.database["webhook_inbox"].update_one({"_id": stored.id}, change))
    desk.run(desk.handled(webhook_id))
    assert (desk.webhook(webhook_id).state, desk.milestone(milestone_id).state) == ("unmatched", "releasing")


def test_a_webhook_has_its_effect_once_however_often_it_is_handled(desk):
    milestone_id = desk.releasing()
    webhook_id = desk.run(desk.kept(told(desk.command(f"transfer:{milestone_id}:1"))))
    assert [desk.run(desk.handled(webhook_id)) for _ in range(3)] == [True, True, True]
    handled = desk.webhook(webhook_id)
    assert msgspec.structs.replace(handled, version=0) != handled
    assert (handled.version, handled.state) == (2, "done")
