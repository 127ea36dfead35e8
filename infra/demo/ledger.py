"""The last act: an admin has the whole ledger audited, and the demo adds it up once more itself."""

from collections import defaultdict

from infra.client import Person
from infra.demo.report import Report
from infra.wire import Audit


async def verify_ledger(admin: Person, report: Report) -> None:
    """Check that the audit finds nothing, and that all accounts of each currency sum to zero."""
    audit = await admin.get("/api/admin/ledger/audit", into=Audit)
    report.check("violations in the ledger", audit.violation_count, 0)
    report.check("the audit's verdict", audit.clean, True)
    sums: defaultdict[str, int] = defaultdict(int)
    for total in audit.totals:
        sums[total.currency] += total.balance
    for currency, balance in sums.items():
        report.check(f"the sum of all accounts in {currency}", balance, 0)
    report.step(f"the ledger is verified: {audit.journals} journals of {audit.milestones} milestones, every currency sums to 0")
