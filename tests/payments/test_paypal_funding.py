"""Payments at PayPal: approvals, lost replies, forgotten keys, captures under review, ways to pay that are saved."""

import asyncio

import msgspec
import pytest

from freehold.payments.gateway import GatewayUnavailable, SaveMethodRequest
from tests.payments.deals import SAVED
from tests.payments.fees import fee_of
from tests.payments.paypal_fake.bench import PAID, deal_of, let_hours_pass


def test_a_payer_is_sent_to_paypal_and_their_money_is_taken_once_they_have_approved(paypal, run):
    deal = deal_of()
    asked = run(paypal.gateway.fund(deal.fund("paypal")))
    assert (asked.outcome, asked.action.kind, asked.action.url.startswith("https://www.paypal.com/")) == (
        "pending",
        "redirect",
        True,
    )
    run(paypal.payer_pays(deal.payment_id))
    done = run(paypal.gateway.capture_state(deal.query))
    assert (done.outcome, done.money, done.fee, done.action) == ("done", deal.money, fee_of(10_000), None)
    assert paypal.fake.books.lying["USD"] == 10_000 - fee_of(10_000)


def test_a_payer_whose_bank_says_no_may_choose_another_way(paypal, run):
    deal = deal_of()
    run(paypal.gateway.fund(deal.fund("paypal")))
    run(paypal.payer_pays(deal.payment_id))
    paypal.fake.books.captures_go = "INSTRUMENT_DECLINED"
    pending = run(paypal.gateway.capture_state(deal.query))
    assert (pending.outcome, pending.reason, pending.action is not None) == ("pending", "instrument_declined", True)
    run(paypal.payer_pays(deal.payment_id))
    assert run(paypal.gateway.capture_state(deal.query)).outcome == "done"


@pytest.mark.parametrize(("ends", "outcome"), [("COMPLETED", "done"), ("DECLINED", "refused")])
def test_a_capture_that_paypal_reviews_is_pending_until_it_has_ended(paypal, run, ends, outcome):
    deal = deal_of()
    paypal.fake.books.captures_go = "PENDING"
    report = run(paypal.gateway.fund(deal.fund(PAID)))
    assert (report.outcome, report.reason) == ("pending", "pending_review")
    assert run(paypal.gateway.cancel(deal.query)).outcome == "pending"
    (capture_id,) = paypal.fake.books.captures
    paypal.fake.books.clear(capture_id, ends)
    assert run(paypal.gateway.capture_state(deal.query)).outcome == outcome


@pytest.mark.parametrize("how", ["unheard", "lost", "500", "503", "429", "401", "409"])
@pytest.mark.parametrize("method", ["paypal", PAID])
def test_a_payment_whose_reply_is_lost_is_found_and_asked_for_once(paypal, run, how, method):
    deal = deal_of()
    paypal.fake.http.fail("POST", "/v2/checkout/orders", how)
    with pytest.raises(GatewayUnavailable):
        run(paypal.gateway.fund(deal.fund(method)))
    report = run(paypal.gateway.capture_state(deal.query))
    assert report.outcome == ("pending" if method == "paypal" else "done")
    assert len(paypal.fake.books.orders) == 1


def test_a_capture_whose_reply_is_lost_is_made_once(paypal, run):
    deal = deal_of()
    run(paypal.gateway.fund(deal.fund("paypal")))
    run(paypal.payer_pays(deal.payment_id))
    paypal.fake.http.fail("POST", "/capture", "lost")
    with pytest.raises(GatewayUnavailable):
        run(paypal.gateway.capture_state(deal.query))
    assert run(paypal.gateway.cancel(deal.query)).outcome == "done"
    assert len(paypal.fake.books.captures) == 1


def test_a_saved_method_is_not_charged_twice_after_paypal_has_forgotten_the_key(paypal, run, ledger):
    deal = deal_of()
    paypal.fake.http.fail("POST", "/v2/checkout/orders", "lost")
    with pytest.raises(GatewayUnavailable):
        run(paypal.gateway.fund(deal.fund(PAID)))
    paypal.fake.forget_keys()
    let_hours_pass(ledger, f"fund:{deal.milestone_id}", 7)
    report = run(paypal.gateway.fund(deal.fund(PAID)))
    assert (report.outcome, report.money, report.fee) == ("done", deal.money, fee_of(10_000))
    assert len(paypal.fake.books.captures) == 1


def test_a_second_capture_under_one_invoice_is_refused_by_paypal_and_found_in_the_history(paypal, run):
    deal = deal_of()
    paypal.fake.http.fail("POST", "/v2/checkout/orders", "lost")
    with pytest.raises(GatewayUnavailable):
        run(paypal.gateway.fund(deal.fund(PAID)))
    paypal.fake.forget_keys()
    assert run(paypal.gateway.fund(deal.fund(PAID))).outcome == "done"
    assert len(paypal.fake.books.captures) == 1


def test_an_order_that_paypal_has_thrown_away_is_a_cancelled_payment(paypal, run):
    deal = deal_of()
    run(paypal.gateway.fund(deal.fund("paypal")))
    paypal.fake.books.orders.clear()
    report = run(paypal.gateway.capture_state(deal.query))
    assert (report.outcome, report.reason) == ("cancelled", "order_expired")


def test_a_payment_that_is_cancelled_is_not_taken_even_if_it_is_approved_later(paypal, run):
    deal = deal_of()
    run(paypal.gateway.fund(deal.fund("paypal")))
    assert run(paypal.gateway.cancel(deal.query)).outcome == "cancelled"
    run(paypal.payer_pays(deal.payment_id))
    assert run(paypal.gateway.capture_state(deal.query)).outcome == "cancelled"
    assert paypal.fake.books.captures == {}


def test_taking_and_cancelling_at_once_end_in_one_of_both(paypal, run):
    for _ in range(5):
        deal = deal_of()
        run(paypal.gateway.fund(deal.fund("paypal")))
        run(paypal.payer_pays(deal.payment_id))

        async def both(query=deal.query):
            asked = (paypal.gateway.capture_state(query), paypal.gateway.cancel(query))
            await asyncio.gather(*asked, return_exceptions=True)
            return await paypal.gateway.capture_state(query)

        outcome = run(both()).outcome
        is_taken = any(each["custom_id"] == deal.payment_id for each in paypal.fake.books.captures.values())
        assert (outcome, is_taken) in (("done", True), ("cancelled", False))


def test_a_way_to_pay_is_saved_once_its_owner_has_approved_and_can_then_be_charged(paypal, run):
    request = SaveMethodRequest(key="save:1", payer_id="usr_1", method="paypal")
    begun = run(paypal.gateway.save_method(request))
    assert (begun.state, begun.action.kind) == ("pending", "redirect")
    paypal.fake.books.setups[begun.reference]["status"] = "APPROVED"
    saved = run(paypal.gateway.save_method(request))
    assert (saved.state, saved.label) == ("ready", "p***@example.org")
    assert run(paypal.gateway.save_method(request)) == saved
    deal = deal_of()
    assert run(paypal.gateway.fund(deal.fund(SAVED + saved.reference))).outcome == "done"
    other = run(paypal.gateway.save_method(msgspec.structs.replace(request, method="card")))
    assert (other.state, other.reason) == ("refused", "unknown_method")


def test_two_requests_for_one_payment_under_two_keys_are_not_both_made(paypal, run):
    deal = deal_of()
    run(paypal.gateway.fund(deal.fund(PAID)))
    with pytest.raises(GatewayUnavailable):
        run(paypal.gateway.fund(msgspec.structs.replace(deal.fund(PAID), key="fund:again")))
    assert len(paypal.fake.books.captures) == 1


def test_a_payment_that_a_restored_book_does_not_know_is_not_taken_twice(paypal, run, ledger):
    deal = deal_of()
    assert run(paypal.gateway.fund(deal.fund(PAID))).outcome == "done"
    ledger.run(ledger.store.database["gateway_objects"].delete_one({"_id": f"paypal:fund:{deal.milestone_id}"}))
    paypal.fake.forget_keys()
    assert run(paypal.gateway.fund(deal.fund("paypal"))).outcome == "pending"
    run(paypal.payer_pays(deal.payment_id))
    done = run(paypal.gateway.capture_state(deal.query))
    assert (done.outcome, done.money, len(paypal.fake.books.captures)) == ("done", deal.money, 1)
    assert run(paypal.gateway.refund(deal.refund(10_000))).outcome == "done"


def test_a_history_that_is_too_long_to_search_leaves_the_outcome_unknown(paypal, run, ledger, monkeypatch):
    deal = deal_of()
    paypal.fake.http.fail("POST", "/v2/checkout/orders", "lost")
    with pytest.raises(GatewayUnavailable):
        run(paypal.gateway.fund(deal.fund(PAID)))
    let_hours_pass(ledger, f"fund:{deal.milestone_id}", 7)
    endless = {"transaction_details": [], "total_pages": 10_000}
    monkeypatch.setattr(paypal.fake.books, "history", lambda _: endless)
    with pytest.raises(GatewayUnavailable):
        run(paypal.gateway.fund(deal.fund(PAID)))
    assert len(paypal.fake.books.captures) == 1
