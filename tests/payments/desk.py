"""A store, a sandbox behind a bad line, and milestones that go as far as a test needs, without the API."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

from freehold.documents import Command, Milestone
from freehold.domain.escrow import Facts
from freehold.domain.fees import CURRENT_FEE_SCHEDULE
from freehold.domain.holding import Holding, faults_of
from freehold.domain.money import Money
from freehold.ids import new_id
from freehold.payments import GatewayUnavailable, carry_out
from freehold.payments.sandbox import SandboxGateway
from freehold.store import Store, Unit, now
from freehold.store.milestones import take_step
from freehold.store.noted import NOTHING_NOTED, Noted

A = 10_005


class Unlucky:
    """The sandbox behind a bad line: it may fail before it is asked, after it has acted, crash us, or never come back."""

    def __init__(self, store: Store) -> None:
        self.inner = SandboxGateway(store)
        self.name = self.inner.name
        self.fail: str | None = None
        self.calls: list[str] = []

    def __getattr__(self, name: str) -> Any:
        method = getattr(self.inner, name)

        async def asked(*args: Any, **kwargs: Any) -> Any:
            self.calls.append(name)
            fault, self.fail = self.fail, None
            if fault == "before":
                raise GatewayUnavailable("no connection")
            answer = await method(*args, **kwargs)
            if fault == "after":
                raise GatewayUnavailable("the reply is lost")
            if fault == "silence":
                await asyncio.Event().wait()
            if fault == "crash":
                raise KeyboardInterrupt
            return answer

        return asked


class Desk:
    """A store, an unlucky gateway, and milestones that go as far as a test needs."""

    gateway_name = "sandbox"

    def __init__(self, store: Store, run: Callable[[Coroutine[Any, Any, Any]], Any]) -> None:
        self.store = store
        self.run = run
        self.gateway = Unlucky(self.store)

    async def transact(self, work):
        return await self.store.transact(work, deadline_s=5)

    async def carry_out(self, key: str) -> str:
        return await carry_out(key, gateways=lambda _: self.gateway, transact=self.transact, finish=self.transact)

    def carry(self, key: str) -> str:
        return self.run(self.carry_out(key))

    async def start_funding(self, *, method: str = "card") -> str:
        milestone_id, people = new_id("mst"), {"client_id": new_id("usr"), "freelancer_id": new_id("usr")}
        milestone = Milestone(
            id=milestone_id,
            project_id=new_id("prj"),
            job_id=new_id("job"),
            title="Work",
            holding=Holding(amount=Money(A, "USD")),
            created_at=now(),
            updated_at=now(),
            **people,
        )
        await self.transact(lambda unit: self._insert(unit, milestone))
        payment = Facts(payment_id=new_id("pay"), gateway=self.gateway_name, fee_schedule=CURRENT_FEE_SCHEDULE)
        await self.take(milestone_id, "fund", "client", payment, Noted(lasts_s=60, method=method))
        return milestone_id

    def funding(self, *, method: str = "card") -> str:
        return self.run(self.start_funding(method=method))

    async def _insert(self, unit, milestone) -> None:
        unit.insert(milestone)

    def releasing(self) -> str:
        milestone_id = self.funding()
        self.carry(f"fund:{milestone_id}")
        self.step(milestone_id, "release", "client", Facts())
        return milestone_id

    async def take(self, milestone_id: str, transition: str, by: str, facts: Facts, noted: Noted = NOTHING_NOTED) -> None:
        async def work(unit: Unit) -> None:
            milestone = await unit.require(Milestone, milestone_id)
            await take_step(unit, milestone, transition, by=by, facts=facts, now=now(), noted=noted)

        await self.transact(work)

    def step(self, milestone_id: str, transition: str, by: str, facts: Facts) -> None:
        self.run(self.take(milestone_id, transition, by, facts))

    def milestone(self, milestone_id: str) -> Milestone:
        found = self.run(self.store.require(Milestone, milestone_id))
        assert faults_of(found.held()) == ()
        return found

    def command(self, key: str) -> Command:
        return self.run(self.store.require(Command, key))

    def let_time_pass(self, key: str) -> None:
        """End a claim or a pause, by the database's clock."""
        self.run(self.store.database["commands"].update_one({"_id": key}, [{"$set": {"due_at": "$$NOW"}}]))

    def moved(self, milestone_id: str, kind: str) -> list[int]:
        """Say what the gateway itself counts."""
        rows = self.store.database["sandbox_objects"].find({"group": milestone_id, "kind": kind, "state": "done"})
        return [row["money"]["amount"] for row in self.run(rows.to_list())]
