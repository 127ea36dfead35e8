"""`python -m infra.dispute_page`: write docs/disputes.md from the process table of disputes; `--check` only compares."""

import sys
from pathlib import Path
from typing import Final

from freehold.domain.dispute_case import NOTES_LIMIT, OFFERS_PER_SIDE
from freehold.domain.dispute_fees import CURRENT_DISPUTE_FEES
from freehold.domain.dispute_process import DAY_S, FEE_PAYERS, PROCESS, STATES, TERMINAL, TERMS, Row, State
from freehold.domain.money import exponent_of
from freehold.store.evidence import BYTES_PER_PERSON, BYTES_PER_SIDE, FILES_PER_SIDE
from freehold.uploads import LARGEST_FILE_BYTES
from freehold.uploads.kinds import IN_WORDS
from freehold.uploads.pictures import MOST_PIXELS

PAGE: Final = Path(__file__).parents[1] / "docs" / "disputes.md"
_MIB: Final = 1024 * 1024
_WHEN: Final = {"other_side_accepted": "the other side has accepted it"}
_GUARDS: Final = {
    "split_is_payable": "each side gets nothing, or what is worth moving",
    "offers_left": f"at most {OFFERS_PER_SIDE} offers of this side",
    "own_offer_stands": "it is this side's standing offer",
    "other_offer_stands": "it is the other side's newest offer, by its number",
    "not_accepted_yet": "this side has not accepted it yet",
    "notes_left": f"at most {NOTES_LIMIT} notes",
}
_MONEY: Final = {"freeze": "freezes the amount", "unfreeze": "gives it back to what is held", "settle": "divides it as decided"}
_OUTCOMES: Final = {
    "accepted": "the respondent accepts the claim",
    "default": "the respondent says nothing in time",
    "agreed": "an offer is accepted",
    "proposal": "both accept the mediator's proposal",
    "ruling": "the mediator rules",
}
_PAYERS: Final = {
    "nobody": "nobody",
    "respondent": "the respondent",
    "both": "both, half each",
    "loser": "the filer if less than half of the claim is granted, else the respondent",
}


def render() -> str:
    """Make the page."""
    return f"""# Disputes

Generated from `freehold/domain/dispute_process.py` by `python -m infra.dispute_page`; do not edit. A step that is not
here does not exist.

Either party of a milestone files on a part of what is held for it (`POST /api/disputes`). That part alone is frozen; the
rest of the milestone goes on. The claim is how much of that part the filer wants. The sides are the *filer* and the
*respondent*, whichever of them is the client. The *mediator* is an operator who is no party (`/api/admin/disputes`);
notes between mediators are shown to no party, offers are shown to both sides. An operator may file for a party; the
history says so.

{_diagram()}

## Steps

| step | who | from -> to | if | money | told |
|---|---|---|---|---|---|
{_rows()}

`due` means: only once the state's deadline has passed, whoever takes the step. `milestone` is the milestone itself, when
a lost chargeback has taken all that was frozen.

## Deadlines

By the database's clock, from when the state begins. Whoever is awaited is reminded when half of the time is over, and
again at nine tenths.

| state | lasts | then | awaited |
|---|---|---|---|
{_terms()}

A decision that cannot be executed at once (money of the milestone is on its way, a chargeback is open) is tried again
each minute; operators see why it waits (`blocked_by`).

## What it costs

Version {CURRENT_DISPUTE_FEES.version}: {_percent(CURRENT_DISPUTE_FEES.basis_points)} of the claim, rounded down, and at
most {_fixed()}; in other currencies the share alone is the limit. The rule is fixed for a dispute when it is filed. The
fee is taken out of what the side that pays is awarded, never out of the other side's part, and leaves of it what is worth
moving. What each side gets and the fee add up to what was disputed.

| decided because | the fee is paid by |
|---|---|
{_costs()}

A filer who withdraws pays nothing. If a lost chargeback has taken a part of what was frozen, what is left is divided in
the decided proportions.

## Evidence

`POST /api/disputes/{{id}}/evidence`: {IN_WORDS}, of at most {LARGEST_FILE_BYTES // _MIB} MiB, until the dispute is
decided. What a file is, its bytes say, not its name. Pictures (at most {MOST_PIXELS // 1_000_000} million pixels, no
animations) are made anew, without what a camera notes. Each side adds at most {FILES_PER_SIDE} files and {
        BYTES_PER_SIDE // _MIB
    } MiB; one person stores at most {BYTES_PER_PERSON // _MIB} MiB. `GET /api/evidence/{{id}}` serves them to the
parties and to operators, as attachments. With `FREEHOLD_SCANNER_ADDRESS` (`host:port` of a clamd) every file is scanned
first; without it, files say `not_scanned`."""


def _diagram() -> str:
    arrows = sorted({(source, row.target) for row in PROCESS if row.target for source in row.sources or ("[*]",)}, key=_place)
    lines = [f"  {source} --> {target}: {_labels(source, target)}" for source, target in arrows]
    ends = [f"  {state} --> [*]" for state in STATES if state in TERMINAL]
    return "\n".join(["```mermaid", "stateDiagram-v2", *lines, *ends, "```"])


def _place(arrow: tuple[str, State]) -> tuple[int, int]:
    source, target = arrow
    return (STATES.index(source) if source in STATES else -1, STATES.index(target))


def _labels(source: str, target: State) -> str:
    rows = [row for row in PROCESS if row.target == target and (source in row.sources or (source == "[*]" and not row.sources))]
    return ", ".join(dict.fromkeys(row.transition for row in rows))


def _rows() -> str:
    return "\n".join(_line(row) for row in PROCESS)


def _line(row: Row) -> str:
    conditions = (["due"] if row.due else []) + ([_WHEN[row.when]] if row.when else [])
    conditions += [_GUARDS[guard] for guard in row.guards]
    cells = (
        f"`{row.transition}`",
        row.by,
        f"{', '.join(row.sources)} -> {row.target or 'the same'}",
        "; ".join(conditions),
        _MONEY[row.money] if row.money else "",
        ", ".join(row.tells),
    )
    return f"| {' | '.join(cells)} |"


def _terms() -> str:
    return "\n".join(
        f"| {state} | {_days(term.lasts_s)} | `{term.then}` | {', '.join(term.awaited)} |" for state, term in TERMS.items()
    )


def _days(seconds: int) -> str:
    return f"{seconds // DAY_S} days" if seconds else "no time"


def _percent(basis_points: int) -> str:
    return f"{basis_points // 100} %"


def _fixed() -> str:
    amounts = CURRENT_DISPUTE_FEES.fixed.items()
    return ", ".join(f"{amount // 10 ** exponent_of(currency)} {currency}" for currency, amount in amounts)


def _costs() -> str:
    return "\n".join(f"| {_OUTCOMES[kind]} | {_PAYERS[payer]} |" for kind, payer in FEE_PAYERS.items())


def main() -> int:
    """Write the page, or say whether it is current."""
    if "--check" not in sys.argv[1:]:
        PAGE.write_text(render(), encoding="utf-8")
        return 0
    current = PAGE.exists() and PAGE.read_text(encoding="utf-8") == render()
    sys.stdout.write("" if current else f"{PAGE.name} is not what the process table says; run python -m infra.dispute_page\n")
    return 0 if current else 1


if __name__ == "__main__":
    sys.exit(main())
