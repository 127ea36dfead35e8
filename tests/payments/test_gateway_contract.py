"""What every payment gateway promises, asked of each that we have: a key acts once, refusals are definite, look-ups tell."""

import asyncio
from collections.abc import Iterator

import msgspec
import pytest

from freehold.domain.escrow import Facts, take
from freehold.domain.holding import Held, Holding
from freehold.domain.money import Money, UnknownCurrency
from freehold.domain.news import ChargebackNews
from freehold.domain.settlement import ChargebackReport, Report, chargeback_steps
from freehold.ids import new_id
from freehold.payments.gateway import (
    AmountNotSendable,
    InvalidWebhook,
    KeyReusedAtGateway,
    PayeeRequest,
    ReverseRequest,
    SaveMethodRequest,
)
from freehold.store import now
from freehold.store.payouts import CONVERTING
from tests.payments.benches import BENCHES, Bench
from tests.payments.fees import fee_of

FEE = fee_of(10_000)
WITH_ACCOUNTS = pytest.mark.parametrize("bench", ["sandbox", "stripe"], indirect=True)
"""Of those that know payees and saved methods by themselves; PayPal's and Razorpay's own tests show how theirs go."""
WITH_BOUNCES = pytest.mark.parametrize("bench", ["paypal", "razorpay", "stripe"], indirect=True)
WITH_REVERSALS = pytest.mark.parametrize("bench", ["razorpay", "sandbox", "stripe"], indirect=True)


@pytest.fixture(params=sorted(BENCHES))
def bench(request, ledger) -> Iterator[Bench]:
    opened = BENCHES[request.param](ledger.store)
    yield opened
    opened.close()


@pytest.fixture
def run(ledger):
    return ledger.run


def test_a_payment_is_asked_for_once_however_often_the_key_comes(bench, run):
    deal = bench.deal()
    first = run(bench.gateway.fund(deal.fund(bench.paid)))
    assert (first.outcome, first.money, first.fee) == ("done", deal.money, FEE)
    assert run(bench.gateway.fund(deal.fund(bench.paid))) == first
    assert run(bench.gateway.capture_state(deal.query)) == first


def test_a_refused_payment_stays_refused_under_its_key_and_says_why(bench, run):
    deal = bench.deal()
    refused = run(bench.gateway.fund(deal.fund(bench.refused)))
    assert (refused.outcome, refused.reason is not None, refused.fee) == ("refused", True, 0)
    assert run(bench.gateway.fund(deal.fund(bench.refused))) == refused
    assert run(bench.gateway.transfer(deal.transfer(1))).outcome == "refused"


def test_a_pending_payment_is_done_once_the_payer_has_paid(bench, run):
    deal = bench.deal()
    assert run(bench.gateway.fund(deal.fund(bench.pending))).outcome == "pending"
    assert run(bench.gateway.capture_state(deal.query)).outcome == "pending"
    assert run(bench.gateway.transfer(deal.transfer(1, leg=9))).outcome == "refused"
    run(bench.payer_pays(deal.payment_id))
    assert run(bench.gateway.capture_state(deal.query)).outcome == "done"
    assert run(bench.gateway.cancel(deal.query)).outcome == "done"


def test_a_cancelled_payment_stays_cancelled(bench, run):
    deal = bench.deal()
    run(bench.gateway.fund(deal.fund(bench.pending)))
    assert run(bench.gateway.cancel(deal.query)).outcome == "cancelled"
    assert run(bench.gateway.cancel(deal.query)).outcome == "cancelled"
    assert run(bench.gateway.fund(deal.fund(bench.pending))).outcome == "cancelled"


def test_what_was_never_asked_for_is_not_found(bench, run):
    deal = bench.deal()
    assert run(bench.gateway.capture_state(deal.query)) is None
    assert run(bench.gateway.cancel(deal.query)) is None
    assert run(bench.gateway.look_up(key=f"transfer:{deal.milestone_id}:1", milestone_id=deal.milestone_id)) is None


def test_a_transfer_is_made_once_and_can_be_looked_up(bench, run):
    deal = bench.deal()
    run(bench.gateway.fund(deal.fund(bench.paid)))
    done = run(bench.gateway.transfer(deal.transfer(4_000)))
    assert (done.outcome, done.money) == ("done", Money(4_000, bench.currency))
    assert run(bench.gateway.transfer(deal.transfer(4_000))) == done
    assert run(bench.gateway.look_up(key=f"transfer:{deal.milestone_id}:1", milestone_id=deal.milestone_id)) == done


def test_a_payment_never_gives_more_than_was_paid_in(bench, run):
    deal = bench.deal()
    run(bench.gateway.fund(deal.fund(bench.paid)))
    assert run(bench.gateway.transfer(deal.transfer(6_000, leg=1))).outcome == "done"
    assert run(bench.gateway.refund(deal.refund(10_001, leg=2))).outcome == "refused"
    assert run(bench.gateway.refund(deal.refund(4_000, leg=3))).outcome == "done"
    assert run(bench.gateway.transfer(deal.transfer(1, leg=4))).outcome == "refused"
    assert run(bench.gateway.refund(deal.refund(6_001, leg=5))).outcome == "refused"


def test_many_who_spend_a_payment_at_once_spend_it_once(bench, run):
    deal = bench.deal()
    run(bench.gateway.fund(deal.fund(bench.paid)))

    async def all_at_once():
        asked = [bench.gateway.transfer(deal.transfer(3_000, leg=leg)) for leg in range(1, 9)]
        return await asyncio.gather(*asked, return_exceptions=True)

    outcomes = [report.outcome for report in run(all_at_once()) if isinstance(report, Report)]
    assert outcomes.count("done") <= 3
    for leg in range(1, 9):
        run(bench.gateway.transfer(deal.transfer(3_000, leg=leg)))
    known = [
        run(bench.gateway.look_up(key=f"transfer:{deal.milestone_id}:{leg}", milestone_id=deal.milestone_id))
        for leg in range(1, 9)
    ]
    assert [report.outcome for report in known if report is not None].count("done") == 3


def test_the_same_key_at_once_acts_once(bench, run):
    deal = bench.deal()
    run(bench.gateway.fund(deal.fund(bench.paid)))
    before = run(bench.gateway.balance(bench.currency))

    async def all_at_once():
        return await asyncio.gather(*(bench.gateway.transfer(deal.transfer(3_000)) for _ in range(8)), return_exceptions=True)

    outcomes = {report.outcome for report in run(all_at_once()) if isinstance(report, Report)}
    assert outcomes == {"done"}
    assert run(bench.gateway.balance(bench.currency)) == before - Money(3_000, bench.currency)


def test_a_payout_to_a_blocked_payee_is_refused_for_good_under_its_key(bench, run):
    deal = bench.deal()
    run(bench.gateway.fund(deal.fund(bench.paid)))
    run(bench.block(deal.payee_id, True))
    refused = run(bench.gateway.transfer(deal.transfer(5_000)))
    assert (refused.outcome, refused.reason) == ("refused", "payouts_blocked")
    run(bench.block(deal.payee_id, False))
    assert run(bench.gateway.transfer(deal.transfer(5_000))) == refused
    again = msgspec.structs.replace(deal.transfer(5_000), key=f"transfer:{deal.milestone_id}:1#2")
    assert run(bench.gateway.transfer(again)).outcome == "done"


def test_a_key_that_comes_with_another_request_does_nothing(bench, run):
    deal = bench.deal()
    run(bench.gateway.fund(deal.fund(bench.paid)))
    run(bench.gateway.transfer(deal.transfer(1_000)))
    before = run(bench.gateway.balance(bench.currency))
    for request in (deal.transfer(1_001), msgspec.structs.replace(deal.transfer(1_000), payee_id="usr_other")):
        with pytest.raises(KeyReusedAtGateway):
            run(bench.gateway.transfer(request))
    with pytest.raises(KeyReusedAtGateway):
        run(bench.gateway.fund(msgspec.structs.replace(deal.fund(bench.paid), money=Money(1, bench.currency))))
    assert run(bench.gateway.balance(bench.currency)) == before


def test_a_transfer_can_be_taken_back_where_the_gateway_can(bench, run):
    deal = bench.deal()
    run(bench.gateway.fund(deal.fund(bench.paid)))
    transfer = deal.transfer(4_000)
    run(bench.gateway.transfer(transfer))
    before = run(bench.gateway.balance(bench.currency))
    asked = ReverseRequest(
        key=f"reversal:{deal.milestone_id}:1",
        milestone_id=deal.milestone_id,
        transfer_key=transfer.key,
        money=Money(3_000, bench.currency),
    )
    if not bench.can_reverse:
        refused = run(bench.gateway.reverse(asked))
        assert (refused.outcome, refused.reason) == ("refused", "reversal_not_possible")
        assert run(bench.gateway.balance(bench.currency)) == before
        return
    assert run(bench.gateway.reverse(asked)).outcome == "done"
    assert run(bench.gateway.reverse(asked)).outcome == "done"
    more = msgspec.structs.replace(asked, key=f"reversal:{deal.milestone_id}:2", money=Money(1_001, bench.currency))
    assert run(bench.gateway.reverse(more)).outcome == "refused"
    assert run(bench.gateway.balance(bench.currency)) == before + Money(3_000, bench.currency)


def test_the_balance_is_what_came_in_less_what_went_out_and_the_charges(bench, run):
    deal = bench.deal(10_000, bench.other_currency)
    before = run(bench.gateway.balance(bench.other_currency))
    run(bench.gateway.fund(deal.fund(bench.paid)))
    run(bench.gateway.transfer(deal.transfer(3_000, leg=1)))
    run(bench.gateway.refund(deal.refund(2_000, leg=2)))
    run(bench.gateway.refund(deal.refund(9_000, leg=3)))
    assert run(bench.gateway.balance(bench.other_currency)) == before + Money(
        10_000 - FEE - 3_000 - 2_000, bench.other_currency
    )


def test_a_webhook_of_its_own_is_read(bench, run):
    told = run(bench.tell(bench.deal(), now()))
    assert run(bench.gateway.read_webhook(body=told.body, headers=told.headers, now=now())) == told.event


def test_a_webhook_that_is_forged_altered_unsigned_or_old_is_refused(bench, run):
    told = run(bench.tell(bench.deal(), now()))
    for body, headers, at in told.forgeries:
        with pytest.raises(InvalidWebhook):
            run(bench.gateway.read_webhook(body=body, headers=headers, now=at))


def test_it_says_what_it_offers_and_the_ways_of_the_bench_are_among_it(bench, run):
    run(bench.gateway.fund(bench.deal().fund(bench.paid)))  # some know their currencies by what they hold
    offer = run(bench.gateway.check())
    assert offer.converts == (bench.gateway.name in CONVERTING)
    assert offer.state == "ready"
    assert bench.deal().fund(bench.pending).method in offer.methods_for(bench.currency)


def test_money_that_it_cannot_move_exactly_is_refused_before_it_is_asked(bench):
    bench.gateway.require_sendable(Money(10_000, bench.currency))
    with pytest.raises((AmountNotSendable, UnknownCurrency)):
        bench.gateway.require_sendable(Money(10_000, "XAU"))


def test_a_payment_that_the_payer_must_act_on_says_how_or_arrives_by_itself(bench, run):
    deal = bench.deal()
    asked = run(bench.gateway.fund(deal.fund(bench.pending)))
    offered = next(each for each in run(bench.gateway.check()).methods if each.name == deal.fund(bench.pending).method)
    assert asked.action is not None or offered.settles == "later"


@WITH_ACCOUNTS
def test_a_payees_account_is_opened_once_per_key_and_becomes_ready(bench, run):
    request = PayeeRequest(
        key=f"payee:{new_id('usr')}", user_id=new_id("usr"), country="DE", currency="EUR", return_url="https://example.org/back"
    )
    opened = run(bench.gateway.open_payee(request))
    assert run(bench.gateway.open_payee(request)).account == opened.account
    if bench.onboard is not None:
        assert (opened.state, opened.action is not None, opened.reasons != ()) == ("pending", True, True)
        run(bench.onboard(opened.account))
    assert run(bench.gateway.payee(opened.account)).state == "ready"


@WITH_ACCOUNTS
def test_a_blocked_payee_is_not_ready_and_says_why(bench, run):
    deal = bench.deal()
    account = deal.payee_account or deal.payee_id
    run(bench.block(deal.payee_id, True))
    blocked = run(bench.gateway.payee(account))
    assert (blocked.state, blocked.reasons != ()) == ("restricted", True)
    run(bench.block(deal.payee_id, False))
    assert run(bench.gateway.payee(account)).state == "ready"


@WITH_ACCOUNTS
def test_a_saved_method_is_charged_without_its_owner(bench, run):
    deal = bench.deal()
    method = deal.fund(bench.paid).method
    request = SaveMethodRequest(key=f"save:{new_id('usr')}", payer_id=deal.payer_id, method=method)
    saved = run(bench.gateway.save_method(request))
    if bench.payer_saves is not None:
        assert (saved.state, saved.action is not None) == ("pending", True)
        run(bench.payer_saves(deal.payer_id))
        saved = run(bench.gateway.save_method(request))
    assert (saved.state, saved.label != "") == ("ready", True)
    charged = msgspec.structs.replace(deal.fund(method), saved_method=saved.reference)
    assert run(bench.gateway.fund(charged)).outcome == "done"


@WITH_BOUNCES
def test_a_refund_that_bounces_is_returned_and_its_money_is_there_again(bench, run):
    deal = bench.deal()
    run(bench.gateway.fund(deal.fund(bench.paid)))
    before = run(bench.gateway.balance(bench.currency))
    run(bench.gateway.refund(deal.refund(4_000)))
    run(bench.bounce(deal.refund(4_000).key))
    known = run(bench.gateway.look_up(key=deal.refund(4_000).key, milestone_id=deal.milestone_id))
    assert (known.outcome, known.reason is not None) == ("returned", True)
    assert run(bench.gateway.balance(bench.currency)) == before
    again = msgspec.structs.replace(deal.refund(10_000), key=f"refund:{deal.milestone_id}:1#2")
    assert run(bench.gateway.refund(again)).outcome == "done"


@WITH_REVERSALS
def test_a_reversal_can_be_looked_up(bench, run):
    deal = bench.deal()
    run(bench.gateway.fund(deal.fund(bench.paid)))
    run(bench.gateway.transfer(deal.transfer(4_000)))
    asked = ReverseRequest(
        key=f"reversal:{deal.milestone_id}:1",
        milestone_id=deal.milestone_id,
        transfer_key=deal.transfer(4_000).key,
        money=Money(4_000, bench.currency),
    )
    reversed_ = run(bench.gateway.reverse(asked))
    assert run(bench.gateway.look_up(key=asked.key, milestone_id=deal.milestone_id)) == reversed_


def read(bench: Bench, run, told) -> ChargebackReport:
    body, headers = told
    news = run(bench.gateway.read_webhook(body=body, headers=headers, now=now())).news
    assert isinstance(news, ChargebackNews)
    assert run(bench.gateway.read_webhook(body=body, headers=headers, now=now())).news == news, "a copy says the same"
    return news.report


@pytest.mark.parametrize("won", [True, False], ids=["won", "lost"])
def test_a_chargeback_is_told_with_its_payment_its_amount_and_its_fee_and_then_how_it_ended(bench, run, won):
    deal = bench.deal()
    run(bench.gateway.fund(deal.fund(bench.disputed(won))))
    opened = read(bench, run, run(bench.charge_back(deal, "opened", now())))
    assert (opened.state, opened.payment_id, opened.milestone_id) == ("opened", deal.payment_id, deal.milestone_id)
    assert (opened.money, opened.fee, opened.reason is not None) == (deal.money, bench.chargeback_fee, True)
    ended = read(bench, run, run(bench.charge_back(deal, "won" if won else "lost", now())))
    assert (ended.state, ended.id, ended.money) == ("won" if won else "lost", opened.id, opened.money)
    assert ended.fee == bench.chargeback_fee, "of one that is won, it says what comes back"


def test_the_opening_of_a_chargeback_that_is_told_late_does_not_undo_its_end(bench, run):
    deal = bench.deal()
    run(bench.gateway.fund(deal.fund(bench.disputed(True))))
    opening = run(bench.charge_back(deal, "opened", now()))
    ended = read(bench, run, run(bench.charge_back(deal, "won", now())))
    late = read(bench, run, opening)
    paid = take(held_of(deal), "deposit_paid", by="gateway", facts=Facts(payment_id=deal.payment_id, paid=deal.money))
    held = paid.after
    for report in (ended, late, ended, late):
        for step in chargeback_steps(held, report):
            held = step.after
    assert [(each.id, each.state) for each in held.holding.chargebacks] == [(ended.id, "won")]


def held_of(deal) -> Held:
    """Give a milestone that waits for the payment of a deal."""
    holding = Holding(amount=deal.money, gateway="sandbox", payment_id=deal.payment_id)
    return Held(milestone_id=deal.milestone_id, payee_id=deal.payee_id, state="funding", holding=holding)
