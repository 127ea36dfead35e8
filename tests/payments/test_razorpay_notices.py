"""What Razorpay tells by itself: how things stand now, in whatever order; disputes; accounts; ids that nobody can make up."""

import pytest

from freehold.domain.money import Money
from freehold.domain.settlement import ChargebackReport
from freehold.payments.gateway import ChargebackNews, CommandNews, GatewayUnavailable, PayeeNews
from freehold.store import now
from tests.payments.razorpay_fake.bench import deal_of, notice, notice_of, paid_deal


def test_an_event_has_one_id_however_often_it_comes_and_whatever_the_unsigned_header_says(razorpay, run):
    deal = paid_deal(razorpay, run)
    (order_id,) = razorpay.fake.books.orders
    body, headers = notice_of("order.paid", now(), payment={"id": "pay_1", "order_id": order_id})
    first = run(razorpay.gateway.read_webhook(body=body, headers=headers, now=now()))
    again = run(razorpay.gateway.read_webhook(body=body, headers=headers | {"X-Razorpay-Event-Id": "evt_other"}, now=now()))
    assert (first.id, first.news.key) == (again.id, f"fund:{deal.milestone_id}")


def test_events_tell_how_things_stand_now_in_whatever_order_they_come(razorpay, run):
    deal = deal_of()
    run(razorpay.gateway.fund(deal.fund("checkout")))
    payment = razorpay.fake.books.pay(deal.payment_id)
    for event in ("payment.captured", "payment.authorized", "payment.failed"):
        told = notice(razorpay, run, event, payment=payment | {"status": event.partition(".")[2]})
        assert isinstance(told.news, CommandNews)
        assert (told.type, told.news.kind, told.news.report.outcome) == (event, "payment", "done")


def test_transfers_and_refunds_are_known_by_the_key_in_their_notes(razorpay, run):
    deal = paid_deal(razorpay, run)
    run(razorpay.gateway.transfer(deal.transfer(1_000)))
    run(razorpay.gateway.refund(deal.refund(2_000)))
    (transfer,), (refund,) = razorpay.fake.books.transfers.values(), razorpay.fake.books.refunds.values()
    razorpay.fake.books.transfer_goes(deal.transfer(1_000).key, "reversed")
    about_transfer = notice(razorpay, run, "transfer.processed", transfer=transfer).news
    about_refund = notice(razorpay, run, "refund.processed", refund=refund, payment={"id": refund["payment_id"]}).news
    assert (about_transfer.kind, about_transfer.report.outcome) == ("transfer", "returned")
    assert (about_refund.kind, about_refund.report.outcome, about_refund.report.money) == (
        "refund",
        "done",
        Money(2_000, "INR"),
    )


@pytest.mark.parametrize(
    ("event", "entities"),
    [
        ("order.paid", {"payment": {"id": "pay_x", "order_id": "order_of_another"}}),
        ("payment.captured", {"payment": {"id": "pay_x", "order_id": None}}),
        ("refund.processed", {"refund": {"id": "rfnd_x", "notes": []}}),
        ("transfer.processed", {"transfer": {"id": "trf_x", "notes": {"key": "another system's"}}}),
        ("subscription.charged", {"subscription": {"id": "sub_x"}}),
        ("settlement.processed", {}),
    ],
)
def test_an_event_about_nothing_of_ours_says_nothing(razorpay, run, event, entities):
    assert notice(razorpay, run, event, **entities).news is None


@pytest.mark.parametrize(
    ("status", "deducted", "state"),
    [("open", 0, "opened"), ("under_review", 0, "opened"), ("won", 0, "won"), ("lost", 500, "lost"), ("closed", 0, "won")],
)
def test_a_dispute_is_a_chargeback_of_its_own_amount_that_ends_as_razorpay_says(razorpay, run, status, deducted, state):
    deal = paid_deal(razorpay, run)
    dispute = razorpay.fake.books.open_dispute(deal.payment_id, 500)
    dispute |= {"status": status, "amount_deducted": deducted}
    # the event of the opening may come last: it still tells how the dispute stands now
    told = notice(
        razorpay, run, "payment.dispute.created", dispute={"id": dispute["id"]}, payment={"id": dispute["payment_id"]}
    )
    assert told.news == ChargebackNews(
        report=ChargebackReport(
            id=dispute["id"],
            payment_id=deal.payment_id,
            milestone_id=deal.milestone_id,
            state=state,
            money=Money(500, "INR"),
            reason=dispute["reason_code"],
        )
    )


def test_a_dispute_about_something_else_is_nothing_of_ours(razorpay, run):
    deal = paid_deal(razorpay, run)
    dispute = razorpay.fake.books.open_dispute(deal.payment_id, 500)
    dispute["payment_id"] = "pay_of_another"
    assert notice(razorpay, run, "payment.dispute.created", dispute={"id": dispute["id"]}).news is None


def test_a_linked_account_that_is_suspended_is_told(razorpay, run):
    account = "acc_Abcdefghij1234"
    razorpay.fake.books.suspended.add(account)
    told = notice(razorpay, run, "account.suspended", account={"id": account}).news
    assert isinstance(told, PayeeNews)
    assert (told.payee.account, told.payee.state, told.payee.reasons) == (account, "restricted", ("suspended",))


def test_a_dispute_that_razorpay_does_not_show_is_asked_for_again_later(razorpay, run):
    with pytest.raises(GatewayUnavailable):
        notice(razorpay, run, "payment.dispute.created", dispute={"id": "disp_unknown"})
