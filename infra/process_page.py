"""`python -m infra.process_page`: write docs/money-process.md from the process table; `--check` only compares."""

import sys
from pathlib import Path
from typing import Final

from freehold.domain.ledger import PER_CURRENCY, PER_GATEWAY, PER_MILESTONE, PER_PAYEE, Entry, Template
from freehold.domain.money_process import PROCESS, SETTLING, STATES, TERMINAL, Condition, Guard, Row

PAGE: Final = Path(__file__).parents[1] / "docs" / "money-process.md"
_WHEN: Final[dict[Condition, str]] = {
    "payment_refused": "the last payment was refused",
    "amount_matches": "the amount is the agreed one",
    "amount_differs": "the amount is another one",
    "is_week": "it is a week of hours",
    "was_submitted": "work had been submitted",
    "escrow_left": "something is left in escrow",
    "disputed_left": "something is left of what is disputed",
}
_GUARDS: Final[dict[Guard, str]] = {
    "same_payment": "it is the payment that is waited for",
    "currency_matches": "it is in the agreed currency",
    "no_open_chargeback": "no chargeback is open",
    "no_open_dispute": "no dispute is open",
    "part_is_covered": "the part is held, and neither it nor what it leaves is too small",
    "within_escrow": "so much is held, and it is not too small",
    "within_released": "so much was released",
    "split_is_covered": "so much is held",
    "legs_left": "not too many parts yet",
    "disputes_left": "not too many disputes yet",
    "leg_is_pending": "this attempt of the leg is under way",
    "leg_is_done": "this attempt of the leg was done",
    "no_leg_is_pending": "no money is on its way",
    "amount_as_asked": "what moved is what was asked",
    "payout_not_held": "payouts are not on hold",
    "proposal_is_theirs": "the other party has proposed it",
    "dispute_is_open": "this dispute is open, and the parts are within it",
    "is_milestone": "it is no week of hours",
    "chargeback_is_new": "it is a new one, within what was paid",
    "chargeback_is_open": "it is open",
}


def render() -> str:
    """Make the page."""
    rows = "\n".join(_line(row) for row in PROCESS)
    return f"""# The process of a milestone's money

Generated from `freehold/domain/money_process/` by `python -m infra.process_page`; do not edit. A step that is not here does
not exist. Amounts of a leg: gross = net + fee + tax; `sent` is what of the net goes through the gateway. `{{m}}` is the
milestone, `{{leg}}` the number of the release, refund or reversal, `{{try}}` empty at its first attempt and `#2` at the second.
A journal that would move nothing is not written: a payout is either `sent` or, to a freelancer who is paid in another currency,
`exchanged` (of the milestone's currency) for `middle` = `target` + `spread`, which are of the other one, as is `received`.

Over: {_listed(TERMINAL)}. Waiting for a payment gateway, and never at rest: {_listed(SETTLING)}.

```mermaid
stateDiagram-v2
    [*] --> created
{_diagram()}
```

In the picture, a line is a step that usually leads there. Where a step says "by where the money is", the state follows from
what is left: money on its way (releasing, refunding, settling), else a leg that somebody must unblock (payout_blocked,
refund_blocked), else what is still held (funded or submitted, as before), else what is disputed, else how it ended. What can
happen in any state (chargebacks, returned payouts and refunds, reversals) is in the table alone.

| step | who | from -> to | if | journal: debit / credit | asks the gateway to | clock | told |
|---|---|---|---|---|---|---|---|
{rows}
"""


def _diagram() -> str:
    arrows: dict[tuple[str, str], list[str]] = {}
    for row in PROCESS:
        if row.sources == STATES:
            continue
        for source in row.sources:
            if source != row.target:
                arrows.setdefault((source, row.target), []).append(row.transition)
    lines = (f"    {source} --> {target}: {_names(steps)}" for (source, target), steps in arrows.items())
    return "\n".join([*lines, *(f"    {state} --> [*]" for state in sorted(TERMINAL))])


def _names(steps: list[str]) -> str:
    return ", ".join(dict.fromkeys(steps))


def _line(row: Row) -> str:
    target = f"{row.target}, by where the money is" if row.resolves else row.target
    sources = "any" if row.sources == STATES else ", ".join(row.sources)
    conditions = [_WHEN[condition] for condition in row.when] + [_GUARDS[guard] for guard in row.guards]
    clock = [f"at `{row.due}`"] if row.due else []
    clock += [f"starts `{deadline}`" for deadline in row.starts] + [f"stops `{deadline}`" for deadline in row.stops]
    cells = (
        f"`{row.transition}`",
        row.by,
        f"{sources} -> {target}",
        "; ".join(conditions),
        "<br>".join(_journal(template) for template in row.journals),
        ", ".join(row.commands),
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
    if entry.account in PER_MILESTONE:
        return f"{entry.account}:{{m}}"
    if entry.account in PER_CURRENCY:
        return f"{entry.account}:{{{entry.side}}}"
    if entry.account in PER_PAYEE:
        return f"{entry.account}:{{freelancer}}"
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
