"""`python -m infra.process_page`: write docs/money-process.md from the process table; `--check` only compares."""

import sys
from pathlib import Path
from typing import Final

from freehold.domain.ledger import GUARDED_ACCOUNTS, PER_GATEWAY, Entry, Template
from freehold.domain.money_process import PROCESS, SETTLING, TERMINAL, Row

PAGE: Final = Path(__file__).parents[1] / "docs" / "money-process.md"
_WHEN: Final = {
    "payment_refused": "the last payment was refused",
    "amount_matches": "the amount is the agreed one",
    "amount_differs": "the amount is another one",
}
_GUARDS: Final = {
    "same_payment": "it is the payment that is waited for",
    "currency_matches": "it is in the agreed currency",
    "no_open_chargeback": "no chargeback is open",
    "part_is_covered": "the part is held, and neither it nor what it leaves is too small",
    "legs_left": "not too many parts yet",
    "leg_is_pending": "this attempt of the leg is under way",
    "amount_as_asked": "what moved is what was asked",
}


def render() -> str:
    """Make the page."""
    rows = "\n".join(_line(row) for row in PROCESS)
    return f"""# The process of a milestone's money

Generated from `freehold/domain/money_process.py` by `python -m infra.process_page`; do not edit. A step that is not here does
not exist. Amounts of a leg: gross = net + fee + tax. `{{m}}` is the milestone, `{{leg}}` the number of the release or refund.

Over: {_listed(TERMINAL)}. Waiting for a payment gateway, and never at rest: {_listed(SETTLING)}.

| step | who | from -> to | if | journal: debit / credit | asks the gateway to | clock | told |
|---|---|---|---|---|---|---|---|
{rows}
"""


def _line(row: Row) -> str:
    target = f"{row.target}, or back with the rest" if row.rest_returns else row.target
    conditions = ([_WHEN[row.when]] if row.when else []) + [_GUARDS[guard] for guard in row.guards]
    clock = [f"at `{row.due}`"] if row.due else []
    clock += [f"starts `{row.starts}`"] if row.starts else []
    clock += [f"stops `{row.stops}`"] if row.stops else []
    cells = (
        f"`{row.transition}`",
        row.by,
        f"{', '.join(row.sources)} -> {target}",
        "; ".join(conditions),
        "<br>".join(_journal(template) for template in row.journals),
        row.command or "",
        ", ".join(clock),
        ", ".join(row.tells),
    )
    return f"| {' | '.join(cells)} |"


def _journal(template: Template) -> str:
    key = template.key.replace("{milestone}", "{m}")
    return f"`{key}`: {_entries(template.debits)} / {_entries(template.credits)}"


def _entries(entries: tuple[Entry, ...]) -> str:
    return " + ".join(f"{_account(entry)} {entry.amount.replace('_', ' ')}" for entry in entries)


def _account(entry: Entry) -> str:
    if entry.account in GUARDED_ACCOUNTS:
        return f"{entry.account}:{{m}}"
    return f"{entry.account}:{{gateway}}" if entry.account in PER_GATEWAY else entry.account


def _listed(states: frozenset[str]) -> str:
    return ", ".join(sorted(states))


def main() -> int:
    """Write the page, or say whether it is current."""
    if "--check" not in sys.argv[1:]:
        PAGE.write_text(render(), encoding="utf-8")
        return 0
    current = PAGE.exists() and PAGE.read_text(encoding="utf-8") == render()
    sys.stdout.write("" if current else f"{PAGE.name} is not what the process table says; run python -m infra.process_page\n")
    return 0 if current else 1


if __name__ == "__main__":
    sys.exit(main())
