"""A small world around the pure money engine, for the state machine: a ledger, an outbox of commands, a gateway that fails.

The gateway here is honest but unlucky: replies get lost, reports come twice, late and in any order. It is the arbiter: what it
moved is counted on its own side and compared with the ledger.
"""

from collections import Counter
from dataclasses import dataclass, field

from freehold.domain import ledger
from freehold.domain.errors import Refused
from freehold.domain.escrow import Command, Facts, Step, command_key, take
from freehold.domain.fees import FeeSchedule, fee_of
from freehold.domain.holding import Held, Holding, faults_of
from freehold.domain.ledger import Journal
from freehold.domain.money import Money
from freehold.domain.money_process import SETTLING, TERMINAL, timed_rows
from freehold.domain.settlement import Report, effect_of

INSPECTION_S = 100
FUNDING_WINDOW_S = 300


@dataclass
class FakeGateway:
    """What the gateway itself knows, by command key. A key acts once; a refusal is definite and remembered."""

    objects: dict[str, Report] = field(default_factory=dict)
    effects: Counter = field(default_factory=Counter)

    def act(self, command: Command, *, verdict: str, fee: int, paid: Money | None = None) -> Report:
        if command.key not in self.objects:
            outcome = "done" if verdict == "wrong_amount" else verdict
            money = paid or command.money
            self.objects[command.key] = Report(
                outcome=outcome, reference=f"gw_{command.key}", money=money, fee=fee if command.kind == "fund" else 0
            )
            self._count(command, self.objects[command.key])
        return self.objects[command.key]

    def cancel(self, command: Command) -> Report:
        """Cancel a payment that is still open; say what became of one that is not."""
        keys = [key for key in self.objects if key.partition("#")[0] == command_key("fund", command.key.split(":")[1])]
        payment = self.objects[keys[-1]] if keys else None
        if payment is None or payment.outcome == "pending":
            payment = Report(outcome="cancelled", reference="gw", money=command.money)
            for key in keys[-1:]:
                self.objects[key] = payment
        return payment

    def settle(self, command: Command, verdict: str, fee: int) -> Report:
        """Bring a pending object to its end, as a gateway does in its own time."""
        if self.objects[command.key].outcome == "pending":
            done = Report(outcome=verdict, reference="gw", money=command.money, fee=fee if command.kind == "fund" else 0)
            self.objects[command.key] = done
            self._count(command, done)
        return self.objects[command.key]

    def balance(self, command_of) -> int:
        signs = {"fund": 1, "transfer": -1, "refund": -1}
        return sum(
            signs[command_of[key].kind] * report.money.amount - report.fee
            for key, report in self.objects.items()
            if report.outcome == "done"
        )

    def _count(self, command: Command, report: Report) -> None:
        if report.outcome == "done":
            self.effects[command.kind, command.key.split(":")[1], command.leg or 0] += 1


@dataclass
class Timed:
    """A milestone and its deadlines, as the store keeps them."""

    held: Held
    auto_release_at: int | None = None
    funding_expires_at: int | None = None
    submissions: int = 0


class World:
    """Milestones, journals by key, commands by key, and reports under way."""

    def __init__(self, basis_points: int) -> None:
        self.clock_s = 0
        self.schedule = FeeSchedule(version=1, basis_points=basis_points)
        self.milestones: dict[str, Timed] = {}
        self.journals: dict[str, Journal] = {}
        self.commands: dict[str, Command] = {}
        self.called: Counter = Counter()
        self.settled: set[str] = set()
        self.gateway = FakeGateway()
        self.reports: list[tuple[Command, Report]] = []

    def create(self, amount: int) -> str:
        name = f"mst_{len(self.milestones)}"
        holding = Holding(amount=Money(amount, "USD"))
        self.milestones[name] = Timed(Held(milestone_id=name, state="created", holding=holding))
        return name

    def step(self, name: str, transition: str, by: str, **facts) -> Step:
        timed = self.milestones[name]
        if transition == "fund":
            attempt = timed.held.holding.fund_attempt + 1
            facts = {"payment_id": f"pay_{name}_{attempt}", "gateway": "sandbox", "fee_schedule": self.schedule}
        step = take(timed.held, transition, by=by, facts=Facts(**facts))
        self.write(step)
        return step

    def sweep(self, deadline: str) -> int:
        """Do what is due, as the store's filter finds it."""
        done = 0
        for row in timed_rows(deadline):
            for name, timed in self.milestones.items():
                due = getattr(timed, deadline)
                if (
                    timed.held.state in row.sources
                    and due is not None
                    and due <= self.clock_s
                    and timed.held.chargeback is None
                ):
                    self.step(name, row.transition, row.by)
                    done += 1
        return done

    def write(self, step: Step) -> None:
        """Store a step the way one transaction does: journals with unique keys, balances, deadlines, the command."""
        timed = self.milestones[step.after.milestone_id]
        assert timed.held == step.before
        for journal in step.journals:
            assert journal.key not in self.journals, f"{journal.key} is written twice"
            self.journals[journal.key] = journal
        timed.held = step.after
        timed.submissions += step.row.transition == "submit"
        if step.row.stops:
            setattr(timed, step.row.stops, None)
        if step.row.starts:
            length = INSPECTION_S if step.row.starts == "auto_release_at" else FUNDING_WINDOW_S
            setattr(timed, step.row.starts, self.clock_s + length)
        if step.command is not None:
            assert step.command.key not in self.commands, f"{step.command.key} is asked twice"
            self.commands[step.command.key] = step.command

    def carry_out(self, key: str, *, verdict: str, fee: int, crash: str | None) -> None:
        """Carry a command out as the reaction does: an attempt that may have been made before looks up first."""
        command = self.commands[key]
        if command.kind == "fund" and not self.called[key] and self._withdrawn(command):
            self.settled.add(key)
            return
        known = self.gateway.objects.get(key) if self.called[key] else None
        self.called[key] += 1
        if crash == "before the call":
            return
        paid = Money(command.money.amount + 7, "USD") if verdict == "wrong_amount" and command.kind == "fund" else None
        verdict = verdict if command.kind == "fund" or verdict != "wrong_amount" else "done"
        report = known or (
            self.gateway.cancel(command)
            if command.kind == "cancel"
            else self.gateway.act(command, verdict=verdict, fee=fee, paid=paid)
        )
        self.reports.append((command, report))
        if crash != "after the call":
            self.take_in(command, report)

    def take_in(self, command: Command, report: Report) -> None:
        step = effect_of(self.milestones[command.key.split(":")[1].partition("#")[0]].held, command, report)
        if step is not None:
            self.write(step)
        if report.outcome != "pending":
            self.settled.add(command.key)

    def waiting(self) -> list[str]:
        return [key for key in self.commands if key not in self.settled]

    def _withdrawn(self, command: Command) -> bool:
        return self.milestones[command.key.split(":")[1].partition("#")[0]].held.state != "funding"

    def check(self) -> None:
        """Check every invariant of the ledger after every step."""
        for journal in self.journals.values():
            assert not any(ledger.sums_by_currency(journal.lines).values()), journal
        for name, timed in self.milestones.items():
            self._check_one(name, timed)
        assert all(count == 1 for count in self.gateway.effects.values()), self.gateway.effects

    def _check_one(self, name: str, timed: Timed) -> None:
        held, balances = timed.held, timed.held.holding.balances
        assert faults_of(held) == (), (held, faults_of(held))
        replayed = ledger.Balances()
        for journal in self.journals.values():
            replayed = ledger.post(replayed, journal, milestone_id=name)
        assert replayed == balances
        released = [leg for leg in held.holding.legs if leg.kind == "release"]
        assert held.holding.fees == fee_of(sum(leg.gross for leg in released), self.schedule)
        assert (timed.auto_release_at is not None) <= (timed.submissions > 0)
        if held.state == "submitted":
            assert timed.auto_release_at is not None
        if held.state == "funding" and held.holding.fund_attempt:
            assert timed.funding_expires_at is not None

    def account(self, name: str) -> int:
        return sum(line.amount for journal in self.journals.values() for line in journal.lines if line.account == name)

    def check_at_rest(self) -> None:
        """Check what holds once every command has been settled and every report taken in."""
        assert self.account("clearing:sandbox") == self.gateway.balance(self.commands)
        for timed in self.milestones.values():
            refused = timed.held.holding.payment_refused and timed.held.state == "funding"
            assert timed.held.state not in SETTLING or refused, timed.held
            holding = timed.held.holding
            moved = {
                kind: sum(
                    report.money.amount
                    for key, report in self.gateway.objects.items()
                    if report.outcome == "done"
                    and self.commands[key].kind == kind
                    and key.split(":")[1].partition("#")[0] == timed.held.milestone_id
                )
                for kind in ("fund", "transfer", "refund")
            }
            assert (holding.deposited, holding.paid_out, holding.refunded) == tuple(moved.values())
            if timed.held.state in TERMINAL:
                assert holding.deposited == holding.paid_out + holding.fees + holding.refunded


__all__ = ["FUNDING_WINDOW_S", "INSPECTION_S", "FakeGateway", "Refused", "World"]
