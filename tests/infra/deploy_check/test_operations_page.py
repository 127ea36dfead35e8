"""The page for operators says the figures and names that the generated files have."""

import re
from pathlib import Path

import pytest
import yaml

from infra.deploy_check.capacity import CONNECTIONS_OF_DOORS
from infra.deploy_check.deployment import ATLAS_RESERVED, ATLAS_TIERS
from infra.key_rotation import handing_of
from tests.infra.deploy_check.stack_files import GROUPS, ROOT, STANDARD, checked

PAGE = (ROOT / "docs/operations.md").read_text()


@pytest.mark.parametrize(("file", "edition"), [(STANDARD, "standard"), (GROUPS, "ce")])
def test_the_rounded_figures_of_the_profiles_are_near_the_true_ones(file: Path, edition: str):
    found = checked(file, edition)
    sums = found.sums
    assert sums is not None
    (row,) = [line for line in PAGE.splitlines() if line.startswith(f"| `{file.relative_to(ROOT)}` | ")]
    said = [int(figure.replace(",", "")) for figure in re.findall(r"\| ([0-9,]+)(?: MiB)?(?= \|)", row)]
    true = [found.functions, sums.kept_memory_mib, sums.limit_memory_mib, sums.connections_least, sums.connections_most]
    assert said == pytest.approx(true, rel=0.1)


def test_what_the_page_promises_of_cluster_tiers_is_true():
    standard, groups = checked(STANDARD, "standard").sums, checked(GROUPS, "ce").sums
    assert standard is not None
    assert groups is not None
    room = {tier: limit - ATLAS_RESERVED - CONNECTIONS_OF_DOORS for tier, limit in ATLAS_TIERS.items()}
    assert room["M0"] < groups.connections_least <= room["M10"]
    assert room["M30"] < standard.connections_least <= room["M40"]
    assert 2 * groups.connections_least <= room["M20"] < groups.connections_most
    assert room["M40"] < 2 * standard.connections_least <= room["M50"]
    assert groups.connections_most <= room["M40"]
    assert max(room.values()) == room["M60"] < standard.connections_most
    assert f"M60 leaves {room['M60']:,}" in PAGE
    for tier in ("M10", "M40", "M50", "M60"):
        assert f"| {tier} | {ATLAS_TIERS[tier]:,} |" in PAGE


def test_the_secrets_that_the_page_creates_are_those_that_functions_mount():
    (line,) = re.findall(r"^for name in (.*); do$", PAGE, re.MULTILINE)
    mounted = {name for function in yaml.safe_load(STANDARD.read_text())["functions"].values() for name in function["secrets"]}
    assert set(line.split()) == mounted


def test_the_page_explains_every_key_that_is_changed_in_steps():
    for name in ("access-token-key", "refresh-token-key", "connector-call-key", "scheduler-call-key"):
        handing = handing_of(name)
        rows = [line for line in PAGE.splitlines() if line.startswith(f"| `{name}` | ")]
        assert any(handing.checked_with in row.removeprefix(f"| `{name}`") or "itself, the three" in row for row in rows)
