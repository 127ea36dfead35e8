"""`GET /api/admin/ledger/audit`."""

from msgspec import Struct

from freehold.documents import Instant
from freehold.domain.audit import Violation
from freehold.edge import Call, endpoint
from freehold.payments import GatewayNotAvailable, gateway_named
from freehold.store import audit
from freehold.store.audit import AccountTotal, LedgerAudit

CLEARING = "clearing:"
HELD_FOR_OTHERS = ("escrow", "disputed", "payable", "refund_due", "tax_payable", "converted", "fx")


class GatewayComparison(Struct, frozen=True, kw_only=True):
    """What the ledger says lies at a gateway, and what the gateway says (null: it was not to be asked)."""

    gateway: str
    currency: str
    ledger: int
    reported: int | None


class AuditView(Struct, frozen=True, kw_only=True):
    """What an audit of the whole ledger found. `clean` is true when nothing is violated.

    `totals` are in minor units, debits above zero; those of a currency sum to zero. `at_rest` says that nothing was on its
    way, so that gateways and ledger must agree. `alerts` are no faults of the books, but want an operator's eye.
    """

    clean: bool
    as_of: Instant
    journals: int
    milestones: int
    at_rest: bool
    settling: int
    open_commands: int
    totals: tuple[AccountTotal, ...]
    gateways: tuple[GatewayComparison, ...]
    violations: tuple[Violation, ...]
    violation_count: int
    alerts: tuple[Violation, ...]


@endpoint("GET /api/admin/ledger/audit", auth="admin")
async def audit_ledger(call: Call) -> AuditView:
    """Verify the whole ledger, as it stands at one moment: every journal, every balance, every command, every gateway.

    Journals sum to zero per currency; what milestones hold equals the replay of their journals; nothing is missing,
    doubled or astray; at rest, the clearing accounts equal what the gateways report.
    """
    found = await audit.audit_ledger(call.store)
    gateways = [await _compare(call, total) for total in found.totals if total.account.startswith(CLEARING)]
    differing = await _differing(call, found, gateways)
    return AuditView(
        clean=not found.violation_count and not differing,
        as_of=found.as_of,
        journals=found.journals,
        milestones=found.milestones,
        at_rest=found.at_rest,
        settling=found.settling,
        open_commands=found.open_commands,
        totals=found.totals,
        gateways=tuple(gateways),
        violations=(*found.violations, *differing),
        violation_count=found.violation_count + len(differing),
        alerts=_uncovered(found),
    )


async def _compare(call: Call, total: AccountTotal) -> GatewayComparison:
    name = total.account.removeprefix(CLEARING)
    try:
        gateway = gateway_named(name, store=call.store, environment=call.settings.environment, secret=_holds_none)
    except GatewayNotAvailable:
        reported = None
    else:
        reported = (await gateway.balance(total.currency)).amount
    return GatewayComparison(gateway=name, currency=total.currency, ledger=total.balance, reported=reported)


def _holds_none(_: str) -> str:
    """Give no secret: this function is not to hold any, so it asks the sandbox alone."""
    return ""


async def _differing(call: Call, found: LedgerAudit, gateways: list[GatewayComparison]) -> list[Violation]:
    """Name the gateways that do not agree with the ledger, if both stood still while they were asked."""
    differing = [each for each in gateways if each.reported is not None and each.reported != each.ledger]
    if not differing or not found.at_rest:
        return []
    again = await audit.audit_ledger(call.store)
    if not again.at_rest or again.totals != found.totals:
        return []
    return [
        Violation(
            code="gateway_differs",
            subject=each.gateway,
            detail=f"{each.ledger} {each.currency} by the ledger, {each.reported} by the gateway",
        )
        for each in differing
    ]


def _uncovered(found: LedgerAudit) -> tuple[Violation, ...]:
    """Name the currencies in which less lies at the gateways than is held for others (charges that were not prefunded)."""
    alerts = []
    for currency in sorted({total.currency for total in found.totals}):
        of_it = [total for total in found.totals if total.currency == currency]
        there = sum(total.balance for total in of_it if total.account.startswith(CLEARING))
        owed = -sum(total.balance for total in of_it if total.account.partition(":")[0] in HELD_FOR_OTHERS)
        if there < owed:
            alerts.append(
                Violation(code="held_money_uncovered", subject=currency, detail=f"{there} at the gateways, {owed} held")
            )
    return tuple(alerts)
