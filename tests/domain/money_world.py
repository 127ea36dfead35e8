"""A small world around the pure money engine, for the state machine: a ledger, an outbox of commands, a gateway that fails.

The gateway here is honest but unlucky: replies get lost, reports come twice, late and in any order, payouts and refunds that
were done come back, banks take payments back. It is the arbiter: what it moved is counted on its own side and compared.
"""

from collections import Counter, defaultdict
from dataclasses import dataclass, field

import msgspec

from freehold.domain import ledger
from freehold.domain.audit import violations_of
from freehold.domain.conversion import Rate, Terms
from freehold.domain.errors import Refused
from freehold.domain.escrow import Command, Facts, Step, command_key, due_row, take
from freehold.domain.fees import FeeSchedule, fee_of
from freehold.domain.holding import Held, Holding, faults_of
from freehold.domain.ledger import Journal
from freehold.domain.money import Money
from freehold.domain.money_process import SETTLING, TERMINAL
from freehold.domain.settlement import ChargebackReport, Report, chargeback_steps, effects_of

LENGTHS_S = {"auto_release_at": 100, "funding_expires_at": 300, "hold_expires_at": 1_000, "remind_at": 50}
PAYEE = "usr_payee"


@dataclass
class FakeGateway:
    """What the gateway itself knows, by command key. A key acts once; a refusal is definite and remembered."""

    objects: dict[str, Report] = field(default_factory=dict)
    effects: Counter = field(default_factory=Counter)
    charged_back: int = 0
    slips: int = 0
    """By how much an exchange brings more or less than it was quoted at, either way."""

    def act(self, command: Command, *, verdict: str, fee: int, paid: Money | None = None) -> Report:
        if command.key not in self.objects:
            outcome = "done" if verdict == "wrong_amount" else verdict
            self.objects[command.key] = Report(
                outcome=outcome, reference=f"gw_{command.key}", money=paid or command.money, fee=_charged(command, fee),
                received=self._brought(command),
            )  # fmt: skip
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
            done = Report(
                outcome=verdict, reference="gw", money=command.money, fee=_charged(command, fee),
                received=self._brought(command),
            )  # fmt: skip
            self.objects[command.key] = done
            self._count(command, done)
        return self.objects[command.key]

    def bounce(self, command: Command) -> Report:
        """Let a payout or refund that was done come back; what was exchanged is exchanged back."""
        made = command.conversion
        given_back = max(1, made.source.amount + self.slips) if made else 0
        back = msgspec.structs.replace(self.objects[command.key], outcome="returned", given_back=given_back)
        self.objects[command.key] = back
        return back

    def balances(self, commands: dict[str, Command]) -> Counter:
        """Count what lies there, by currency."""
        signs = {"fund": 1, "transfer": -1, "refund": -1, "reversal": 1}
        lies = Counter({"USD": -self.charged_back})
        for key, report in self.objects.items():
            made = commands[key].conversion
            if report.outcome == "done" or (made and report.outcome == "returned"):
                lies[report.money.currency] += signs[commands[key].kind] * report.money.amount - report.fee + report.received
                lies["USD"] += report.given_back - (made.source.amount if made else 0)
            elif report.outcome == "returned":
                lies["USD"] -= report.fee  # what a payout cost does not come back with it
        return Counter({currency: amount for currency, amount in lies.items() if amount})

    def _brought(self, command: Command) -> int:
        return max(1, command.conversion.middle.amount + self.slips) if command.conversion else 0

    def _count(self, command: Command, report: Report) -> None:
        if report.outcome == "done":
            self.effects[command.key] += 1


def _charged(command: Command, fee: int) -> int:
    return fee if command.kind in {"fund", "transfer"} and command.conversion is None else 0


@dataclass
class Timed:
    """A milestone and its deadlines, as the store keeps them."""

    held: Held
    deadlines: dict[str, int | None] = field(default_factory=dict)
    submissions: int = 0


class World:
    """Milestones, journals by key, commands by key, and reports under way; one freelancer with one debt."""

    def __init__(self, schedule: FeeSchedule) -> None:
        self.clock_s = 0
        self.schedule = schedule
        self.milestones: dict[str, Timed] = {}
        self.journals: dict[str, list[Journal]] = defaultdict(list)
        self.keys: set[str] = set()
        self.accounts: Counter = Counter()
        self.touched: set[str] = set()
        self.commands: dict[str, Command] = {}
        self.called: Counter = Counter()
        self.settled: set[str] = set()
        self.gateway = FakeGateway()
        self.reports: list[tuple[Command, Report]] = []
        self.chargebacks: list[ChargebackReport] = []
        self.debt = 0
        self.hold: str | None = None
        self.terms: Terms | None = None

    def create(self, amount: int, kind: str = "milestone") -> str:
        name = f"mst_{len(self.milestones)}"
        holding = Holding(amount=Money(amount, "USD"))
        self.milestones[name] = Timed(Held(milestone_id=name, payee_id=PAYEE, kind=kind, state="created", holding=holding))
        return name

    def step(self, name: str, transition: str, by: str, **facts) -> Step:
        timed = self.milestones[name]
        holding = timed.held.holding
        if transition == "fund":
            attempt = holding.fund_attempt + 1
            facts = {"payment_id": f"pay_{name}_{attempt}", "gateway": "sandbox", "fee_schedule": self.schedule}
        if transition == "dispute":
            facts["dispute_id"] = f"dsp_{name}_{len(holding.disputes)}"
        step = take(timed.held, transition, by=by, facts=Facts(**{"terms": self.terms} | facts, debt=self.debt, hold=self.hold))
        self.write(step)
        return step

    def sweep(self, deadline: str) -> int:
        """Do what is due, as the store's filter finds it."""
        done = 0
        for name, timed in self.milestones.items():
            due, row = timed.deadlines.get(deadline), due_row(timed.held, deadline)
            if row is not None and due is not None and due <= self.clock_s and timed.held.chargeback is None:
                self.step(name, row.transition, row.by)
                done += 1
        return done

    def write(self, step: Step) -> None:
        """Store a step the way one transaction does: journals with unique keys, balances, deadlines, debt, the commands."""
        timed = self.milestones[step.after.milestone_id]
        assert timed.held == step.before
        for journal in step.journals:
            self._keep(journal, step.after.milestone_id)
        timed.held = step.after
        self.touched.add(step.after.milestone_id)
        timed.submissions += step.row.transition == "submit"
        timed.deadlines |= dict.fromkeys(step.row.stops)
        timed.deadlines |= {name: self.clock_s + LENGTHS_S[name] for name in step.row.starts}
        self.debt += step.debt
        assert self.debt >= 0
        for command in step.commands:
            assert command.key not in self.commands, f"{command.key} is asked twice"
            assert command.money.amount > 0
            self.commands[command.key] = command

    def _keep(self, journal: Journal, owner: str) -> None:
        assert journal.key not in self.keys, f"{journal.key} is written twice"
        assert not any(ledger.sums_by_currency(journal.lines).values()), journal
        self.keys.add(journal.key)
        self.journals[owner].append(journal)
        for line in journal.lines:
            self.accounts[line.account, line.currency] += line.amount

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
        for step in effects_of(self.milestones[_milestone_of(command)].held, command, report):
            self.write(step)
        if report.outcome != "pending":
            self.settled.add(command.key)

    def take_in_chargeback(self, report: ChargebackReport) -> None:
        """Take in news of a chargeback, or none of it while money is on its way."""
        for step in chargeback_steps(self.milestones[report.milestone_id].held, report):
            self.write(step)

    def open_chargeback(self, name: str, amount: int, fee: int) -> None:
        """Let the payer's bank take something of a payment back."""
        holding = self.milestones[name].held.holding
        report = ChargebackReport(
            id=f"cbk_{name}_{len(holding.chargebacks)}", payment_id=holding.paid_payment_id or "", milestone_id=name,
            state="opened", money=Money(amount, "USD"), fee=fee,
        )  # fmt: skip
        self.take_in_chargeback(report)
        self.gateway.charged_back += amount + fee
        self.chargebacks.append(report)

    def decide_chargeback(self, report: ChargebackReport, state: str, *, fee_comes_back: bool) -> None:
        """Let the bank decide; it tells once, and again until it is heard."""
        given_back = report.fee if state == "won" and fee_comes_back else 0
        self.take_in_chargeback(msgspec.structs.replace(report, state=state, fee=given_back))
        self.chargebacks.remove(report)
        if state == "won":
            self.gateway.charged_back -= report.money.amount + given_back

    def done_and_not_taken_back(self) -> list[str]:
        """List the payouts and refunds that the gateway has made and that may still come back."""
        found = []
        for key, report in self.gateway.objects.items():
            command = self.commands[key]
            leg = self.milestones[_milestone_of(command)].held.holding.leg(command.leg)
            if report.outcome == "done" and command.kind in {"transfer", "refund"} and leg is not None and not leg.reversed:
                found.append(key)
        return found

    def waiting(self) -> list[str]:
        return [key for key in self.commands if key not in self.settled]

    def _withdrawn(self, command: Command) -> bool:
        return self.milestones[_milestone_of(command)].held.state != "funding"

    def check(self) -> None:
        """Check every invariant of the ledger: of the milestones that were touched since, and of all together."""
        while self.touched:
            name = self.touched.pop()
            self._check_one(name, self.milestones[name])
        assert all(count == 1 for count in self.gateway.effects.values()), self.gateway.effects
        assert not any(self.totals().values())
        in_reversal = sum(
            leg.gross
            for timed in self.milestones.values()
            for leg in timed.held.holding.legs_of("reversal")
            if leg.state == "pending"
        )
        assert self.account(f"freelancer_debt:{PAYEE}") == self.debt + in_reversal

    def _check_one(self, name: str, timed: Timed) -> None:
        held = timed.held
        assert faults_of(held) == (), (held, faults_of(held))
        replayed, sums = ledger.Balances(), Counter()
        for journal in self.journals[name]:
            replayed = ledger.post(replayed, journal, milestone_id=name)
            for line in journal.lines:
                sums[line.account, line.currency] += line.amount
        assert replayed == held.holding.balances
        open_ = [
            command for key, command in self.commands.items() if key not in self.settled and _milestone_of(command) == name
        ]
        under_way = [(command.kind, command.leg, command.attempt) for command in open_]
        keys = [journal.key for journal in self.journals[name]]
        assert violations_of(held, sums=sums, keys=keys, under_way=under_way) == [], held
        assert held.holding.fees == fee_of(held.holding.released, self.schedule)
        self._check_deadlines(timed)

    def _check_deadlines(self, timed: Timed) -> None:
        held = timed.held
        was_submitted = timed.submissions > 0 or held.kind == "week"
        assert (timed.deadlines.get("auto_release_at") is not None) <= was_submitted
        if held.state == "submitted":
            assert timed.deadlines.get("auto_release_at") is not None
        if held.state == "funding" and held.holding.fund_attempt:
            assert timed.deadlines.get("funding_expires_at") is not None

    def account(self, name: str, currency: str = "USD") -> int:
        return self.accounts[name, currency]

    def totals(self, *prefixes: str) -> Counter:
        """Add the ledger up by currency: all accounts, or those that begin so."""
        sums = Counter()
        for (account, currency), amount in self.accounts.items():
            if account.startswith(prefixes or ("",)):
                sums[currency] += amount
        return Counter({currency: amount for currency, amount in sums.items() if amount})

    def pay_in(self, currency: str | None, *, per_dollar: str = "1", spread: int = 0, quoted: int | None = None) -> None:
        """Let the freelancer be paid in another currency from now on (null: in the milestone's)."""
        rate = Rate(source_per_euro="1", target_per_euro=per_dollar, date="2026-11-27", published_by="ECB")
        self.terms = None if currency is None else Terms(
            currency=currency, rate=rate, spread_basis_points=spread,
            quoted=None if quoted is None else Money(quoted, "USD"), quote_id=None if quoted is None else "fxq_1",
        )  # fmt: skip

    def check_at_rest(self) -> None:
        """Check what holds once every command has been settled and every report taken in."""
        by_hand = sum(
            leg.sent for timed in self.milestones.values() for leg in timed.held.holding.legs_of("refund") if leg.by_hand
        )
        assert self.totals("clearing:sandbox") == self.gateway.balances(self.commands)
        assert not self.totals("fx:", "converted:")
        assert self.account("platform_funds") == -by_hand
        for timed in self.milestones.values():
            refused = timed.held.holding.payment_refused and timed.held.state == "funding"
            assert timed.held.state not in SETTLING or refused, timed.held
            self._check_moved(timed.held)

    def _check_moved(self, held: Held) -> None:
        """Compare what the milestone says has moved with what the gateway itself has moved for it."""
        holding = held.holding
        by_hand = sum(leg.sent for leg in holding.legs_of("refund") if leg.by_hand)
        moved = Counter()
        for key, report in self.gateway.objects.items():
            command = self.commands[key]
            if report.outcome == "done" and _milestone_of(command) == held.milestone_id:
                moved[command.kind] += (command.conversion.source if command.conversion else report.money).amount
        reversed_ = sum(leg.gross for leg in holding.legs_of("reversal") if leg.state == "done")
        assert (moved["fund"], moved["transfer"]) == (holding.deposited, holding.paid_out)
        assert (moved["refund"], moved["reversal"]) == (holding.refunded - by_hand, reversed_)
        if held.state in TERMINAL and not holding.chargebacks:
            nets = sum(leg.net_kept for leg in holding.legs_of("release"))
            assert holding.deposited == nets + holding.fees + holding.taxes + holding.dispute_fees + holding.refunded


def _milestone_of(command: Command) -> str:
    return command.key.split(":")[1].partition("#")[0]


__all__ = ["LENGTHS_S", "Refused", "World"]
