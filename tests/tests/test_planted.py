"""The planted bugs: enough of them, each applies, each has tests that exist, and planting tells caught from survived."""

import difflib
import subprocess
import tomllib

from tests.planted.planting import CAUGHT_BY, ROOT, bugs, copy_of_the_repository, plant

AT_LEAST = 30
FEES = "freehold/domain/fees.py"


def test_there_are_enough_bugs_and_each_names_tests_that_exist():
    assert len(bugs()) >= AT_LEAST
    assert set(tomllib.loads(CAUGHT_BY.read_text(encoding="utf-8"))) == {patch.stem for patch in bugs()}
    assert [test for tests in bugs().values() for test in tests if not (ROOT / test).exists()] == []


def test_every_bug_still_applies():
    stale = [
        patch.stem
        for patch in bugs()
        if subprocess.run(["git", "apply", "--check", str(patch)], cwd=ROOT, capture_output=True, check=False).returncode
    ]
    assert stale == []


def test_a_planted_bug_is_caught_a_harmless_change_survives_and_the_copy_is_clean_again(tmp_path):
    copy = copy_of_the_repository(tmp_path / "copy")
    target = copy / FEES
    before = target.read_text(encoding="utf-8")
    (bug,) = [patch for patch in bugs() if patch.stem == "fee_rounded_down"]
    assert plant(bug, ["tests/domain/test_fees.py"], copy).verdict == "caught"
    assert target.read_text(encoding="utf-8") == before
    harmless = tmp_path / "harmless.patch"
    after = before + "# nothing\n"
    changed = difflib.unified_diff(before.splitlines(True), after.splitlines(True), "a/" + FEES, "b/" + FEES)
    harmless.write_text("".join(changed), encoding="utf-8")
    assert plant(harmless, ["tests/domain/test_fees.py"], copy).verdict == "survived"
    elsewhere = tmp_path / "elsewhere.patch"
    other = harmless.read_text(encoding="utf-8").replace(" return", " retrun")
    elsewhere.write_text(other, encoding="utf-8")
    assert plant(elsewhere, ["tests/domain/test_fees.py"], copy).verdict == "does not apply"
