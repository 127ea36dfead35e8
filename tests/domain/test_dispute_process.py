"""The table of a dispute holds together: every state is reached and left, every step of the clock has a human twin."""

import random

from freehold.domain.dispute_case import Facts
from freehold.domain.dispute_process import (
    FEE_PAYERS,
    PROCESS,
    SIDES,
    STATES,
    TERMINAL,
    TERMS,
    TRANSITIONS,
    UNDECIDED,
    actors_of,
    rows_for,
    told_of,
)
from freehold.domain.dispute_process import Row as ProcessRow
from freehold.domain.disputes import CHANGES, CONDITIONS, GUARDS, take
from freehold.domain.errors import Refused
from tests.domain.disputes import NOW, Z, filed

HUMAN = {"filer", "respondent", "mediator"}
WALKS = 400


def targets(row: ProcessRow) -> set[str]:
    return {row.target} if row.target else set(row.sources)


def test_every_word_of_the_table_is_used_and_known():
    assert {row.transition for row in PROCESS} == set(TRANSITIONS)
    assert {guard for row in PROCESS for guard in row.guards} == set(GUARDS)
    assert {row.when for row in PROCESS if row.when} == set(CONDITIONS)
    assert {row.decides for row in PROCESS if row.decides} == set(FEE_PAYERS)
    assert set(CHANGES) <= set(TRANSITIONS)


def test_every_state_can_be_reached_from_filing_and_only_terminal_ones_cannot_be_left():
    reached = {"filed"}
    while more := {target for row in PROCESS if set(row.sources) & reached for target in targets(row)} - reached:
        reached |= more
    assert reached == set(STATES)
    left = {source for row in PROCESS for source in row.sources if row.target not in {None, source}}
    assert left == set(STATES) - TERMINAL == {*UNDECIDED, "decided"}


def test_the_clock_does_what_the_terms_say_and_leads_every_state_on_or_reports_it():
    assert set(TERMS) == set(STATES) - TERMINAL
    for state, term in TERMS.items():
        (row,) = rows_for(term.then, "clock", state)
        assert row.due, state
    assert {row.transition for row in PROCESS if row.by == "clock"} == {term.then for term in TERMS.values()}


def test_every_step_of_the_clock_that_changes_the_state_has_a_human_twin():
    for row in PROCESS:
        if row.by == "clock" and row.target is not None:
            twins = [each for each in PROCESS if each.by in HUMAN and each.target == row.target]
            assert any(set(row.sources) <= set(twin.sources) for twin in twins), row.transition


def test_money_is_frozen_once_and_leaves_with_the_dispute():
    assert [row.transition for row in PROCESS if row.money == "freeze"] == ["file"]
    for row in PROCESS:
        moves = row.money in {"settle", "unfreeze"}
        assert moves == (row.target in {"executed", "withdrawn"}), row.transition
        assert (row.decides is not None) == (row.target == "decided"), row.transition


def test_whoever_may_do_the_same_from_either_side_is_told_alike():
    assert told_of("file", by="filer", came_from="filed", went_to="filed") == SIDES
    assert told_of("report_overdue", by="clock", came_from="ruling", went_to="ruling") == ("mediator",)
    assert told_of("accept_proposal", by="filer", came_from="proposed", went_to="proposed") == SIDES
    assert set(told_of("accept_proposal", by="filer", came_from="proposed", went_to="decided")) == {*SIDES, "mediator"}
    assert told_of("note", by="mediator", came_from="ruling", went_to="ruling") == ()
    assert told_of("rule", by="filer", came_from="ruling", went_to="decided") == ()
    for row in PROCESS:
        assert (row.event is None) == (row.transition == "note")
        assert (row.tells == ()) == (row.event is None)


def test_any_walk_through_the_process_ends_with_what_was_disputed_divided_or_given_back():
    chance, ends = random.Random(20), set()
    for _ in range(WALKS):
        case = filed(chance.choice(["client", "freelancer"]), claim=chance.choice([Z, 5_000, 100]))
        for _ in range(200):
            if case.state in TERMINAL:
                break
            row = chance.choice([row for row in PROCESS if case.state in row.sources])
            facts = Facts(
                now=NOW, to_freelancer=chance.choice([0, 100, 3_333, Z]), offer=len(case.offers) or None, text="x", frozen=Z
            )
            try:
                case = take(case, row.transition, by=row.by, facts=facts).after
            except Refused:
                continue
            assert (case.outcome is not None) >= (case.state in {"decided", "executed"})
            if case.outcome is not None:
                split = case.outcome.split
                assert split.to_freelancer + split.to_client + split.fee == Z
                assert min(split.to_freelancer, split.to_client, split.fee) >= 0
        ends.add((case.state, case.outcome and case.outcome.kind))
    assert {kind for _, kind in ends if kind} == set(FEE_PAYERS)
    assert {state for state, _ in ends} >= TERMINAL


def test_nobody_takes_the_step_of_another():
    for transition in TRANSITIONS:
        assert actors_of(transition)
    assert actors_of("rule") == {"mediator"}
    assert actors_of("withdraw") == {"filer"}
    assert actors_of("default_judgment") == {"clock", "mediator"}
