"""A finding: what is wrong, where, and what to do about it."""

from typing import Literal

from msgspec import Struct

Path = tuple[str, ...]
"""Where in a stack file: ("functions", "jobs-create-job", "labels", "com.openfaas.scale.max")."""


class Finding(Struct, frozen=True, kw_only=True):
    """One sentence about one place. A fault stops a deployment or breaks it; a warning is for a person to weigh."""

    level: Literal["fault", "warning"]
    path: Path
    says: str
    advice: str
    line: int | None = None

    def place(self, file: str) -> str:
        """Write where it is: `openfaas.yml:12: jobs-create-job: labels.x`."""
        where = file if self.line is None else f"{file}:{self.line}"
        if self.path[:1] == ("functions",) and len(self.path) > 1:
            return ": ".join(filter(None, [where, self.path[1], ".".join(self.path[2:])]))
        return ": ".join(filter(None, [where, ".".join(self.path)]))


def fault(path: Path, says: str, advice: str, line: int | None = None) -> Finding:
    """Say what stops a deployment."""
    return Finding(level="fault", path=path, says=says, advice=advice, line=line)


def warning(path: Path, says: str, advice: str, line: int | None = None) -> Finding:
    """Say what a person should know."""
    return Finding(level="warning", path=path, says=says, advice=advice, line=line)
