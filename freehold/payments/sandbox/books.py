"""The sandbox's books: what is entered, what it may take out of what, and what becomes of it in its own time."""

import hashlib
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Final, Literal

import msgspec

from freehold.documents import SandboxNotice, SandboxObject
from freehold.documents.sandbox import Turn
from freehold.domain.conversion import Conversion
from freehold.domain.fees import WHOLE_BASIS_POINTS
from freehold.domain.news import ChargebackNews, CommandNews, News
from freehold.domain.settlement import ChargebackReport, NextAction, Report
from freehold.ids import new_id
from freehold.payments.gateway import FundRequest, RefundRequest, ReverseRequest, TransferRequest
from freehold.payments.sandbox.scenarios import BANK_DECIDES_AFTER_S, CHARGED_BACK_AFTER_S, Scenario, scenario_of
from freehold.store import Unit, now

Request = FundRequest | TransferRequest | RefundRequest | ReverseRequest
Kind = Literal["payment", "transfer", "refund", "reversal"]
Decide = Callable[[Unit, SandboxObject], Awaitable[Report]]
MUST_ACT: Final = NextAction(kind="client_secret", token="sandbox: it confirms itself")  # noqa: S106 - no secret, and said to be none


def entry(request: Request, *, kind: Kind, payment_id: str, account: str) -> SandboxObject:
    """Make the entry for what is asked; done, unless somebody decides otherwise."""
    return SandboxObject(
        id=request.key,
        kind=kind,
        group=request.milestone_id,
        payment_id=payment_id,
        account=account,
        digest=hashlib.sha256(msgspec.json.encode(request)).digest(),
        money=request.money,
        state="done",
        created_at=now(),
    )


async def payment_named(unit: Unit, payment_id: str) -> SandboxObject | None:
    """Read a payment by our name for it."""
    return await unit.first(SandboxObject, {"payment_id": payment_id, "kind": "payment"})


def told(found: SandboxObject) -> Report:
    """Say what is known of an entry."""
    waits_for_payer = found.kind == "payment" and found.state == "pending" and scenario_for(found).must_act
    return Report(
        outcome=found.state,
        reference=f"sandbox:{found.id}",
        money=found.money,
        fee=found.fee,
        reason=found.reason,
        action=MUST_ACT if waits_for_payer else None,
        received=found.received if found.state in {"done", "returned"} else 0,
        given_back=found.exchanged.amount if found.exchanged and found.state == "returned" else 0,
    )


def scenario_for(payment: SandboxObject) -> Scenario:
    """Say what a payment was told to do."""
    return scenario_of(payment.method, payment.money.amount)


async def store_it(unit: Unit, made: SandboxObject) -> Report:
    """Enter what was made."""
    unit.insert(made)
    return told(made)


def refuse(unit: Unit, made: SandboxObject, reason: str) -> Report:
    """Enter a refusal, which stands for good under its key."""
    refused = msgspec.structs.replace(made, state="refused", reason=reason, turns=(), settles_at=None)
    unit.insert(refused)
    return told(refused)


async def spend(unit: Unit, made: SandboxObject, source: SandboxObject | None) -> Report:
    """Take `made` out of what its source has left; or keep why not.

    A refund is bound by the payment alone: what a payee was paid out of it, the platform has to ask back.
    """
    taken = made.exchanged or made.money
    if source is None or source.state != "done" or source.money.currency != taken.currency:
        return refuse(unit, made, "source_not_paid")
    gone = source.refunded if made.kind == "refund" else source.spent + source.refunded
    if gone + taken.amount > source.money.amount:
        return refuse(unit, made, "source_spent")
    await unit.update(source, _less(source, made.kind, taken.amount))
    return await store_it(unit, made)


def exchanged(made: SandboxObject, conversion: Conversion, payment: SandboxObject | None) -> SandboxObject:
    """Let a transfer exchange what it pays out: it brings what was quoted, unless its payment was told that it brings less."""
    brings = 0 if payment is None else scenario_for(payment).exchange_brings_basis_points
    received = max(1, conversion.middle.amount * brings // WHOLE_BASIS_POINTS)
    return msgspec.structs.replace(made, exchanged=conversion.source, received=received)


def _less(source: SandboxObject, kind: str, amount_minor: int) -> SandboxObject:
    """Note what a source has given."""
    if kind == "refund":
        return msgspec.structs.replace(source, refunded=source.refunded + amount_minor)
    return msgspec.structs.replace(source, spent=source.spent + amount_minor)


def scheduled(made: SandboxObject, turns: tuple[Turn, ...], clock: datetime) -> SandboxObject:
    """Give the entry with what is to become of it in its own time."""
    settles_at = clock + timedelta(seconds=turns[0].after_s) if turns else None
    return msgspec.structs.replace(made, turns=turns, settles_at=settles_at)


def chargeback_of(payment: SandboxObject, decision: Literal["won", "lost"], clock: datetime, *, fee: int) -> SandboxObject:
    """Make the chargeback that a payment is to meet; it counts in the books from its opening on (its fee, too), unless won."""
    turns = (
        Turn(after_s=CHARGED_BACK_AFTER_S, state="done", chargeback="opened"),
        Turn(after_s=BANK_DECIDES_AFTER_S, state="done" if decision == "lost" else "cancelled", chargeback=decision),
    )
    made = msgspec.structs.replace(
        payment, id=f"chargeback:{payment.id}", kind="chargeback", state="pending", fee=fee, spent=0, refunded=0, version=1
    )
    return scheduled(made, turns, clock)


async def mature(unit: Unit, found: SandboxObject, clock: datetime) -> SandboxObject:
    """Let an entry take its next turn if its time has come, and tell of it. What comes back may be spent again."""
    if not found.turns or found.settles_at is None or found.settles_at > clock:
        return found
    turn, *rest = found.turns
    reason = turn.reason or found.reason
    after = scheduled(msgspec.structs.replace(found, state=turn.state, reason=reason), tuple(rest), clock)
    stored = await unit.update(found, after)
    source = await payment_named(unit, found.payment_id) if turn.state == "returned" else None
    if source is not None:
        await unit.update(source, _less(source, found.kind, -(found.exchanged or found.money).amount))
    copies = scenario_for(source or found).copies
    unit.insert(notice_of(stored, turn.chargeback, copies=copies))
    return stored


def notice_of(found: SandboxObject, chargeback: Literal["opened", "won", "lost"] | None, *, copies: int) -> SandboxNotice:
    """Make the webhook that tells how an entry stands."""
    return SandboxNotice(
        id=new_id("evt"),
        about=found.id,
        type=f"{found.kind}.{chargeback or found.state}",
        news=_news(found, chargeback),
        copies=copies,
        created_at=now(),
    )


def _news(found: SandboxObject, chargeback: Literal["opened", "won", "lost"] | None) -> News:
    if found.kind != "chargeback":
        return CommandNews(kind=found.kind, key=found.id, milestone_id=found.group, report=told(found))
    report = ChargebackReport(
        id=found.id,
        payment_id=found.payment_id,
        milestone_id=found.group,
        state=chargeback or "opened",
        money=found.money,
        fee=found.fee,
        reason="fraudulent",
    )
    return ChargebackNews(report=report)
