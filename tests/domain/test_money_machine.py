"""R1: whatever happens, in whatever order, however often: every invariant of the ledger holds after every step.

A Hypothesis state machine over the pure engine. Commands are carried out by a gateway whose replies get lost, whose reports
come twice, late and out of order, and which refuses; deadlines pass; both parties press every button they have.
"""

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, initialize, invariant, multiple, precondition, rule

from freehold.domain.errors import Refused
from freehold.domain.escrow import actions_of
from freehold.domain.money_process import HUMAN, TRANSITIONS, actors_of
from tests.domain.money_world import FUNDING_WINDOW_S, INSPECTION_S, World

AMOUNTS = st.one_of(st.integers(min_value=100, max_value=2_500), st.sampled_from([125_000, 99_999, 10_000_000_000]))
PARTS = st.one_of(st.none(), st.integers(min_value=100, max_value=500), st.integers(min_value=-5, max_value=2_500))
VERDICTS = {
    "fund": st.sampled_from(["done", "done", "done", "pending", "refused", "wrong_amount"]),
    "cancel": st.just("cancelled"),
    "transfer": st.sampled_from(["done", "done", "refused", "pending"]),
    "refund": st.sampled_from(["done", "refused", "pending"]),
}
CRASHES = st.sampled_from([None, None, None, "before the call", "after the call"])


class MoneyMachine(RuleBasedStateMachine):
    milestones = Bundle("milestones")

    @initialize(target=milestones, basis_points=st.sampled_from([0, 1, 333, 1_000, 5_000]), amount=AMOUNTS)
    def begin(self, basis_points, amount):
        self.world = World(basis_points)
        name = self.world.create(amount)
        self.world.step(name, "fund", "client")
        self.world.carry_out(f"fund:{name}", verdict="done", fee=0, crash=None)
        waiting, fresh = self.world.create(amount), self.world.create(amount)
        self.world.step(waiting, "fund", "client")
        return multiple(name, waiting, fresh)

    @precondition(lambda self: len(self.world.milestones) < 5)
    @rule(target=milestones, amount=AMOUNTS)
    def create(self, amount):
        return self.world.create(amount)

    @rule(data=st.data(), actor=st.sampled_from(sorted(HUMAN)))
    def press_an_offered_button(self, data, actor):
        """A step that is offered works."""
        offered = [
            (name, transition) for name, timed in self.world.milestones.items() for transition in actions_of(timed.held, actor)
        ]
        if offered:
            name, transition = data.draw(st.sampled_from(offered))
            assert self._attempt(name, transition, actor)

    @rule(name=milestones, part=PARTS)
    def release_a_part(self, name, part):
        self._attempt(name, "release", "client", part=part)

    @rule(name=milestones, transition=st.sampled_from(TRANSITIONS), actor=st.sampled_from(sorted(HUMAN)))
    def press_any_button(self, name, transition, actor):
        """A step that the actor is not offered is refused and changes nothing."""
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
        self.world.carry_out(key, verdict=verdict, fee=fee, crash=crash)

    @precondition(lambda self: self.world.reports)
    @rule(data=st.data())
    def an_old_report_comes_again(self, data):
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

    @rule(passed_s=st.sampled_from([1, INSPECTION_S - 1, INSPECTION_S, FUNDING_WINDOW_S]))
    def time_passes(self, passed_s):
        self.world.clock_s += passed_s

    @rule()
    def the_scheduler_ticks(self):
        self.world.sweep("auto_release_at")
        self.world.sweep("funding_expires_at")
        assert self.world.sweep("auto_release_at") == self.world.sweep("funding_expires_at") == 0

    @invariant()
    def every_invariant_holds(self):
        if hasattr(self, "world"):
            self.world.check()

    def teardown(self):
        """Let everything come to rest, then compare the ledger with what the gateway itself counted."""
        if not hasattr(self, "world"):
            return
        for _ in range(200):
            if not (waiting := self.world.waiting()):
                break
            for key in waiting:
                if key in self.world.gateway.objects:
                    self.world.gateway.settle(self.world.commands[key], "done", 0)
                self.world.carry_out(key, verdict="done", fee=0, crash=None)
                self.world.check()
        assert self.world.waiting() == []
        self.world.check_at_rest()

    def _attempt(self, name, transition, actor, **facts):
        try:
            self.world.step(name, transition, actor, **facts)
        except Refused:
            return False
        return True


TestMoneyMachine = MoneyMachine.TestCase
TestMoneyMachine.settings = settings(
    max_examples=500, stateful_step_count=60, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
