"""Reconciling with the payment gateways: commands are looked up, what was missed has its effect, balances are compared.

What a gateway knows and we did not is taken in by the same effect function as a reply or a webhook. A run goes on page by
page, each within a function's own time, so that it may be as long as it must.
"""

import asyncio
from collections.abc import Iterable
from typing import Final

import msgspec
from msgspec import Struct

from freehold.documents import Command, Reconciliation
from freehold.documents.reconciliation import Counts
from freehold.domain.errors import Refused
from freehold.domain.reconciliation import ComparedBalance, Difference, DifferenceCode, difference_between, words_for
from freehold.domain.settlement import Report
from freehold.payments.carrying import Gateways, Transact
from freehold.payments.gateway import GatewayError, GatewayNotAvailable, GatewayUnavailable
from freehold.payments.looking_up import look_up
from freehold.store import Reads, StoreError, Unit, now
from freehold.store.commands import stick, take_in
from freehold.store.reconciliations import OVER, PAGE, Totals, cleared, in_flight, page_of, place_after

AT_ONCE: Final = 5
ANSWER_TIMEOUT_S: Final = 3.0
"""A page of commands is looked up within a function's own time, also when a gateway is slow."""
MOST_DIFFERENCES: Final = 200


class Finding(Struct, frozen=True):
    """How one command stands: a count of `Counts` (`agrees`, `mended`, `under_way`, `unreachable`), or a difference."""

    counted: str | None = None
    difference: Difference | None = None


async def go_on(
    run: Reconciliation, *, reads: Reads, gateways: Gateways, transact: Transact, size: int = PAGE
) -> Reconciliation:
    """Do a run's next part, a page of `size` commands or the balances; give the run as it is then."""
    if run.place.part == "balances":
        return await _compare_balances(run, reads, gateways)
    page = await page_of(reads, run, limit=size)
    desk = _Desk(reads, gateways, transact)
    found = await asyncio.gather(*(desk.compare(command) for command in page))
    counts = {
        name: getattr(run.counts, name) + sum(each.counted == name for each in found) for name in Counts.__struct_fields__
    }
    noted = _with(run, [each.difference for each in found if each.difference is not None])
    return msgspec.structs.replace(
        noted,
        counts=Counts(**{**counts, "looked_up": run.counts.looked_up + len(page)}),
        place=place_after(run, page, limit=size),
    )


class _Desk:
    """Looks commands up, a few at a time; a gateway that does not answer is not asked again for this page."""

    def __init__(self, reads: Reads, gateways: Gateways, transact: Transact) -> None:
        self._reads = reads
        self._gateways = gateways
        self._transact = transact
        self._places = asyncio.Semaphore(AT_ONCE)
        self._silent: set[str] = set()

    async def compare(self, command: Command) -> Finding:
        """Look a command up, let the answer have its effect if it is news, and say how the two sides stand."""
        async with self._places:
            if command.gateway in self._silent:
                return Finding("unreachable")
            try:
                async with asyncio.timeout(ANSWER_TIMEOUT_S):
                    theirs = await look_up(self._gateways(command.gateway), command)
            except (GatewayError, GatewayNotAvailable, TimeoutError):
                self._silent.add(command.gateway)
                return Finding("unreachable")
            return await self._judge(command, theirs)

    async def _judge(self, command: Command, theirs: Report | None) -> Finding:
        if theirs is not None and theirs.outcome != "pending":
            news = await self._apply(command, theirs)
            if news is not None:
                return news
        if command.state == "stuck":
            return Finding(difference=_difference(command, "stuck", str(command.error)))
        if command.state not in OVER:
            return Finding("under_way")
        code = difference_between(command.report, theirs)
        if code is None:
            return Finding("agrees")
        return Finding(difference=_difference(command, code, words_for(command.report, theirs)))

    async def _apply(self, command: Command, theirs: Report) -> Finding | None:
        """Let what the gateway says have its effect; null when it is no news."""
        try:
            is_news = await self._transact(lambda unit: _take_in(unit, command.id, theirs))
        except Refused as refusal:
            reason = refusal
            await self._transact(lambda unit: _stick(unit, command.id, reason, theirs))
            return Finding(difference=_difference(command, "stuck", f"{refusal.code}: {refusal}"))
        except StoreError:
            return Finding("under_way")  # somebody else is at it; it comes round again
        return Finding("mended") if is_news else None


async def _take_in(unit: Unit, key: str, report: Report) -> bool:
    return await take_in(unit, await unit.require(Command, key), report, now=now())


async def _stick(unit: Unit, key: str, refusal: Refused, report: Report) -> None:
    command = await unit.require(Command, key)
    if command.state != "stuck":
        await stick(unit, command, refusal, report)


async def _compare_balances(run: Reconciliation, reads: Reads, gateways: Gateways) -> Reconciliation:
    """Compare each clearing account with its gateway's own figure, which may differ by what was under way meanwhile."""
    before, flying = await cleared(reads), await in_flight(reads)
    asked = await asyncio.gather(*(_reported(gateways, gateway, currency) for gateway, currency in before))
    after, still_flying = await cleared(reads), await in_flight(reads)
    balances = tuple(
        ComparedBalance(
            gateway=gateway,
            currency=currency,
            ledger=after[gateway, currency],
            reported=reported,
            in_flight=_slack((gateway, currency), flying, still_flying)
            + abs(after[gateway, currency] - before[gateway, currency]),
        )
        for (gateway, currency), reported in zip(before, asked, strict=True)
    )
    noted = _with(run, [_of_balance(balance) for balance in balances if not balance.agrees])
    return msgspec.structs.replace(noted, balances=balances, state="done", as_of=await reads.database_now())


async def _reported(gateways: Gateways, gateway: str, currency: str) -> int | None:
    try:
        async with asyncio.timeout(ANSWER_TIMEOUT_S):
            return (await gateways(gateway).balance(currency)).amount
    except (GatewayUnavailable, GatewayNotAvailable, TimeoutError):
        return None


def _slack(place: tuple[str, str], *totals: Totals) -> int:
    return max(total.get(place, 0) for total in totals)


def _of_balance(balance: ComparedBalance) -> Difference:
    unknown = balance.reported is None
    return Difference(
        code="gateway_unreachable" if unknown else "balance_differs",
        gateway=balance.gateway,
        currency=balance.currency,
        subject=f"clearing:{balance.gateway}",
        detail="it did not say what lies there"
        if unknown
        else f"{balance.ledger} by the ledger, {balance.reported} by the gateway, {balance.in_flight} under way",
    )


def _difference(command: Command, code: DifferenceCode, detail: str) -> Difference:
    return Difference(code=code, gateway=command.gateway, currency=command.money.currency, subject=command.id, detail=detail)


def _with(run: Reconciliation, more: Iterable[Difference]) -> Reconciliation:
    new = list(more)
    kept = (*run.differences, *new)[:MOST_DIFFERENCES]
    return msgspec.structs.replace(run, differences=kept, difference_count=run.difference_count + len(new))
