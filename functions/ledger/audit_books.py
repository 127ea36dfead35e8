"""The sweep that audits the ledger."""

from collections import Counter

import structlog

from freehold.edge import Call, Swept, sweep
from freehold.store.audit import LedgerAudit, audit_ledger
from freehold.store.backfill import pend_recent_journals
from freehold.telemetry.readings import Reading

log = structlog.get_logger()


@sweep(every="1h")
async def audit_books(call: Call) -> Swept:
    """Check every journal, balance and command, as `GET /api/admin/ledger/audit` does, but ask no gateway.

    Before that, journals of the last two days that nobody gave to the log (an older version of a function has written them)
    are given their place in it; nothing else is changed.
    """
    if pended := await pend_recent_journals(call.store, until=call.now):
        log.warning("journals_given_to_the_log", count=pended)
    found = await audit_ledger(call.store)
    if found.violation_count:
        codes = sorted({violation.code for violation in found.violations})
        log.error("ledger_violated", count=found.violation_count, codes=codes)
    return Swept(done=pended, readings=(*_figures(found), *_imbalances(found)))


def _figures(found: LedgerAudit) -> tuple[Reading, ...]:
    return (
        Reading("freehold_ledger_violations", found.violation_count),
        Reading("freehold_ledger_journals", found.journals),
        Reading("freehold_ledger_audited_timestamp_seconds", found.as_of.timestamp()),
    )


def _imbalances(found: LedgerAudit) -> tuple[Reading, ...]:
    """Add up all accounts of each currency; every sum is to be zero."""
    sums: Counter[str] = Counter()
    for total in found.totals:
        sums[total.currency] += total.balance
    return tuple(
        Reading("freehold_ledger_imbalance_minor", amount, {"currency": code}) for code, amount in sorted(sums.items())
    )
