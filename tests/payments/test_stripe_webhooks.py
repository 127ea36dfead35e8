"""What Stripe tells: payments, refunds, transfers, chargebacks and payees, however old, doubled or out of order it comes."""

import pytest

from freehold.domain.money import Money
from freehold.domain.news import ChargebackNews, PayeeNews
from freehold.payments.gateway import GatewayUnavailable, InvalidWebhook
from freehold.store import now
from tests.payments.stripe_fake import accounts, moving
from tests.payments.stripe_fake.bench import gateway_over
from tests.payments.stripe_fake.books import DISPUTE_FEE
from tests.payments.stripe_fake.server import signed


def test_an_old_copy_of_a_payment_tells_how_it_stands_now(stripe):
    deal = stripe.deal()
    stripe.run(stripe.gateway.fund(deal.fund("card")))
    body = stripe.fake.event("payment_intent.processing", stripe.books.named(deal.payment_id))
    stripe.books.pays(deal.payment_id)
    for _ in range(2):
        event = stripe.run(stripe.gateway.read_webhook(body=body, headers=signed(body, now().timestamp()), now=now()))
        assert (event.news.report.outcome, event.news.report.fee) == ("done", 320)


@pytest.mark.parametrize("kind", ["payment_intent.payment_failed", "payment_intent.canceled", "payment_intent.requires_action"])
def test_every_event_of_a_payment_says_how_it_stands(stripe, kind):
    deal = stripe.deal()
    stripe.run(stripe.gateway.fund(deal.fund(stripe.provider.refused)))
    news = stripe.tells(kind, stripe.books.named(deal.payment_id)).news
    assert (news.kind, news.key, news.report.outcome) == ("payment", deal.fund("").key, "refused")


def test_a_refund_tells_that_it_is_done_and_later_that_it_came_back(stripe):
    deal = stripe.paid()
    stripe.run(stripe.gateway.refund(deal.refund(4_000)))
    (made,) = stripe.books.of("refund")
    done = stripe.tells("refund.updated", made).news
    assert (done.kind, done.key, done.milestone_id, done.report.outcome) == (
        "refund",
        deal.refund(1).key,
        deal.milestone_id,
        "done",
    )
    moving.bounce(stripe.books, made)
    back = stripe.tells("refund.failed", made).news
    assert (back.report.outcome, back.report.money, back.report.reason) == (
        "returned",
        Money(4_000, "USD"),
        "expired_or_canceled_card",
    )


def test_a_transfer_and_our_reversal_of_it_tell_of_themselves(stripe):
    deal = stripe.paid()
    stripe.run(stripe.gateway.transfer(deal.transfer(4_000)))
    (made,) = stripe.books.of("transfer")
    told = stripe.tells("transfer.created", made).news
    assert (told.kind, told.key, told.report.outcome) == ("transfer", deal.transfer(1).key, "done")
    moving.reverse(
        stripe.books, {"amount": 1_000, "metadata": {"freehold_key": "reversal:1", "milestone_id": "mst_1"}}, made["id"]
    )
    told = stripe.tells("transfer.reversed", made).news
    assert (told.kind, told.key, told.report.money) == ("reversal", "reversal:1", Money(1_000, "USD"))


def test_a_transfer_that_came_back_by_itself_tells_that_it_is_returned(stripe):
    deal = stripe.paid()
    stripe.run(stripe.gateway.transfer(deal.transfer(4_000)))
    (made,) = stripe.books.of("transfer")
    moving.reverse(stripe.books, {"amount": 4_000}, made["id"])
    told = stripe.tells("transfer.reversed", made).news
    assert (told.kind, told.report.outcome) == ("transfer", "returned")


@pytest.mark.parametrize("won", [True, False])
def test_a_chargeback_tells_its_own_amount_and_fee_and_how_it_ends(stripe, won):
    deal = stripe.paid()
    dispute = stripe.books.dispute(deal.payment_id, 7_000)
    opened = stripe.tells("charge.dispute.funds_withdrawn", dispute).news
    assert isinstance(opened, ChargebackNews)
    report = opened.report
    assert (report.id, report.payment_id, report.milestone_id) == (dispute["id"], deal.payment_id, deal.milestone_id)
    assert (report.state, report.money, report.fee, report.reason) == ("opened", Money(7_000, "USD"), DISPUTE_FEE, "fraudulent")
    stripe.books.decide(dispute, won=won)
    ended = stripe.tells("charge.dispute.closed", dispute).news.report
    assert (ended.state, ended.money) == ("won" if won else "lost", Money(7_000, "USD"))
    assert ended.fee == DISPUTE_FEE
    assert stripe.books.balance("usd") == 10_000 - 320 - (0 if won else 7_000 + DISPUTE_FEE)


def test_a_question_of_the_bank_is_no_chargeback(stripe):
    deal = stripe.paid()
    dispute = stripe.books.dispute(deal.payment_id, 7_000, asks_only=True)
    for status in ("warning_needs_response", "warning_under_review", "warning_closed", "prevented"):
        dispute["status"] = status
        assert stripe.tells("charge.dispute.updated", dispute).news is None


def test_a_payees_account_tells_how_it_stands(stripe):
    deal = stripe.deal()
    account = stripe.books.objects[deal.payee_account]
    assert stripe.tells("account.updated", account, account=account["id"]).news.payee.state == "ready"
    accounts.block(account)
    news = stripe.tells("account.updated", account, account=account["id"]).news
    assert isinstance(news, PayeeNews)
    assert (news.payee.account, news.payee.state, news.payee.reasons) == (account["id"], "restricted", ("rejected.fraud",))


def test_a_payee_who_cuts_the_account_off_is_not_paid_any_more(stripe):
    news = stripe.tells("account.application.deauthorized", {"id": "ca_1", "object": "application"}, account="acct_1").news
    assert (news.payee.account, news.payee.state) == ("acct_1", "restricted")


@pytest.mark.parametrize(
    ("kind", "about"),
    [
        ("payout.paid", {"id": "po_1", "object": "payout"}),
        ("charge.refunded", {"id": "ch_1", "object": "charge"}),
        ("payment_intent.succeeded", {"id": "pi_of_somebody_else", "object": "payment_intent"}),
        ("refund.updated", {"object": "refund"}),
        ("transfer.created", {"id": ["x"], "object": "transfer"}),
        ("charge.dispute.closed", {"id": "du_unknown", "object": "dispute"}),
        ("account.application.deauthorized", {"id": "ca_1", "object": "application"}),
    ],
)
def test_what_is_not_ours_or_nothing_that_we_act_on_is_no_news(stripe, kind, about):
    assert stripe.tells(kind, about).news is None


def test_an_object_that_somebody_made_by_hand_is_no_news(stripe):
    deal = stripe.paid()
    stripe.run(stripe.gateway.refund(deal.refund(1_000)))
    (made,) = stripe.books.of("refund")
    made["metadata"] = {}
    assert stripe.tells("refund.updated", made).news is None


def test_an_event_of_real_money_is_no_news_for_a_test_key(stripe):
    deal = stripe.paid()
    stripe.books.live = True
    assert stripe.tells("payment_intent.succeeded", stripe.books.named(deal.payment_id)).news is None


def test_both_endpoints_are_believed_each_by_its_own_secret(stripe):
    body = stripe.fake.event("payout.paid", {"id": "po_1", "object": "payout"})
    gateway = gateway_over(stripe.fake, webhook_keys="whsec_platform whsec_accounts")
    for key in ("whsec_platform", "whsec_accounts"):
        headers = signed(body, now().timestamp(), key=key)
        assert stripe.run(gateway.read_webhook(body=body, headers=headers, now=now())).type == "payout.paid"
    headers = signed(body, now().timestamp(), key="whsec_platform whsec_accounts")
    with pytest.raises(InvalidWebhook):
        stripe.run(gateway.read_webhook(body=body, headers=headers, now=now()))


def test_without_a_signing_secret_nothing_is_believed(stripe):
    body = stripe.fake.event("payout.paid", {"id": "po_1", "object": "payout"})
    for keys in ("", "   "):
        gateway = gateway_over(stripe.fake, webhook_keys=keys)
        with pytest.raises(InvalidWebhook):
            stripe.run(gateway.read_webhook(body=body, headers=signed(body, now().timestamp(), key=""), now=now()))


def test_when_stripe_does_not_answer_the_event_must_come_again(stripe):
    deal = stripe.paid()
    stripe.fails(500, method="get", path="/v1/payment_intents")
    with pytest.raises(GatewayUnavailable):
        stripe.tells("payment_intent.succeeded", stripe.books.named(deal.payment_id))
