"""Carrying a command out: claim it, call the gateway, record the effect. Two transactions, and the call between them.

An inbox cannot span a foreign call. So transaction 1 claims under a fence for a while, the call carries the command's own key,
and transaction 2 records the effect under the fence. Whoever takes a command that was tried before looks up first.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, Final, Literal, TypeVar

from msgspec import UNSET, Struct

from freehold.documents import Command
from freehold.domain.errors import Refused
from freehold.domain.money_process import CommandKind
from freehold.domain.settlement import Report
from freehold.payments.gateway import (
    FundRequest,
    GatewayError,
    GatewayNotAvailable,
    GatewayUnavailable,
    PaymentGateway,
    PaymentQuery,
    RefundRequest,
    ReverseRequest,
    TransferRequest,
)
from freehold.store import Unit, Work, now
from freehold.store.commands import claim, is_wanted, mark_stuck, pause, settle, withdraw
from freehold.store.payouts import held_up

R = TypeVar("R")
Transact = Callable[[Work[Any]], Awaitable[Any]]
Gateways = Callable[[str], PaymentGateway]
Carried = Literal["settled", "pending", "withdrawn", "closed"]

CALL_TIMEOUT_S: Final = 8.0
"""Well below the lease of a claim (`freehold.store.commands.LEASE_S`)."""

HELD_UP: Final[frozenset[CommandKind]] = frozenset({"transfer", "refund"})
"""What sends money away, and may have to wait after all."""


class _Claimed(Struct, frozen=True):
    """A command that we hold. `hold` says why a payout or refund must wait after all, if it was never made."""

    command: Command
    wanted: bool
    hold: str | None = None


async def carry_out(key: str, *, gateways: Gateways, transact: Transact, finish: Transact) -> Carried:
    """Carry one command out, or find that it is done.

    `transact` runs work in a transaction; `finish` does too, and is used for the last one (a reaction stores its inbox row
    there). Raises CommandBusy when somebody else holds the command, GatewayUnavailable when the outcome is not known: come
    back later. Raises Refused when money moved that the milestone cannot take in; the command is then stuck.
    """
    claimed: _Claimed | None = await transact(lambda unit: _claim(unit, key))
    if claimed is None:
        await finish(_nothing)
        return "closed"
    command = claimed.command
    try:
        async with asyncio.timeout(CALL_TIMEOUT_S):
            report = await _ask(gateways(command.gateway), claimed)
    except (GatewayError, GatewayNotAvailable, TimeoutError) as error:
        trouble = f"{type(error).__name__}: {error}"
        await transact(lambda unit: pause(unit, command, error=trouble))
        if isinstance(error, TimeoutError):
            raise GatewayUnavailable(f"{key}: no answer in {CALL_TIMEOUT_S} s") from error
        raise
    if report is None:
        await finish(lambda unit: withdraw(unit, command, now=now()))
        return "withdrawn"
    return await _record(command, report, transact=transact, finish=finish)


async def _record(command: Command, report: Report, *, transact: Transact, finish: Transact) -> Carried:
    try:
        await finish(lambda unit: settle(unit, command, report, now=now()))
    except Refused as refusal:
        stuck = refusal
        await transact(lambda unit: mark_stuck(unit, command, stuck, report))
        raise
    return "pending" if report.outcome == "pending" else "settled"


async def _claim(unit: Unit, key: str) -> _Claimed | None:
    command = await claim(unit, key)
    if command is None:
        return None
    hold = await held_up(unit, command) if command.kind in HELD_UP else None
    return _Claimed(command, wanted=await is_wanted(unit, command), hold=hold)


async def _ask(gateway: PaymentGateway, claimed: _Claimed) -> Report | None:
    """Find out what became of an earlier try, or ask the gateway. Null: never sent, and not wanted any more."""
    command = claimed.command
    match command.kind:
        case "fund":
            return await _fund(gateway, claimed)
        case "cancel":
            cancelled = await gateway.cancel(payment_query(command))
            return cancelled or Report(outcome="cancelled", reference="", money=command.money)
        case "transfer" | "refund" | "reversal":
            return await _known(gateway, command) or _held_back(claimed) or await _move(gateway, command)


def _held_back(claimed: _Claimed) -> Report | None:
    """Refuse ourselves what the gateway was never asked for and must not be asked for now."""
    if claimed.hold is None:
        return None
    return Report(outcome="refused", reference="", money=claimed.command.money, reason=claimed.hold)


async def _fund(gateway: PaymentGateway, claimed: _Claimed) -> Report | None:
    command = claimed.command
    known = await gateway.capture_state(payment_query(command)) if command.tries > 1 else None
    if not claimed.wanted:
        still_open = known is not None and known.outcome == "pending"
        return await gateway.cancel(payment_query(command)) if still_open else known
    if known is not None:
        return known
    return await gateway.fund(
        FundRequest(
            key=command.id,
            milestone_id=command.milestone_id,
            payment_id=command.payment_id,
            money=command.money,
            payer_id=command.payer_id,
            method=command.method,
            saved_method=command.saved_method,
            payee_account=command.payee_account,
        )
    )


def payment_query(command: Command) -> PaymentQuery:
    """Name the payment of a command, by our names and by the gateway's if it has told us one."""
    reference = command.report.reference if command.report is not None else ""
    return PaymentQuery(payment_id=command.payment_id, milestone_id=command.milestone_id, reference=reference)


async def _known(gateway: PaymentGateway, command: Command) -> Report | None:
    return await gateway.look_up(key=command.id, milestone_id=command.milestone_id) if command.tries > 1 else None


async def _move(gateway: PaymentGateway, command: Command) -> Report:
    if command.kind == "refund":
        return await gateway.refund(
            RefundRequest(key=command.id, milestone_id=command.milestone_id, payment_id=command.payment_id, money=command.money)
        )
    if command.kind == "reversal":
        return await gateway.reverse(
            ReverseRequest(
                key=command.id,
                milestone_id=command.milestone_id,
                transfer_key=command.transfer_key or "",
                money=command.money,
            )
        )
    return await gateway.transfer(
        TransferRequest(
            key=command.id,
            milestone_id=command.milestone_id,
            payment_id=command.payment_id,
            money=command.money,
            payee_id=command.payee_id,
            payee_account=command.payee_account,
            conversion=command.conversion or UNSET,
        )
    )


async def _nothing(_: Unit) -> None:
    """Finish without a further effect."""
