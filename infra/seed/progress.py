"""How far the seeding of one marketplace has come, as a file says it."""

from datetime import datetime
from pathlib import Path
from typing import Literal

import msgspec
from msgspec import Struct

from infra.keys import write_secret
from infra.seed import content


class Progress(Struct, frozen=True):
    """What the file says."""

    state: Literal["growing", "grown"]
    began_at: datetime


def read_progress(file: Path) -> Progress | None:
    """Read the file; None when there is none that can be read."""
    try:
        return msgspec.json.decode(file.read_bytes(), type=Progress)
    except (FileNotFoundError, msgspec.DecodeError):
        return None


def write_progress(file: Path, progress: Progress) -> None:
    """Write the file, whole or not at all."""
    write_secret(file, msgspec.json.encode(progress).decode())


def demo_accounts(file: Path) -> tuple[tuple[str, str], ...]:
    """List the demo accounts as (role, name), if the marketplace was seeded."""
    progress = read_progress(file)
    if progress is None or progress.state != "grown":
        return ()
    made = content.load()
    return ("employer", made.employers[0].name), ("freelancer", made.freelancers[0].name), ("admin", content.ADMIN_NAME)
