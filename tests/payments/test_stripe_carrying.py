"""Held money over Stripe, from the payer's card to the payee's account: the books and Stripe agree after every step."""

import pytest

from freehold.documents import Journal, Milestone, PayeeProfile, Webhook
from freehold.documents.payouts import PayoutAccount
from freehold.payments import GatewayUnavailable
from freehold.payments.inbox import handle_webhook, receive
from freehold.store import now
from freehold.store.milestones import take_step
from tests.payments.desk import A, Desk
from tests.payments.stripe_fake.bench import stripe_provider
from tests.payments.stripe_fake.server import Fault, signed

FEE = 320


class Booth(Desk):
    """A desk whose gateway is Stripe."""

    gateway_name = "stripe"

    def __init__(self, ledger) -> None:
        super().__init__(ledger.store, ledger.run)
        self.provider = stripe_provider()
        self.fake, self.books = self.provider.fake, self.provider.books
        self.gateway = self.provider.gateway

    def tried(self, key: str) -> str:
        """Carry a command out whose pause is over."""
        self.let_time_pass(key)
        return self.carry(key)

    def paid(self) -> str:
        """Give a milestone whose payer has paid."""
        milestone_id = self.funding()
        assert self.carry(f"fund:{milestone_id}") == "pending"
        self.books.pays(self.milestone(milestone_id).holding.payment_id)
        assert self.tried(f"fund:{milestone_id}") == "settled"
        return milestone_id

    def with_account(self, milestone_id: str) -> str:
        """Let the milestone's freelancer be known at Stripe; give their account."""
        payee_id, clock = self.milestone(milestone_id).freelancer_id, now()
        account = self.provider.account_of(payee_id)
        kept = PayoutAccount(
            id="pac_1", gateway="stripe", country="DE", currency="USD", account=account, state="ready", opened_at=clock
        )
        profile = PayeeProfile(id=payee_id, accounts=(kept,), created_at=clock, updated_at=clock)
        self.run(self.transact(lambda unit: self._insert(unit, profile)))
        return account

    def release(self, milestone_id: str) -> None:
        async def work(unit) -> None:
            await take_step(unit, await unit.require(Milestone, milestone_id), "release", by="client", now=now())

        self.run(self.transact(work))

    def hear(self, kind: str, about) -> str:
        """Receive what Stripe tells, and let it have its effect."""
        body = self.fake.event(kind, about)

        async def hearing() -> str:
            clock = await self.store.database_now()
            headers = signed(body, clock.timestamp())
            await receive(self.gateway, body=body, headers=headers, transact=self.transact, clock=clock)
            (newest,) = await self.store.find(Webhook, {}, limit=1)
            await handle_webhook(
                newest.id, reads=self.store, gateways=lambda _: self.gateway, transact=self.transact, finish=self.transact
            )
            return (await self.store.require(Webhook, newest.id)).state

        return self.run(hearing())

    def clearing(self, milestone_id: str) -> int:
        """Add up what the ledger says lies at Stripe for a milestone."""
        rows = self.run(self.store.find(Journal, {"milestone_id": milestone_id}, limit=50))
        return sum(line.amount for row in rows for line in row.lines if line.account == "clearing:stripe")

    def difference(self, milestone_id: str) -> int:
        """Say what the ledger and Stripe differ by."""
        return self.clearing(milestone_id) - self.books.balance("usd")


@pytest.fixture
def booth(ledger):
    opened = Booth(ledger)
    yield opened
    opened.fake.close()


def test_a_payment_waits_for_its_payer_is_held_and_paid_out(booth):
    milestone_id = booth.funding()
    key = f"fund:{milestone_id}"
    assert booth.carry(key) == "pending"
    waiting = booth.command(key)
    assert (waiting.state, waiting.report.action.kind) == ("waiting", "client_secret")
    booth.books.pays(booth.milestone(milestone_id).holding.payment_id)
    assert booth.tried(key) == "settled"
    assert (booth.milestone(milestone_id).state, booth.clearing(milestone_id)) == ("funded", A - FEE)
    booth.with_account(milestone_id)
    booth.release(milestone_id)
    assert booth.carry(f"transfer:{milestone_id}:1") == "settled"
    assert booth.milestone(milestone_id).state == "released"
    assert [each["amount"] for each in booth.books.of("transfer")] == [9_004]
    assert booth.difference(milestone_id) == 0


@pytest.mark.parametrize("fault", ["unreached", "lost", 500, 429, 409])
def test_a_transfer_whose_answer_is_lost_is_paid_once(booth, fault):
    milestone_id = booth.paid()
    booth.with_account(milestone_id)
    booth.release(milestone_id)
    booth.fake.faults.append(Fault(fault, path="/v1/transfers"))
    with pytest.raises(GatewayUnavailable):
        booth.carry(f"transfer:{milestone_id}:1")
    booth.fake.forget_keys()
    assert booth.tried(f"transfer:{milestone_id}:1") == "settled"
    assert ([each["amount"] for each in booth.books.of("transfer")], booth.difference(milestone_id)) == ([9_004], 0)


def test_stripe_tells_of_a_payment_before_we_ask(booth):
    milestone_id = booth.funding()
    booth.carry(f"fund:{milestone_id}")
    payment_id = booth.milestone(milestone_id).holding.payment_id
    booth.books.pays(payment_id)
    for _ in range(2):
        booth.hear("payment_intent.succeeded", booth.books.named(payment_id))
    assert (booth.milestone(milestone_id).state, booth.difference(milestone_id)) == ("funded", 0)
    booth.let_time_pass(f"fund:{milestone_id}")
    assert booth.carry(f"fund:{milestone_id}") == "closed"


@pytest.mark.parametrize("won", [True, False])
def test_a_chargeback_is_booked_with_its_fee_and_its_end(booth, won):
    milestone_id = booth.paid()
    dispute = booth.books.dispute(booth.milestone(milestone_id).holding.payment_id, A)
    for kind in ("charge.dispute.created", "charge.dispute.funds_withdrawn"):
        booth.hear(kind, dispute)
    assert booth.milestone(milestone_id).chargeback is not None
    assert booth.difference(milestone_id) == 0
    booth.books.decide(dispute, won=won, fee_back=False)
    booth.hear("charge.dispute.closed", dispute)
    assert booth.milestone(milestone_id).chargeback is None
    assert booth.difference(milestone_id) == 0
