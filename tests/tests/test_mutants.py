"""The mutants of the money core: what is changed and what is not, and that killed is told from survived."""

import subprocess
import sys

from tests.mutants.changed import DOMAIN, ROOT, core
from tests.mutants.mutating import mutants_of

FEES = DOMAIN / "fees.py"
ASK = """
import os, sys
from pathlib import Path
from tests.mutants import asking
from tests.mutants.changed import DOMAIN
from tests.mutants.mutating import mutants_of

asking.prepare()
mutant = next(each for each in mutants_of(DOMAIN / "fees.py") if each.became == sys.argv[1])
asking.ask(mutant, sys.argv[3:], limit_s=60, killer=Path(sys.argv[2]))
"""
OF_FEES = "tests/domain/test_fees.py::"


def changes_of(name):
    return {(mutant.was, mutant.became) for mutant in mutants_of(DOMAIN / name)}


def asked(became, killer, *tests):
    command = [sys.executable, "-c", ASK, became, str(killer), *tests]
    return subprocess.run(command, cwd=ROOT, capture_output=True, check=False).returncode


def test_properties_and_tables_are_changed_and_texts_for_a_person_are_not():
    assert ("self.gross - self.fee - self.tax", "self.gross - self.fee + self.tax") in changes_of("legs.py")
    assert ('"payout_blocked"', '"XXpayout_blockedXX"') in changes_of("money_process/releasing.py")
    assert {was for was, _ in changes_of("money.py")} & {'"An ISO 4217 code."', '"currencies_differ"'} == {
        '"currencies_differ"'
    }


def test_every_file_of_the_core_is_there_and_each_change_is_listed_once():
    for path in core():
        keys = [mutant.key for mutant in mutants_of(path)]
        assert len(set(keys)) == len(keys)
    assert sum(len(mutants_of(path)) for path in core()) > 5_000


def test_what_a_test_notices_is_killed_what_none_notices_survives_and_the_file_stays_as_it_is(tmp_path):
    before, killer = FEES.read_bytes(), tmp_path / "killer"
    by_hand, numbered = (
        OF_FEES + "test_fees_worked_out_by_hand[5-1000-1]",
        OF_FEES + "test_no_fee_is_taken_of_less_than_nothing",
    )
    rounded_down = "(amount_minor * schedule.basis_points - WHOLE_BASIS_POINTS // 2)"
    assert asked(rounded_down, killer, numbered) == 0
    assert not killer.exists()
    assert asked(rounded_down, killer, numbered, by_hand) == 1
    assert killer.read_text().startswith(OF_FEES + "test_fees_worked_out_by_hand")
    assert FEES.read_bytes() == before
