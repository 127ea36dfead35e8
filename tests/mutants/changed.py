"""What is changed: the modules that decide how much money goes where. ADR 30 says why these, and what is left out."""

import hashlib
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[2]
DOMAIN: Final = ROOT / "freehold" / "domain"
TESTS: Final = ROOT / "tests" / "domain"
_MODULES: Final = (
    "adjustments", "audit", "billing", "checkpoint", "conversion", "dispute_fees", "fee_preview", "fees", "holding", "leaves",
    "ledger", "legs", "liabilities", "merkle", "money", "reconciliation", "settlement", "statements",
)  # fmt: skip
_PACKAGES: Final = ("escrow", "money_process")


def core() -> list[Path]:
    """List the files of the money core."""
    return [DOMAIN / f"{name}.py" for name in _MODULES] + [
        file for package in _PACKAGES for file in sorted((DOMAIN / package).glob("*.py"))
    ]


def module_of(path: Path) -> str:
    """Name a file of ours as Python imports it."""
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def fingerprint() -> str:
    """Stand for all that a verdict depends on: the rules, their tests, and this tool."""
    read = [*DOMAIN.rglob("*.py"), *TESTS.rglob("*.py"), *Path(__file__).parent.glob("*.py"), ROOT / "requirements.lock"]
    digest = hashlib.sha256()
    for file in sorted(read):
        digest.update(f"{file.relative_to(ROOT)}\0".encode() + file.read_bytes() + b"\0")
    return digest.hexdigest()
