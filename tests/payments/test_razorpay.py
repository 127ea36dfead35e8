"""What only Razorpay's adapter must do: act once where asking again acts again, late payments, suspended accounts, errors."""

import asyncio

import msgspec
import pytest

from freehold.domain.money import Money
from freehold.domain.settlement import Report
from freehold.payments.gateway import AmountNotSendable, GatewayUnavailable, PayeeRequest, ReverseRequest, SaveMethodRequest
from freehold.payments.razorpay import RazorpayGateway
from tests.payments.fees import fee_of
from tests.payments.razorpay_fake.bench import PAID, REFUSED, deal_of, keys_for, let_claim_end, paid_deal


@pytest.mark.parametrize("money", [Money(100, "USD"), Money(100, "JPY"), Money(5_000_000_001, "INR")])
def test_only_rupees_are_sent_and_not_too_many(razorpay, run, money):
    deal = deal_of(money.amount, money.currency)
    for asked in (
        razorpay.gateway.fund(deal.fund("checkout")),
        razorpay.gateway.transfer(deal.transfer(money.amount)),
        razorpay.gateway.refund(deal.refund(money.amount)),
    ):
        with pytest.raises(AmountNotSendable):
            run(asked)
    assert razorpay.fake.http.calls == []


def test_a_payer_is_given_an_order_for_razorpays_checkout(razorpay, run):
    deal = deal_of()
    asked = run(razorpay.gateway.fund(deal.fund("checkout")))
    (order_id,) = razorpay.fake.books.orders
    assert (asked.outcome, asked.action.kind, asked.action.token) == ("pending", "order", order_id)
    razorpay.fake.books.pay(deal.payment_id, "failed")
    assert run(razorpay.gateway.capture_state(deal.query)).outcome == "pending"
    razorpay.fake.books.pay(deal.payment_id)
    done = run(razorpay.gateway.capture_state(deal.query))
    assert (done.outcome, done.money, done.fee, done.action) == ("done", deal.money, fee_of(10_000), None)


def test_a_payment_that_the_bank_has_only_allowed_is_pending_until_it_is_captured(razorpay, run):
    deal = deal_of()
    run(razorpay.gateway.fund(deal.fund("checkout")))
    payment = razorpay.fake.books.pay(deal.payment_id, "authorized")
    assert run(razorpay.gateway.capture_state(deal.query)).outcome == "pending"
    razorpay.fake.books.capture(payment)
    assert run(razorpay.gateway.capture_state(deal.query)).outcome == "done"


def test_a_payment_that_was_cancelled_and_is_paid_late_after_all_is_told(razorpay, run):
    deal = deal_of()
    run(razorpay.gateway.fund(deal.fund("checkout")))
    assert run(razorpay.gateway.cancel(deal.query)).outcome == "cancelled"
    razorpay.fake.books.pay(deal.payment_id)
    assert run(razorpay.gateway.capture_state(deal.query)).outcome == "done"
    assert run(razorpay.gateway.refund(deal.refund(10_000))).outcome == "done"


@pytest.mark.parametrize("how", ["unheard", "lost", "500", "503", "429", "401"])
def test_a_payment_whose_reply_is_lost_is_found_by_its_receipt_and_asked_for_once(razorpay, run, ledger, how):
    deal = deal_of()
    razorpay.fake.http.fail("POST", "/v1/orders", how)
    with pytest.raises(GatewayUnavailable):
        run(razorpay.gateway.fund(deal.fund("checkout")))
    # the lost call may still act: nobody asks again before that is over
    with pytest.raises(GatewayUnavailable):
        run(razorpay.gateway.capture_state(deal.query))
    let_claim_end(ledger, deal.fund("checkout").key)
    assert run(razorpay.gateway.capture_state(deal.query)).outcome == "pending"
    assert len(razorpay.fake.books.orders) == 1


@pytest.mark.parametrize("how", ["unheard", "lost", "500"])
def test_a_saved_method_is_charged_once_though_the_reply_is_lost(razorpay, run, ledger, how):
    deal = deal_of()
    razorpay.fake.http.fail("POST", "/create/recurring", how)
    with pytest.raises(GatewayUnavailable):
        run(razorpay.gateway.fund(deal.fund(PAID)))
    let_claim_end(ledger, deal.fund(PAID).key)
    assert run(razorpay.gateway.fund(deal.fund(PAID))).outcome == "done"
    (order_id,) = razorpay.fake.books.orders
    assert len(razorpay.fake.books.payments_of(order_id)["items"]) == 1


def test_a_saved_method_that_is_declined_is_refused_with_razorpays_reason(razorpay, run):
    refused = run(razorpay.gateway.fund(deal_of().fund(REFUSED)))
    assert (refused.outcome, refused.reason) == ("refused", "payment_declined")


@pytest.mark.parametrize("how", ["unheard", "lost", "500"])
@pytest.mark.parametrize("kind", ["transfer", "refund", "reversal"])
def test_what_was_asked_for_and_not_answered_is_found_by_its_key_and_done_once(razorpay, run, ledger, how, kind):
    deal, books = paid_deal(razorpay, run), razorpay.fake.books
    transfer = deal.transfer(4_000)
    if kind == "reversal":
        run(razorpay.gateway.transfer(transfer))
    ask, request, path, made = {
        "transfer": (razorpay.gateway.transfer, transfer, "/transfers", books.transfers),
        "refund": (razorpay.gateway.refund, deal.refund(4_000), "/refund", books.refunds),
        "reversal": (
            razorpay.gateway.reverse,
            ReverseRequest(
                key="reversal:1", milestone_id=deal.milestone_id, transfer_key=transfer.key, money=Money(900, "INR")
            ),
            "/reversals",
            books.reversals,
        ),
    }[kind]
    request = msgspec.structs.replace(request, key=f"{request.key}:{deal.milestone_id}")
    razorpay.fake.http.fail("POST", path, how)
    with pytest.raises(GatewayUnavailable):
        run(ask(request))
    with pytest.raises(GatewayUnavailable):
        run(razorpay.gateway.look_up(key=request.key, milestone_id=deal.milestone_id))
    let_claim_end(ledger, request.key)
    assert run(razorpay.gateway.look_up(key=request.key, milestone_id=deal.milestone_id)).outcome == "done"
    assert run(ask(request)).outcome == "done"
    assert len(made) == 1


def test_many_who_ask_at_once_under_one_key_ask_razorpay_once(razorpay, run):
    deal = paid_deal(razorpay, run)

    async def all_at_once():
        asked = (razorpay.gateway.refund(deal.refund(1_000)) for _ in range(6))
        return await asyncio.gather(*asked, return_exceptions=True)

    answers = run(all_at_once())
    assert all(isinstance(answer, Report | GatewayUnavailable) for answer in answers)
    assert len(razorpay.fake.books.refunds) == 1


def test_a_transfer_that_fails_is_refused_and_one_that_comes_back_is_returned(razorpay, run):
    deal = paid_deal(razorpay, run)
    razorpay.fake.books.transfers_go = "pending"
    first, second = deal.transfer(2_000, leg=1), deal.transfer(3_000, leg=2)
    assert run(razorpay.gateway.transfer(first)).outcome == "pending"
    razorpay.fake.books.transfers_go = "processed"
    assert run(razorpay.gateway.transfer(second)).outcome == "done"
    razorpay.fake.books.transfer_goes(first.key, "failed")
    razorpay.fake.books.transfer_goes(second.key, "reversed")
    failed = run(razorpay.gateway.look_up(key=first.key, milestone_id=deal.milestone_id))
    assert (failed.outcome, failed.reason) == ("refused", "settlement_account_closed")
    assert run(razorpay.gateway.look_up(key=second.key, milestone_id=deal.milestone_id)).outcome == "returned"
    assert run(razorpay.gateway.transfer(deal.transfer(10_000, leg=3))).outcome == "done"


def test_what_was_taken_back_by_us_is_no_returned_transfer_and_can_be_paid_again(razorpay, run):
    deal = paid_deal(razorpay, run)
    transfer = deal.transfer(10_000)
    run(razorpay.gateway.transfer(transfer))
    assert run(razorpay.gateway.transfer(deal.transfer(4_000, leg=2))).outcome == "refused"
    asked = ReverseRequest(
        key=f"reversal:{deal.milestone_id}:1",
        milestone_id=deal.milestone_id,
        transfer_key=transfer.key,
        money=Money(10_000, "INR"),
    )
    assert run(razorpay.gateway.reverse(asked)).outcome == "done"
    assert run(razorpay.gateway.look_up(key=transfer.key, milestone_id=deal.milestone_id)).outcome == "done"
    assert run(razorpay.gateway.transfer(deal.transfer(4_000, leg=3))).outcome == "done"


def test_a_refund_that_fails_is_refused_and_one_that_was_done_comes_back(razorpay, run):
    deal = paid_deal(razorpay, run)
    razorpay.fake.books.refunds_go = "pending"
    assert run(razorpay.gateway.refund(deal.refund(4_000, leg=1))).outcome == "pending"
    razorpay.fake.books.refunds_go = "processed"
    assert run(razorpay.gateway.refund(deal.refund(4_000, leg=2))).outcome == "done"
    for refund in razorpay.fake.books.refunds.values():
        refund["status"] = "failed"
    outcomes = [
        run(razorpay.gateway.look_up(key=deal.refund(1, leg=leg).key, milestone_id=deal.milestone_id)).outcome for leg in (1, 2)
    ]
    assert outcomes == ["refused", "returned"]


def test_a_refusal_that_has_only_words_keeps_them_as_its_reason(razorpay, run):
    deal = paid_deal(razorpay, run)
    razorpay.fake.books.balance = 0
    refused = run(razorpay.gateway.transfer(deal.transfer(4_000)))
    words = "account_does_not_have_sufficient_balance_to_carry_out_transfer_operation"
    assert (refused.outcome, refused.reason) == ("refused", words[:60])


def test_words_of_something_under_way_are_no_refusal(razorpay, run, monkeypatch):
    deal = paid_deal(razorpay, run)
    fault = {
        "code": "BAD_REQUEST_ERROR",
        "description": "Request failed because another operation is in progress",
        "reason": "NA",
    }
    monkeypatch.setattr(razorpay.fake.http, "answer", lambda _: (400, {"error": fault}))
    with pytest.raises(GatewayUnavailable):
        run(razorpay.gateway.refund(deal.refund(4_000)))


def test_a_linked_account_is_asked_after_and_anything_else_is_none(razorpay, run):
    good, bad = "acc_Abcdefghij1234", "acc_Abcdefghij9999"
    razorpay.fake.books.suspended.add(bad)
    assert (run(razorpay.gateway.payee(good)).state, run(razorpay.gateway.payee(bad)).state) == ("ready", "restricted")
    request = PayeeRequest(key="k", user_id="usr_1", country="IN", currency="INR", address=good)
    assert run(razorpay.gateway.open_payee(request)).state == "ready"
    for account in ("", "someone@example.org", "acc_short", good + "\n", "acc_../../orders"):
        assert run(razorpay.gateway.payee(account)) is None
        opened = run(razorpay.gateway.open_payee(msgspec.structs.replace(request, address=account)))
        assert (opened.state, opened.reasons) == ("restricted", ("linked_account_needed",))
        deal = paid_deal(razorpay, run)
        refused = run(razorpay.gateway.transfer(msgspec.structs.replace(deal.transfer(1_000), payee_account=account)))
        assert (refused.outcome, refused.reason) == ("refused", "payee_account_invalid")


def test_a_way_to_pay_cannot_be_saved_here(razorpay, run):
    saved = run(razorpay.gateway.save_method(SaveMethodRequest(key="k", payer_id="usr_1", method="checkout")))
    assert (saved.state, saved.reason) == ("refused", "saving_checkout_not_offered")


def test_rupees_are_offered_when_the_keys_are_good_and_chargebacks_will_be_heard_of(razorpay, run, ledger):
    offer = run(razorpay.gateway.check())
    assert (offer.state, offer.methods_for("INR"), offer.methods_for("USD"), offer.max_hold_days) == (
        "ready",
        ("checkout",),
        (),
        170,
    )
    deaf = RazorpayGateway(ledger.store, msgspec.structs.replace(keys_for(razorpay.fake), webhook_secret=""))
    assert run(deaf.check()).reasons == ("webhook_missing",)
    wrong = RazorpayGateway(ledger.store, msgspec.structs.replace(keys_for(razorpay.fake), key_secret="another"))
    with pytest.raises(GatewayUnavailable):
        run(wrong.check())


def test_nothing_listens_where_razorpay_should_be_and_nothing_is_printed(razorpay, run, ledger, capsys):
    gone = RazorpayGateway(ledger.store, msgspec.structs.replace(keys_for(razorpay.fake), address="http://127.0.0.1:9"))
    with pytest.raises(GatewayUnavailable):
        run(gone.fund(deal_of().fund("checkout")))
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize("kind", ["transfer", "refund"])
def test_a_book_that_was_restored_and_knows_nothing_of_it_does_not_make_razorpay_act_again(razorpay, run, ledger, kind):
    deal = paid_deal(razorpay, run)
    ask, request = {
        "transfer": (razorpay.gateway.transfer, deal.transfer(4_000)),
        "refund": (razorpay.gateway.refund, deal.refund(4_000)),
    }[kind]
    run(ask(request))
    ledger.run(ledger.store.database["gateway_objects"].delete_one({"_id": f"razorpay:{request.key}"}))
    assert run(ask(request)).outcome == "done"
    assert len(razorpay.fake.books.transfers) + len(razorpay.fake.books.refunds) == 1
