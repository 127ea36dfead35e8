"""The process table beside what is published and promised of it: the page, the events, who hears of them, its words."""

from typing import get_args

from freehold.domain import ledger
from freehold.domain.ledger import account_name
from freehold.domain.money_process import (
    DEADLINES,
    HUMAN,
    PARTIES,
    PROCESS,
    SETTLING,
    STATES,
    TERMINAL,
    TRANSITIONS,
    Actor,
    CommandKind,
    Condition,
    Guard,
    LegKind,
    LegState,
    Source,
    actors_of,
    parties_told,
)
from freehold.domain.money_process.disputing import ARGUABLE
from infra.process_page import PAGE, render

BOTH = {"client", "freelancer"}
TOLD = {
    ("fund", "milestone.funding_started"): {"client"},
    ("deposit_paid", "milestone.funded"): BOTH,
    ("deposit_paid", "milestone.refund_started"): BOTH,
    ("deposit_refused", "milestone.payment_refused"): {"client"},
    ("payment_cancelled", "milestone.cancelled"): BOTH,
    ("expire_funding", "milestone.cancelled"): BOTH,
    ("cancel", "milestone.cancelled"): BOTH,
    ("submit", "milestone.submitted"): BOTH,
    ("request_changes", "milestone.changes_requested"): BOTH,
    ("remind", "milestone.release_nears"): BOTH,
    ("release", "milestone.release_started"): BOTH,
    ("auto_release", "milestone.release_started"): BOTH,
    ("propose_split", "milestone.split_proposed"): BOTH,
    ("accept_split", "milestone.settlement_started"): BOTH,
    ("transfer_known", "milestone.released"): BOTH,
    ("transfer_refused", "milestone.payout_blocked"): BOTH,
    ("payout_returned", "milestone.payout_blocked"): BOTH,
    ("retry_payout", "milestone.release_started"): BOTH,
    ("refund", "milestone.refund_started"): BOTH,
    ("abandon", "milestone.abandoned"): BOTH,
    ("refund_known", "milestone.refunded"): BOTH,
    ("refund_refused", "milestone.refund_blocked"): {"client"},
    ("refund_returned", "milestone.refund_blocked"): {"client"},
    ("retry_refund", "milestone.refund_started"): {"client"},
    ("refund_by_hand", "milestone.refunded"): BOTH,
    ("reversal_known", "milestone.payout_reversed"): {"freelancer"},
    ("reversal_refused", "milestone.debt_stays"): {"freelancer"},
    ("dispute", "milestone.disputed"): BOTH,
    ("withdraw_dispute", "milestone.dispute_withdrawn"): BOTH,
    ("settle_dispute", "milestone.settlement_started"): BOTH,
    ("chargeback_opened", "milestone.chargeback_opened"): BOTH,
    ("chargeback_won", "milestone.chargeback_won"): BOTH,
    ("chargeback_lost", "milestone.chargeback_lost"): BOTH,
}
MOVED_LEGS = {
    "release": (("release",), "escrow"),
    "auto_release": (("release",), "escrow"),
    "accept_split": (("release", "refund"), "escrow"),
    "settle_dispute": (("release", "refund"), "disputed"),
    "chargeback_lost": (("reversal",), "released"),
}
TURNED = {
    "transfer_known": ("done", "release"),
    "transfer_refused": ("blocked", "release"),
    "payout_returned": ("blocked", "release"),
    "retry_payout": ("pending", "release"),
    "refund_known": ("done", "refund"),
    "refund_refused": ("blocked", "refund"),
    "refund_returned": ("blocked", "refund"),
    "retry_refund": ("pending", "refund"),
    "refund_by_hand": ("done", "refund"),
    "reversal_known": ("done", "reversal"),
    "reversal_refused": ("refused", "reversal"),
}
FOLDED = {
    "clearing", "fees", "tax_payable", "gateway_fees", "platform_funds", "cb_receivable", "freelancer_debt", "bad_debt", "fx",
    "fx_gain_loss", "converted", "fx_spread",
}  # fmt: skip


def words(kind) -> set[str]:
    """Flatten a union of texts."""
    return {word for part in get_args(kind) for word in ([part] if isinstance(part, str) else words(part))}


def test_the_page_says_what_the_table_does_and_somebody_takes_each_step():
    assert PAGE.read_text(encoding="utf-8") == render()
    assert [transition for transition in TRANSITIONS if not actors_of(transition)] == []


def test_each_step_is_told_under_its_name_to_whom_it_concerns():
    told = {}
    for row in PROCESS:
        told.setdefault((row.transition, row.event), set()).update(row.tells)
        told[row.transition, row.event] |= parties_told(row.transition, came_from=row.sources[0], went_to=row.target)
    assert told == TOLD


def test_who_has_paid_nothing_yet_is_not_told_that_the_other_cancelled():
    assert parties_told("cancel", came_from="created", went_to="cancelled") == {"freelancer"}
    assert parties_told("deposit_paid", came_from="cancelled", went_to="refunding") == {"client"}
    assert parties_told("deposit_paid", came_from="funding", went_to="refunding") == BOTH
    assert parties_told("cancel", came_from="funded", went_to="cancelled") == frozenset()


def test_each_step_begins_the_legs_and_turns_the_leg_that_it_is_about():
    begun = {row.transition: (row.opens, row.source) for row in PROCESS if row.transition in MOVED_LEGS}
    assert begun == MOVED_LEGS
    assert {(row.transition, row.turns, row.of) for row in PROCESS if row.turns or row.of} == {
        (transition, *turned) for transition, turned in TURNED.items()
    }
    begun = {(row.sources[0], row.opens, row.source) for row in PROCESS if "refund" in row.opens and "release" not in row.opens}
    assert begun == {
        ("funding", ("refund",), "unmatched"), ("cancelled", ("refund",), "escrow"), ("funded", ("refund",), "escrow"),
        ("released", ("refund", "reversal"), "released"), ("disputed", ("refund",), "disputed"),
        ("payout_blocked", ("refund",), "escrow"), ("payout_blocked", ("refund",), "disputed"),
    }  # fmt: skip


def test_the_table_uses_every_word_that_there_is_and_no_other():
    assert {row.transition for row in PROCESS} == set(TRANSITIONS)
    assert {row.by for row in PROCESS} == words(Actor) == {*HUMAN, "scheduler", "gateway"}
    assert {state for row in PROCESS for state in (*row.sources, row.target)} == set(STATES)
    assert {condition for row in PROCESS for condition in row.when} == words(Condition)
    assert {guard for row in PROCESS for guard in row.guards} == words(Guard)
    assert {deadline for row in PROCESS for deadline in (*row.starts, *row.stops, row.due) if deadline} == set(DEADLINES)
    assert {command for row in PROCESS for command in row.commands} == words(CommandKind)
    assert {kind for row in PROCESS for kind in (*row.opens, row.of) if kind} == words(LegKind)
    assert {row.turns for row in PROCESS if row.turns} == words(LegState)
    assert {row.source for row in PROCESS} == words(Source)
    assert set(PARTIES) == BOTH
    assert {*BOTH, "operator"} == HUMAN
    assert {*TERMINAL, *SETTLING, *ARGUABLE, "created", "disputed"} == set(STATES)


def test_the_chart_of_accounts_is_the_published_one_and_journals_use_every_amount():
    entries = [entry for template in ledger.TEMPLATES for entry in (*template.debits, *template.credits)]
    assert words(ledger.FoldedAccount) == FOLDED
    assert set(ledger.GUARDED_ACCOUNTS) == {"escrow", "disputed", "payable", "refund_due"}
    assert words(ledger.Account) == {*FOLDED, *ledger.GUARDED_ACCOUNTS}
    assert {entry.account for entry in entries} <= words(ledger.Account)
    assert {entry.amount for entry in entries} == words(ledger.Amount)
    assert {template.of for template in ledger.TEMPLATES if template.of} <= words(ledger.TemplateKind) == words(LegKind)
    names = {
        account_name(account, milestone_id="m", gateway="g", payee_id="p", currency="EUR") for account in words(ledger.Account)
    }
    assert names == {
        "escrow:m", "disputed:m", "payable:m", "refund_due:m", "clearing:g", "freelancer_debt:p",
        "converted:m", "fx:EUR", *FOLDED - {"clearing", "freelancer_debt", "converted", "fx"},
    }  # fmt: skip


def test_every_journal_of_the_table_has_a_key_of_its_own_kind():
    keys = [template.key for template in ledger.TEMPLATES]
    kinds = {template.key: template.of for template in ledger.TEMPLATES}
    assert {row_template for row in PROCESS for row_template in row.journals} == set(ledger.TEMPLATES)
    assert {key for key in keys if keys.count(key) > 1} == {
        "deposit:{payment}", "release:{milestone}:{leg}", "reserve:{milestone}:{leg}", "transfer:{milestone}:{leg}{try}",
        "payout_returned:{milestone}:{leg}{try}",
    }  # fmt: skip
    assert {key: kind for key, kind in kinds.items() if kind} == {
        "release:{milestone}:{leg}": "release", "offset:{milestone}:{leg}{try}": "release",
        "fx:{milestone}:{leg}{try}": "release",
        "reserve:{milestone}:{leg}": "refund", "return:{milestone}:{leg}": "refund",
    }  # fmt: skip
