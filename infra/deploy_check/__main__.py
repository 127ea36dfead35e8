"""`python -m infra.deploy_check [--edition NAME] [--atlas TIER] [FILE...]`; 1 when there is a fault."""

import argparse
import os
import signal
import sys
from pathlib import Path
from typing import Final

from infra.deploy_check.checking import check
from infra.deploy_check.deployment import ATLAS_TIERS, EDITIONS, Deployment
from infra.deploy_check.report import lines_of

ROOT: Final = Path(__file__).parents[2]
OURS: Final = {"openfaas.yml": ("standard", "faasd-edge"), "infra/openfaas/openfaas.ce.yml": ("ce", "faasd-ce", "faasd-edge")}
"""The generated files, and the editions that each is for."""


def main(arguments: list[str] | None = None) -> int:
    """Check the files named, or the generated ones; print a report."""
    given = _parser().parse_args(arguments)
    files: list[str] = given.files or [os.path.relpath(ROOT / name) for name in OURS]
    examples = dict(pair.partition("=")[::2] for pair in given.example)
    checked = [
        check(file, _deployment(given, edition), environ=os.environ, examples=examples)
        for file in files
        for edition in _editions(file, given.edition)
    ]
    for line in lines_of(checked):
        print(line)
    return 1 if any(each.faults for each in checked) else 0


def _editions(file: str, chosen: str | None) -> tuple[str, ...]:
    if chosen is not None:
        return (chosen,)
    known = {(ROOT / name).resolve(): editions for name, editions in OURS.items()}
    return known.get(Path(file).resolve(), ("standard",))


def _deployment(given: argparse.Namespace, edition: str) -> Deployment:
    return Deployment(
        edition=EDITIONS[edition],
        atlas=given.atlas,
        own_secrets=frozenset(given.secret),
        upstream_timeout_s=given.upstream_timeout,
    )


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m infra.deploy_check", description="Say what would go wrong when a stack file is deployed."
    )
    parser.add_argument("files", nargs="*", metavar="FILE", help="stack files; without any, the generated ones")
    parser.add_argument("--edition", choices=list(EDITIONS), help="of OpenFaaS; without it, those that a generated file is for")
    parser.add_argument("--atlas", choices=list(ATLAS_TIERS), help="the cluster tier that the connections must fit into")
    parser.add_argument(
        "--secret", action="append", default=[], metavar="NAME", help="a secret of your own that functions may mount"
    )
    parser.add_argument(
        "--upstream-timeout", type=_seconds, default=60.0, metavar="SECONDS", help="upstream_timeout of OpenFaaS's gateway"
    )
    parser.add_argument(
        "--example", action="append", default=[], metavar="NAME=VALUE", type=_pair, help="stands in for a variable not exported"
    )
    return parser


def _seconds(text: str) -> float:
    value = float(text.removesuffix("s"))
    if not 0 < value < 86_400:  # noqa: PLR2004 - a day
        raise ValueError(text)
    return value


def _pair(text: str) -> str:
    if not text.partition("=")[2]:
        raise argparse.ArgumentTypeError(f"{text!r} is no NAME=VALUE")
    return text


if __name__ == "__main__":
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)  # `| head` ends it, without a word
    sys.exit(main())
