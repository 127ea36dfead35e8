"""R2: random histories on the real MongoDB and a naive oracle agree, account by account, after each command.

A command that the engine refuses changes nothing there, and is not told to the oracle. `FREEHOLD_HISTORIES` says how many.
"""

import os
import random
from fractions import Fraction

import pytest

from freehold.documents import Command, Milestone
from freehold.domain.errors import Refused
from freehold.domain.escrow import Facts
from freehold.domain.holding import faults_of
from freehold.domain.money import Money
from freehold.domain.settlement import ChargebackReport
from freehold.store import now
from freehold.store.audit import audit_ledger
from freehold.store.chargebacks import take_in
from freehold.store.noted import Noted
from freehold.store.payees import owe
from tests.ledgers import fresh_ledger
from tests.payments.desk import A, Desk
from tests.payments.oracle import Oracle

HISTORIES = int(os.environ.get("FREEHOLD_HISTORIES", "12"))
COMMANDS = 25
DEBT = 2_500


class History:
    """One milestone's life: the same commands go to the real ledger and to the oracle."""

    def __init__(self, desk: Desk, seed: int) -> None:
        self.desk, self.chance = desk, random.Random(seed)
        self.in_debt = seed % 3 == 2
        self.oracle = Oracle(fee_rate=Fraction(1, 10), debt=DEBT if self.in_debt else 0)
        self.milestone_id = desk.funding()
        self.taken: list[str] = []
        self.disputes = self.chargebacks = 0
        self.open_chargeback: ChargebackReport | None = None
        self.payee_id = desk.milestone(self.milestone_id).freelancer_id
        if self.in_debt:
            desk.run(desk.transact(lambda unit: owe(unit, self.payee_id, Money(DEBT, "USD"), now=now())))
        self.carry_all()
        self.oracle.deposit(A)

    def carry_all(self) -> None:
        """Carry out what the last step asked of the gateway."""
        open_ = {"milestone_id": self.milestone_id, "state": "waiting"}
        for command in self.desk.run(self.desk.store.find(Command, open_)):
            assert self.desk.carry(command.id) in {"settled", "withdrawn"}

    def try_(self, transition: str, by: str, **facts) -> bool:
        """Take a step on the real ledger; say whether it was allowed."""
        try:
            self.desk.run(self.desk.take(self.milestone_id, transition, by, Facts(**facts), Noted(lasts_s=3_600)))
        except Refused:
            return False
        self.carry_all()
        self.taken.append(transition)
        return True

    def part(self, whole: int) -> int:
        return self.chance.choice([whole, self.chance.randint(1, max(1, whole)), whole + 1, 0, 100])

    def play(self) -> None:
        """Choose one command and give it to both."""
        moves = [
            self.work,
            self.release,
            self.refund,
            self.share,
            self.dispute,
            self.settle,
            self.withdraw,
            self.block,
            self.bank,
        ]
        self.chance.choice(moves if self.in_debt else [*moves, self.give_back, self.bank])()

    def work(self) -> None:
        transition, by = self.chance.choice([("submit", "freelancer"), ("request_changes", "client")])
        self.try_(transition, by)

    def release(self) -> None:
        part = self.part(self.oracle.escrow)
        if self.try_("release", "client", part=part):
            self.oracle.release(part)

    def refund(self) -> None:
        part = self.part(self.oracle.escrow)
        if self.oracle.escrow and self.try_("refund", "freelancer", part=part):
            self.oracle.refund(part)

    def give_back(self) -> None:
        part = self.part(self.oracle.released)
        if not self.oracle.escrow and self.try_("refund", "freelancer", part=part):
            self.oracle.give_back(part, account_pays=True)

    def share(self) -> None:
        part = self.part(self.oracle.escrow)
        if self.try_("propose_split", "client", part=part) and self.try_("accept_split", "freelancer"):
            rest = self.oracle.escrow - part
            self.oracle.release(part)
            self.oracle.refund(rest)

    def dispute(self) -> None:
        part, name = self.part(self.oracle.escrow), f"dsp_{self.milestone_id}_{self.disputes}"
        if self.try_("dispute", self.chance.choice(["client", "freelancer"]), part=part, dispute_id=name):
            self.disputes += 1
            self.oracle.dispute(part)

    def settle(self) -> None:
        part, fee = self.part(self.oracle.disputed), self.chance.choice([0, 0, 7])
        if self.try_("settle_dispute", "operator", part=part, dispute_fee=fee):
            self.oracle.settle(part, fee)

    def withdraw(self) -> None:
        if self.chance.random() < 0.3 and self.try_("withdraw_dispute", "operator"):
            self.oracle.withdraw()

    def block(self) -> None:
        """Let the gateway pay the freelancer nothing for a while; then all that was refused is tried again."""
        if self.oracle.open_at_bank:
            return  # a chargeback holds up what is tried again: other tests say how
        is_blocked = not self.oracle.is_blocked
        self.desk.run(self.desk.gateway.inner.block_payouts(self.payee_id, blocked=is_blocked))
        self.oracle.block(is_blocked=is_blocked)
        while not is_blocked and self.try_("retry_payout", "freelancer"):
            pass

    def bank(self) -> None:
        """Let the payer's bank take something back, or decide about what it took; nothing while a payout is blocked."""
        if self.oracle.is_blocked:
            return
        if self.open_chargeback is not None:
            self._decide(self.open_chargeback)
            return
        amount = self.chance.randint(1, A // 2)
        if self.in_debt or self.chance.random() < 0.5 or amount > A - self.oracle.lost:
            return
        milestone = self.desk.milestone(self.milestone_id)
        report = ChargebackReport(
            id=f"cbk_{self.milestone_id}_{self.chargebacks}", payment_id=milestone.holding.paid_payment_id or "",
            milestone_id=self.milestone_id, state="opened", money=Money(amount, "USD"), fee=15,
        )  # fmt: skip
        if self._told(report):
            self.chargebacks += 1
            self.open_chargeback = report
            self.oracle.charge_back(amount, 15)

    def _decide(self, report: ChargebackReport) -> None:
        self.open_chargeback = None
        if self.chance.random() < 0.5:
            given_back = self.chance.choice([0, report.fee])
            assert self._told(ChargebackReport(**{**_fields(report), "state": "won", "fee": given_back}))
            self.oracle.win(report.money.amount, given_back)
        else:
            assert self._told(ChargebackReport(**{**_fields(report), "state": "lost"}))
            self.carry_all()
            self.oracle.lose(report.money.amount, account_pays=True)

    def _told(self, report: ChargebackReport) -> bool:
        """Tell the real ledger twice, as gateways do; say whether it could take it in."""
        try:
            for _ in range(2):
                self.desk.run(self.desk.transact(lambda unit: take_in(unit, report, now=now())))
        except Refused:
            return False
        self.taken.append(f"chargeback {report.state}")
        return True

    def check(self) -> None:
        """Compare every account of this milestone with the oracle's."""
        milestone = self.desk.milestone(self.milestone_id)
        assert faults_of(milestone.held()) == ()
        expected = self.oracle.accounts()
        owed = expected.pop("freelancer_debt", 0) - (DEBT if self.in_debt else 0)
        expected |= {"freelancer_debt": owed} if owed else {}
        assert self._sums() == expected, (self.taken, milestone.state)

    def _sums(self) -> dict[str, int]:
        pipeline = [
            {"$match": {"milestone_id": self.milestone_id}},
            {"$unwind": "$lines"},
            {"$group": {"_id": "$lines.account", "amount": {"$sum": "$lines.amount"}}},
        ]
        found = self.desk.run(_all(self.desk.store.database["journals"].aggregate(pipeline)))
        return {row["_id"].partition(":")[0]: int(row["amount"]) for row in found if row["amount"]}


def _fields(report: ChargebackReport) -> dict[str, object]:
    return {name: getattr(report, name) for name in report.__struct_fields__}


async def _all(cursor):
    return [row async for row in await cursor]


@pytest.fixture(scope="module")
def desk(mongodb_uri):
    with fresh_ledger(mongodb_uri) as fresh:
        yield Desk(fresh.store, fresh.run)


@pytest.mark.parametrize("seed", range(HISTORIES))
def test_the_real_ledger_and_a_naive_oracle_agree_after_each_command(desk, seed):
    history = History(desk, seed)
    history.check()
    for _ in range(COMMANDS):
        history.play()
        history.check()
    assert history.taken
    assert desk.run(audit_ledger(desk.store)).violations == ()
    assert desk.run(desk.store.require(Milestone, history.milestone_id)).version > 1
