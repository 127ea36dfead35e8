"""The report for a person."""

from collections.abc import Iterator, Sequence
from typing import Final

from infra.deploy_check.capacity import CONNECTIONS_OF_DOORS, Sums
from infra.deploy_check.checking import RULES, Checked
from infra.deploy_check.deployment import ATLAS_RESERVED, ATLAS_TIERS
from infra.deploy_check.findings import Finding, Path

SHOWN: Final = 60
"""Sentences that are printed for a file; one with more is broken in a way that the first ones show."""


def lines_of(checked: Sequence[Checked]) -> Iterator[str]:
    """Write the report, line by line."""
    for each in checked:
        yield f"{each.file} on {each.deployment.edition.title}: {each.functions} functions"
        if each.sums is not None:
            yield from _sums(each.sums)
        yield from _findings(each.file, "FAULT", each.faults)
        yield from _findings(each.file, "warning", each.warnings)
        yield ""
    faults, warnings = (sum(map(len, kind)) for kind in zip(*((each.faults, each.warnings) for each in checked), strict=True))
    yield (
        f"Checked: variables as faas-cli fills them in, YAML, the stack file's schema, and {len(RULES)} rules on names, labels,"
        " resources, images, secrets, settings, times, disk and connections. Nothing was called over the network."
    )
    yield f"{faults} faults, {warnings} warnings" + (": do not deploy this" if faults else "")


def _sums(sums: Sums) -> Iterator[str]:
    more = "" if sums.processes_most == sums.processes_least else f" (scaled out: {sums.processes_most:,})"
    yield f"  processes    {sums.processes_least:,}{more}"
    yield f"  memory       {sums.kept_memory_mib:,} MiB kept, at most {sums.limit_memory_mib:,} MiB"
    yield f"  cpu          {sums.kept_cpu.normalize():f} kept, at most {sums.limit_cpu.normalize():f}"
    scaled = "" if not more else f" (scaled out: {sums.connections_most:,})"
    yield f"  connections  at most {sums.connections_least:,} to the primary{scaled}; {_tier(sums)}"


def _tier(sums: Sums) -> str:
    taken = ATLAS_RESERVED + CONNECTIONS_OF_DOORS
    least = _smallest(sums.connections_least + taken)
    most = _smallest(sums.connections_most + taken)
    return f"with the doors Atlas {least}" + ("" if most == least else f", scaled out and all busy {most}")


def _smallest(connections: int) -> str:
    return next((tier for tier, limit in ATLAS_TIERS.items() if limit >= connections), f"above {list(ATLAS_TIERS)[-1]}")


def _findings(file: str, word: str, findings: Sequence[Finding]) -> Iterator[str]:
    """Write each finding once; the same of several functions together."""
    alike: dict[tuple[str, str, Path], list[Finding]] = {}
    for finding in findings:
        alike.setdefault((finding.says, finding.advice, finding.path[2:]), []).append(finding)
    for (says, advice, _), group in list(alike.items())[:SHOWN]:
        others = f" (and {len(group) - 1} more like it)" if len(group) > 1 else ""
        yield f"  {word} {group[0].place(file)}{others}: {says} {advice}"
    if len(alike) > SHOWN:
        yield f"  ... and {len(alike) - SHOWN} other sentences"
