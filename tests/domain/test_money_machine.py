"""R1: whatever happens, in whatever order, however often: every invariant of the ledger holds after every step.

A Hypothesis state machine over the pure engine. Commands are carried out by a gateway whose replies get lost, whose reports
come twice, late and out of order, and which refuses; deadlines pass; both parties press every button they have.
"""

import contextlib
import os
from collections import Counter
from pathlib import Path
from typing import ClassVar

import msgspec
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, initialize, invariant, multiple, precondition, rule

from freehold.domain.errors import Refused
from freehold.domain.escrow import actions_of
from freehold.domain.fees import FeeSchedule
from freehold.domain.money_process import DEADLINES, HUMAN, TRANSITIONS, actors_of
from tests.domain.money_world import World

AMOUNTS = st.one_of(st.integers(min_value=100, max_value=2_500), st.sampled_from([125_000, 99_999, 10_000_000_000]))
PARTS = st.one_of(st.none(), st.integers(min_value=100, max_value=500), st.integers(min_value=-5, max_value=2_500))
SCHEDULES = st.builds(
    FeeSchedule,
    version=st.just(1),
    basis_points=st.sampled_from([0, 1, 333, 1_000, 5_000]),
    tax_basis_points=st.sampled_from([0, 0, 0, 100, 3_333, 4_000]),
)
VERDICTS = {
    "fund": st.sampled_from(["done", "done", "done", "pending", "refused", "wrong_amount"]),
    "cancel": st.just("cancelled"),
    "transfer": st.sampled_from(["done", "done", "refused", "pending"]),
    "refund": st.sampled_from(["done", "refused", "pending"]),
    "reversal": st.sampled_from(["done", "refused", "pending"]),
}
CHARGED_BACK = st.one_of(st.none(), st.integers(min_value=-1, max_value=3_000))
CRASHES = st.sampled_from([None, None, None, "before the call", "after the call"])


class MoneyMachine(RuleBasedStateMachine):
    milestones = Bundle("milestones")
    counted: ClassVar[Counter[str]] = Counter()
    """What all examples have done so far."""

    @initialize(target=milestones, schedule=SCHEDULES, amount=AMOUNTS)
    def begin(self, schedule, amount):
        self.world = World(schedule)
        name = self.world.create(amount)
        self.world.step(name, "fund", "client")
        self.world.carry_out(f"fund:{name}", verdict="done", fee=0, crash=None)
        waiting, fresh = self.world.create(amount), self.world.create(amount)
        self.world.step(waiting, "fund", "client")
        return multiple(name, waiting, fresh)

    @precondition(lambda self: len(self.world.milestones) < 5)
    @rule(target=milestones, amount=AMOUNTS, kind=st.sampled_from(["milestone", "week"]))
    def create(self, amount, kind):
        return self.world.create(amount, kind)

    @rule(name=milestones)
    def the_clock_pays_for_a_week(self, name):
        self._attempt(name, "fund", "scheduler")

    @rule(data=st.data(), actor=st.sampled_from(sorted(HUMAN)))
    def press_an_offered_button(self, data, actor):
        """A step that is offered works (to the freelancer, once a hold on payouts is lifted)."""
        self.world.hold = None
        offered = [
            (name, transition) for name, timed in self.world.milestones.items() for transition in actions_of(timed.held, actor)
        ]
        if offered:
            name, transition = data.draw(st.sampled_from(offered))
            assert self._attempt(name, transition, actor)

    @rule(name=milestones, part=PARTS)
    def release_a_part(self, name, part):
        self._attempt(name, "release", "client", part=part)

    @rule(name=milestones, part=PARTS, actor=st.sampled_from(["freelancer", "operator"]))
    def give_a_part_back(self, name, part, actor):
        self._attempt(name, "refund", actor, part=part)

    @rule(name=milestones, part=PARTS, by_client=st.booleans(), accepted=st.booleans())
    def share(self, name, part, by_client, accepted):
        proposer, other = ("client", "freelancer") if by_client else ("freelancer", "client")
        if self._attempt(name, "propose_split", proposer, part=part) and accepted:
            self._attempt(name, "accept_split", other)

    @rule(name=milestones, part=PARTS, actor=st.sampled_from(["client", "freelancer"]))
    def argue_about_a_part(self, name, part, actor):
        self._attempt(name, "dispute", actor, part=part)

    @rule(name=milestones, part=st.integers(min_value=-1, max_value=3_000), fee=st.sampled_from([0, 0, 5, 100]))
    def settle_an_argument(self, name, part, fee):
        self._attempt(name, "settle_dispute", "operator", part=part, dispute_fee=fee)

    @rule(
        name=milestones, amount=st.one_of(st.none(), st.integers(min_value=-1, max_value=3_000)), fee=st.sampled_from([0, 15])
    )
    def the_bank_takes_a_payment_back(self, name, amount, fee):
        whole = self.world.milestones[name].held.holding.deposited
        with contextlib.suppress(Refused):
            self.counted["chargebacks"] += 1
            self.world.open_chargeback(name, whole if amount is None else amount, fee)

    @precondition(lambda self: self.world.chargebacks)
    @rule(data=st.data(), state=st.sampled_from(["won", "lost", "lost"]), fee_comes_back=st.booleans())
    def the_bank_decides(self, data, state, fee_comes_back):
        """A lost one waits while money is on its way."""
        with contextlib.suppress(Refused):
            report = data.draw(st.sampled_from(self.world.chargebacks))
            self.world.decide_chargeback(report, state, fee_comes_back=fee_comes_back)

    @precondition(lambda self: self.world.done_and_not_taken_back())
    @rule(data=st.data(), heard=st.booleans())
    def what_was_paid_comes_back(self, data, heard):
        key = data.draw(st.sampled_from(self.world.done_and_not_taken_back()))
        self.counted["returned payments"] += 1
        command = self.world.commands[key]
        report = self.world.gateway.bounce(command)
        self.world.reports.append((command, report))
        if heard:
            self.world.take_in(command, report)

    @rule(hold=st.sampled_from([None, None, "a new payout account"]))
    def payouts_are_held_up(self, hold):
        self.world.hold = hold

    @rule(
        currency=st.sampled_from([None, "EUR", "JPY", "BHD", "USD"]),
        per_dollar=st.sampled_from(["1", "0.8951", "175.68", "0.3771", "9"]),
        spread=st.sampled_from([0, 100, 1_000]),
        slips=st.sampled_from([0, 0, -3, 5]),
    )
    def the_freelancer_is_paid_in_another_currency(self, currency, per_dollar, spread, slips):
        """And the gateway's exchange brings more or less than it was quoted at."""
        self.world.pay_in(currency, per_dollar=per_dollar, spread=spread)
        self.world.gateway.slips = slips

    @rule(name=milestones, part=st.sampled_from([None, 100, 500]), quoted=st.sampled_from([None, 1, 90, 100, 450, 500]))
    def release_with_a_quote(self, name, part, quoted):
        """A quote is for what this release pays out, or nothing happens."""
        before = self.world.terms
        net = quoted if quoted is not None else self.world.milestones[name].held.holding.balances.escrow or 1
        self.world.pay_in("EUR", per_dollar="0.8951", spread=100, quoted=net)
        if self._attempt(name, "release", "client", part=part):
            leg = self.world.milestones[name].held.holding.legs[-1]
            assert (leg.sent, leg.state, leg.exchange.quote_id) == (net, "pending", "fxq_1")
        self.world.terms = before

    @rule(name=milestones)
    def the_clock_tries_a_payout_again(self, name):
        self._attempt(name, "retry_payout", "scheduler")

    @rule(name=milestones, transition=st.sampled_from(TRANSITIONS), actor=st.sampled_from(sorted(HUMAN)))
    def press_any_button(self, name, transition, actor):
        """A step that the actor is not offered is refused and changes nothing."""
        self.world.hold = None
        before = self.world.milestones[name].held
        taken = self._attempt(name, transition, actor)
        assert taken == (transition in actions_of(before, actor))
        assert taken or self.world.milestones[name].held == before
        assert not taken or actor in actors_of(transition)

    @precondition(lambda self: self.world.waiting())
    @rule(data=st.data(), fee=st.sampled_from([0, 0, 3, 59]), crash=CRASHES)
    def carry_out(self, data, fee, crash):
        key = data.draw(st.sampled_from(self.world.waiting()))
        verdict = data.draw(VERDICTS[self.world.commands[key].kind])
        self.counted["crashes"] += crash is not None
        self.world.carry_out(key, verdict=verdict, fee=fee, crash=crash)

    @precondition(lambda self: self.world.reports)
    @rule(data=st.data())
    def an_old_report_comes_again(self, data):
        self.counted["repeated reports"] += 1
        self.world.take_in(*data.draw(st.sampled_from(self.world.reports)))

    @precondition(lambda self: any(report.outcome == "pending" for report in self.world.gateway.objects.values()))
    @rule(data=st.data(), paid=st.booleans(), fee=st.sampled_from([0, 3]), heard=st.booleans())
    def the_gateway_settles_what_was_pending(self, data, paid, fee, heard):
        pending = [key for key, report in self.world.gateway.objects.items() if report.outcome == "pending"]
        command = self.world.commands[data.draw(st.sampled_from(pending))]
        refusal = "cancelled" if command.kind == "fund" else "refused"
        report = self.world.gateway.settle(command, "done" if paid else refusal, fee)
        self.world.reports.append((command, report))
        if heard:
            self.world.take_in(command, report)

    @rule(passed_s=st.sampled_from([1, 50, 99, 100, 300, 1_000]))
    def time_passes(self, passed_s):
        self.world.clock_s += passed_s

    @rule()
    def the_scheduler_ticks(self):
        for deadline in DEADLINES:
            self.world.sweep(deadline)
        assert self.world.sweep("auto_release_at") == self.world.sweep("funding_expires_at") == 0

    @invariant()
    def every_invariant_holds(self):
        if hasattr(self, "world"):
            self.counted["checks"] += 1
            self.world.check()

    def teardown(self):
        """Let everything come to rest, then compare the ledger with what the gateway itself counted."""
        if not hasattr(self, "world"):
            return
        self.counted["examples"] += 1
        for _ in range(200):
            if not (waiting := self.world.waiting()):
                break
            for key in waiting:
                if key in self.world.gateway.objects:
                    self.world.gateway.settle(self.world.commands[key], "done", 0)
                self.world.carry_out(key, verdict="done", fee=0, crash=None)
                self.world.check()
        assert self.world.waiting() == []
        for command, report in self.world.reports:
            self.world.take_in(command, report)
        self.world.check_at_rest()

    def _attempt(self, name, transition, actor, **facts):
        try:
            self.world.step(name, transition, actor, **facts)
        except Refused:
            self.counted["refusals"] += 1
            return False
        self.counted["steps"] += 1
        return True


def counted_into(file: str) -> None:
    """Add what all examples of this process have counted to a file, for `make prove`."""
    Path(file).write_bytes(msgspec.json.encode(dict(MoneyMachine.counted)))


class TestMoneyMachine(MoneyMachine.TestCase):
    settings = settings(
        max_examples=int(os.environ.get("FREEHOLD_EXAMPLES", "500")),
        stateful_step_count=int(os.environ.get("FREEHOLD_STEPS", "60")),
        deadline=None,
        database=None,
        suppress_health_check=[HealthCheck.too_slow],
    )

    @classmethod
    def tearDownClass(cls) -> None:
        super().tearDownClass()
        if file := os.environ.get("FREEHOLD_COUNTED"):
            counted_into(file)
