"""What PayPal tells by itself, in any order; and a line to it with wrong keys, or with nobody at its end."""

from datetime import timedelta

import msgspec
import pytest

from freehold.domain.money import Money
from freehold.domain.settlement import ChargebackReport
from freehold.payments.gateway import ChargebackNews, CommandNews, GatewayUnavailable
from freehold.payments.paypal import PayPalGateway
from freehold.store import now
from tests.payments.paypal_fake.bench import deal_of, keys_for, notice, paid_deal


def test_notices_tell_how_things_stand_now_in_whatever_order_and_however_often_they_come(paypal, run):
    deal = paid_deal(paypal, run)
    transfer = deal.transfer(4_000)
    run(paypal.gateway.transfer(transfer))
    paypal.fake.books.item_goes(transfer.key, "RETURNED")
    about = {"payout_item_id": "X", "sender_batch_id": transfer.key}
    for event_type in ("PAYMENT.PAYOUTS-ITEM.RETURNED", "PAYMENT.PAYOUTS-ITEM.SUCCEEDED", "PAYMENT.PAYOUTS-ITEM.RETURNED"):
        told = notice(paypal, run, event_type, about, event_id="WH-1")
        assert (told.id, told.news.kind, told.news.key, told.news.report.outcome) == (
            "WH-1",
            "transfer",
            transfer.key,
            "returned",
        )


def test_each_kind_of_notice_names_the_request_that_it_means(paypal, run):
    deal = paid_deal(paypal, run)
    run(paypal.gateway.refund(deal.refund(1_000)))
    run(paypal.gateway.transfer(deal.transfer(1_000)))
    (refund_id,) = paypal.fake.books.refunds
    batch = {"batch_header": {"sender_batch_header": {"sender_batch_id": deal.transfer(1).key}}}
    cases = [
        ("PAYMENT.CAPTURE.COMPLETED", {"id": "C", "custom_id": deal.payment_id}, "payment"),
        ("CHECKOUT.ORDER.APPROVED", {"id": paypal.fake.books.order_of(deal.payment_id)["id"]}, "payment"),
        ("PAYMENT.CAPTURE.REFUNDED", {"id": refund_id, "custom_id": deal.refund(1).key}, "refund"),
        ("PAYMENT.PAYOUTSBATCH.SUCCESS", batch, "transfer"),
    ]
    for event_type, resource, kind in cases:
        told = notice(paypal, run, event_type, resource)
        assert isinstance(told.news, CommandNews), event_type
        assert (told.news.kind, told.news.milestone_id, told.news.report.outcome) == (kind, deal.milestone_id, "done")


@pytest.mark.parametrize(
    ("event_type", "resource"),
    [
        ("CHECKOUT.ORDER.APPROVED", {"id": "UNKNOWN"}),
        ("PAYMENT.CAPTURE.COMPLETED", {"id": "C", "custom_id": "pay_other"}),
        ("PAYMENT.CAPTURE.COMPLETED", {"id": "C"}),
        ("PAYMENT.PAYOUTS-ITEM.SUCCEEDED", {"sender_batch_id": "another system's"}),
        ("BILLING.SUBSCRIPTION.CREATED", {"id": "I-1"}),
        ("CUSTOMER.DISPUTE.CREATED", {"dispute_id": "../../v1/oauth2/token"}),
        ("NODOTS", {}),
    ],
)
def test_a_notice_about_nothing_of_ours_says_nothing(paypal, run, event_type, resource):
    assert notice(paypal, run, event_type, resource).news is None


@pytest.mark.parametrize(
    ("ended", "state"),
    [
        (None, "opened"),
        ("RESOLVED_BUYER_FAVOUR", "lost"),
        ("ACCEPTED", "lost"),
        ("RESOLVED_SELLER_FAVOUR", "won"),
        ("RESOLVED_WITH_PAYOUT", "won"),
        ("CANCELED_BY_BUYER", "won"),
    ],
)
def test_a_dispute_is_a_chargeback_of_its_own_amount_that_ends_as_paypal_says(paypal, run, ended, state):
    deal = paid_deal(paypal, run)
    dispute = paypal.fake.books.open_dispute(deal.payment_id, "30.50")
    if ended:
        dispute |= {"status": "RESOLVED", "dispute_outcome": {"outcome_code": ended}}
    # the notice of the opening may come last: it still tells how the dispute stands now
    told = notice(paypal, run, "CUSTOMER.DISPUTE.CREATED", {"dispute_id": dispute["dispute_id"]})
    assert told.news == ChargebackNews(
        report=ChargebackReport(
            id=dispute["dispute_id"],
            payment_id=deal.payment_id,
            milestone_id=deal.milestone_id,
            state=state,
            money=Money(3_050, "USD"),
            reason="merchandise_or_service_not_received",
        )
    )


def test_a_dispute_about_something_else_is_nothing_of_ours(paypal, run):
    deal = paid_deal(paypal, run)
    dispute = paypal.fake.books.open_dispute(deal.payment_id, "30.50")
    dispute["disputed_transactions"] = [{"seller_transaction_id": "FOREIGN"}]
    assert notice(paypal, run, "CUSTOMER.DISPUTE.CREATED", {"dispute_id": dispute["dispute_id"]}).news is None


def test_one_token_serves_many_calls_and_a_new_one_is_asked_for_when_it_runs_out(paypal, run):
    deal = paid_deal(paypal, run)
    run(paypal.gateway.transfer(deal.transfer(1_000)))
    run(paypal.gateway.refund(deal.refund(1_000)))
    assert paypal.fake.tokens_given == 1


def test_wrong_keys_leave_everything_unknown_and_nothing_done(paypal, run, ledger):
    wrong = PayPalGateway(ledger.store, msgspec.structs.replace(keys_for(paypal.fake), client_secret="another"))
    with pytest.raises(GatewayUnavailable):
        run(wrong.fund(deal_of().fund("paypal")))
    with pytest.raises(GatewayUnavailable):
        run(wrong.balance("USD"))
    assert paypal.fake.books.orders == {}


def test_nothing_listens_where_paypal_should_be(run, ledger, paypal):
    gone = PayPalGateway(ledger.store, msgspec.structs.replace(keys_for(paypal.fake), address="http://127.0.0.1:9"))
    with pytest.raises(GatewayUnavailable):
        run(gone.fund(deal_of().fund("paypal")))
    body, headers = paypal.fake.signer.notice("NODOTS", {}, now() - timedelta(seconds=5))
    with pytest.raises(GatewayUnavailable):
        run(gone.read_webhook(body=body, headers=headers, now=now()))


def test_what_is_offered_is_what_the_account_holds_and_can_be_split(paypal, run):
    paypal.fake.books.lying |= {"EUR": 5, "HUF": 5, "JPY": 0, "XXX": 1}
    offer = run(paypal.gateway.check())
    assert (offer.state, offer.currencies, offer.max_hold_days) == ("ready", ("EUR", "JPY"), 170)
    assert offer.methods_for("EUR") == ("paypal",)


def test_without_a_webhook_nothing_is_offered_for_chargebacks_would_be_missed(paypal, run, ledger):
    deaf = PayPalGateway(ledger.store, msgspec.structs.replace(keys_for(paypal.fake), webhook_id=""))
    assert run(deaf.check()).reasons == ("webhook_missing",)


def test_a_dispute_that_paypal_does_not_show_is_asked_for_again_later(paypal, run):
    with pytest.raises(GatewayUnavailable):
        notice(paypal, run, "CUSTOMER.DISPUTE.CREATED", {"dispute_id": "PP-D-UNKNOWN"})
