"""The generated files as a deployer has them, with one thing changed, and what the check says of them."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import yaml

from infra.deploy_check.checking import Checked, check
from infra.deploy_check.deployment import EDITIONS, Deployment

ROOT = Path(__file__).parents[3]
STANDARD = ROOT / "openfaas.yml"
GROUPS = ROOT / "infra/openfaas/openfaas.ce.yml"
DEPLOYER = {"FREEHOLD_RELAY_URL": "https://relay.example.org"}

Change = Callable[[dict[str, Any]], None]


def checked(file: Path, edition: str, environ: dict[str, str] = DEPLOYER, **more: Any) -> Checked:
    deployment = Deployment(edition=EDITIONS[edition], **more)
    return check(str(file), deployment, environ=environ, examples={})


def changed(folder: Path, change: Change, source: Path = GROUPS) -> Path:
    """Write a generated file with one change to its values."""
    stack = yaml.load(source.read_text(), yaml.CSafeLoader)
    change(stack)
    file = folder / "stack.yml"
    file.write_text(yaml.dump(stack, Dumper=yaml.CSafeDumper, sort_keys=False))
    return file


def written(folder: Path, text: str | bytes) -> Path:
    file = folder / "stack.yml"
    file.write_bytes(text.encode() if isinstance(text, str) else text)
    return file


def said(found: Checked, level: str = "fault") -> list[str]:
    """What is said, with its place, and without the folder."""
    return [
        f"{finding.place('stack.yml')}: {finding.says} {finding.advice}" for finding in found.findings if finding.level == level
    ]
