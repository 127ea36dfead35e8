"""Converted releases in the engine, by hand: what each journal moves, and that whatever happens all else meets one currency."""

import pytest

from freehold.domain.escrow import PaymentNotExpected, PayoutOnHold, QuoteNotFitting
from freehold.domain.fees import FeeSchedule
from freehold.domain.money import Money
from freehold.domain.settlement import Report
from tests.domain.money_world import World

NAME = "mst_0"
KEY = f"transfer:{NAME}:1"
NET = 9_000


@pytest.fixture
def world():
    """Give a world with 100.00 USD in escrow, a fee of 10 %, and a freelancer who is paid in EUR at 0.8951 less 1 %."""
    made = World(FeeSchedule(version=1, basis_points=1_000))
    made.create(10_000)
    made.step(NAME, "fund", "client")
    carry_out(made, f"fund:{NAME}")
    made.pay_in("EUR", per_dollar="0.8951", spread=100)
    return made


def carry_out(world, key=KEY, verdict="done"):
    world.carry_out(key, verdict=verdict, fee=0, crash=None)
    world.check()


def bounce(world, key=KEY):
    command = world.commands[key]
    world.take_in(command, world.gateway.bounce(command))
    world.check()


def leg(world):
    return world.milestones[NAME].held.holding.leg(1)


def journal(world, key):
    (found,) = [each for each in world.journals[NAME] if each.key == key]
    return {(line.account, line.currency): line.amount for line in found.lines}


def test_a_release_is_owed_in_the_other_currency_until_the_exchange_is_known(world):
    step = world.step(NAME, "release", "client")
    assert journal(world, f"fx:{NAME}:1") == {
        (f"payable:{NAME}", "USD"): 9_000,
        ("fx:USD", "USD"): -9_000,
        ("fx:EUR", "EUR"): 8_056,  # 8,055.9
        (f"converted:{NAME}", "EUR"): -7_975,
        ("fx_spread", "EUR"): -81,  # 80.56
    }
    assert step.command.money == Money(7_975, "EUR")
    assert (step.command.conversion.source, step.after.holding.balances.payable) == (Money(9_000, "USD"), 0)
    world.check()


@pytest.mark.parametrize(("slips", "difference"), [(0, None), (-56, 56), (44, -44)])
def test_what_the_exchange_brings_more_or_less_is_the_platforms(world, slips, difference):
    world.gateway.slips = slips
    world.step(NAME, "release", "client")
    carry_out(world)
    settled = journal(world, f"fxsettle:{NAME}:1")
    assert settled.pop(("fx_gain_loss", "EUR"), None) == difference
    assert settled == {
        ("fx:USD", "USD"): 9_000,
        ("clearing:sandbox", "USD"): -9_000,
        ("clearing:sandbox", "EUR"): 8_056 + slips,
        ("fx:EUR", "EUR"): -8_056,
    }
    assert journal(world, KEY) == {(f"converted:{NAME}", "EUR"): 7_975, ("clearing:sandbox", "EUR"): -7_975}
    assert world.milestones[NAME].held.state == "released"
    world.check_at_rest()


@pytest.mark.parametrize(
    ("currency", "per_dollar", "target"),
    [("JPY", "157.25", 14_152 - 142), ("BHD", "0.3759", 33_831 - 338), ("EUR", "0.5", 4_500 - 45)],
)
def test_digits_are_those_of_the_currency(world, currency, per_dollar, target):
    """14,152.5 yen go to the even 14,152, less 142 (141.52); 33,831 fils less 338; 45.00 EUR less 0.45."""
    world.pay_in(currency, per_dollar=per_dollar, spread=100)
    assert world.step(NAME, "release", "client").command.money == Money(target, currency)
    carry_out(world)
    world.check_at_rest()


def test_what_is_too_little_for_the_other_currency_is_paid_in_the_milestones(world):
    world.pay_in("EUR", per_dollar="0.0000001")
    assert world.step(NAME, "release", "client").command.money == Money(NET, "USD")
    carry_out(world)
    world.check_at_rest()


def test_a_refused_payout_is_payable_again_as_if_nothing_had_been_exchanged(world):
    world.step(NAME, "release", "client")
    carry_out(world, verdict="refused")
    fx, undone = journal(world, f"fx:{NAME}:1"), journal(world, f"fx_undone:{NAME}:1")
    assert undone == {place: -amount for place, amount in fx.items()}
    assert world.milestones[NAME].held.holding.balances.payable == NET
    world.pay_in("JPY", per_dollar="157.25")
    world.step(NAME, "retry_payout", "freelancer")
    carry_out(world, f"{KEY}#2")
    assert [each.state for each in leg(world).exchanges] == ["undone", "done"]
    assert leg(world).exchange.conversion.target == Money(14_152, "JPY")
    world.check_at_rest()


def test_a_refused_payout_may_be_retried_in_the_milestones_currency(world):
    world.step(NAME, "release", "client")
    carry_out(world, verdict="refused")
    world.pay_in(None)
    assert world.step(NAME, "retry_payout", "freelancer").command.money == Money(NET, "USD")
    carry_out(world, f"{KEY}#2")
    assert (leg(world).exchange, leg(world).state) == (None, "done")
    world.check_at_rest()


@pytest.mark.parametrize("slips", [0, -70, 30])
def test_a_returned_payout_is_owed_whole_and_the_difference_is_the_platforms(world, slips):
    world.step(NAME, "release", "client")
    carry_out(world)
    world.gateway.slips = slips
    bounce(world)
    returned = journal(world, f"payout_returned:{NAME}:1")
    assert returned.pop(("fx_gain_loss", "USD"), 0) == -slips
    assert returned == {("clearing:sandbox", "USD"): 9_000 + slips, (f"payable:{NAME}", "USD"): -9_000}
    world.step(NAME, "retry_payout", "freelancer")
    carry_out(world, f"{KEY}#2")
    world.check_at_rest()


def test_a_return_that_is_heard_of_first_exchanges_there_and_back(world):
    world.step(NAME, "release", "client")
    world.carry_out(KEY, verdict="done", fee=0, crash="after the call")
    bounce(world)
    assert (leg(world).state, leg(world).exchange.state) == ("blocked", "returned")
    assert world.milestones[NAME].held.holding.balances.payable == NET
    world.settled.add(KEY)
    world.check_at_rest()


def test_a_report_of_the_wrong_amount_or_that_says_nothing_of_the_exchange_is_for_a_person(world):
    step = world.step(NAME, "release", "client")
    for money, received in ((Money(NET, "USD"), 8_056), (Money(7_976, "EUR"), 8_056), (Money(7_975, "EUR"), 0)):
        report = Report(outcome="done", reference="gw", money=money, received=received)
        with pytest.raises(PaymentNotExpected):
            world.take_in(step.command, report)
    world.check()
    world.take_in(step.command, Report(outcome="done", reference="gw", money=Money(7_975, "EUR"), received=8_056))
    nothing_back = Report(outcome="returned", reference="gw", money=Money(7_975, "EUR"), received=8_056)
    with pytest.raises(PaymentNotExpected):
        world.take_in(step.command, nothing_back)
    world.check()


def test_what_was_converted_is_not_asked_back_but_owed(world):
    world.step(NAME, "release", "client")
    carry_out(world)
    step = world.step(NAME, "refund", "operator")
    assert ([each.kind for each in step.commands], step.debt, world.debt) == (["refund"], NET, NET)
    carry_out(world, f"refund:{NAME}:2")
    world.check_at_rest()


def test_a_lost_chargeback_takes_a_blocked_payout_that_was_to_be_converted(world):
    world.step(NAME, "release", "client")
    carry_out(world, verdict="refused")
    world.open_chargeback(NAME, 10_000, 0)
    world.decide_chargeback(world.chargebacks[0], "lost", fee_comes_back=False)
    world.check()
    assert (world.milestones[NAME].held.state, world.debt) == ("charged_back", 0)
    world.check_at_rest()


def test_a_debt_is_kept_back_in_the_milestones_currency_and_the_rest_is_converted(world):
    world.debt = 1_000
    world.accounts[f"freelancer_debt:{world.milestones[NAME].held.payee_id}", "USD"] += 1_000
    world.accounts["bad_debt", "USD"] -= 1_000
    step = world.step(NAME, "release", "client")
    assert (step.leg.offset, step.command.conversion.source) == (1_000, Money(8_000, "USD"))
    carry_out(world)


def test_a_quote_promises_its_amount_and_nothing_else(world):
    world.pay_in("EUR", per_dollar="0.8951", spread=100, quoted=NET)
    assert world.step(NAME, "release", "client").leg.exchange.quote_id == "fxq_1"


@pytest.mark.parametrize("quoted", [NET - 1, NET + 1])
def test_a_quote_for_another_amount_is_refused(world, quoted):
    world.pay_in("EUR", per_dollar="0.8951", quoted=quoted)
    with pytest.raises(QuoteNotFitting):
        world.step(NAME, "release", "client")


def test_a_quote_cannot_wait_for_a_hold_to_end(world):
    world.hold = "a new payout account"
    world.pay_in("EUR", per_dollar="0.8951", quoted=NET)
    with pytest.raises(QuoteNotFitting):
        world.step(NAME, "release", "client")
    world.pay_in("EUR", per_dollar="0.8951")
    assert world.step(NAME, "release", "client").leg.exchange is None
    with pytest.raises(PayoutOnHold):
        world.step(NAME, "retry_payout", "freelancer")
    world.hold = None
    assert world.step(NAME, "retry_payout", "freelancer").command.money.currency == "EUR"
    world.check()
