"""All rules over one file: what is wrong with it in an edition, in the order of its lines."""

from collections.abc import Callable, Iterator, Mapping
from typing import Final

import msgspec
from msgspec import Struct

from infra.deploy_check import capacity, editions, kubernetes, serving
from infra.deploy_check.capacity import Sums, sums_of
from infra.deploy_check.deployment import Deployment
from infra.deploy_check.findings import Finding
from infra.deploy_check.reading import Document, Unreadable, read
from infra.deploy_check.stack import Stack, schema_faults, stack_of

Rule = Callable[[Stack, Deployment], Iterator[Finding]]

RULES: Final[tuple[Rule, ...]] = (
    kubernetes.names,
    kubernetes.labels_and_annotations,
    kubernetes.variables,
    kubernetes.quantities,
    editions.count,
    editions.labels,
    editions.scaled_to_zero,
    editions.replicas,
    editions.annotations,
    editions.images,
    editions.what_is_ignored,
    serving.served,
    serving.secrets,
    serving.settings,
    serving.relay,
    serving.times,
    serving.disk,
    capacity.memory,
    capacity.database,
)


class Checked(Struct, frozen=True, kw_only=True):
    """A file against one edition. There are no sums when it could not be read."""

    file: str
    deployment: Deployment
    functions: int
    findings: list[Finding]
    sums: Sums | None

    @property
    def faults(self) -> list[Finding]:
        """What stops or breaks the deployment."""
        return [finding for finding in self.findings if finding.level == "fault"]

    @property
    def warnings(self) -> list[Finding]:
        """What a person should weigh."""
        return [finding for finding in self.findings if finding.level == "warning"]


def check(file: str, deployment: Deployment, *, environ: Mapping[str, str], examples: Mapping[str, str]) -> Checked:
    """Read a file and hold every rule against it."""
    try:
        document = read(file, environ, examples)
    except Unreadable as error:
        return Checked(file=file, deployment=deployment, functions=0, findings=[error.finding], sums=None)
    stack = stack_of(document)
    found = [*document.findings, *schema_faults(document), *(each for rule in RULES for each in rule(stack, deployment))]
    located = [_located(finding, document) for finding in found]
    ordered = sorted(dict.fromkeys(located), key=lambda finding: (finding.line or 0, finding.path))
    return Checked(file=file, deployment=deployment, functions=stack.count, findings=ordered, sums=sums_of(stack, deployment))


def _located(finding: Finding, document: Document) -> Finding:
    """Find the line of a finding: of its field, or of the nearest thing around it that the file has."""
    if finding.line is not None:
        return finding
    for length in range(len(finding.path), 0, -1):
        line = document.lines.get(finding.path[:length])
        if line is not None:
            return msgspec.structs.replace(finding, line=line)
    return finding
