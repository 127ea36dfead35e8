"""What tests of the Merkle log share: journals by the real engine, the sweep, and a verifier over what the API gives out."""

from pathlib import Path
from typing import Any

from tests.api import Api, Person
from tests.escrow import Work, tick
from tools import verify_ledger

APPEND = "ledger-append-leaves"


def append_all(api: Api) -> dict[str, Any]:
    """Append all that waits; give the checkpoint as anybody reads it."""
    tick_until_idle(api)
    answer = api.call("GET", "/api/ledger/checkpoint")
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


def tick_until_idle(api: Api) -> int:
    """Tick the sweep until nothing waits; say how many leaves there were."""
    done = 0
    while found := tick(api, APPEND):
        done += found
    return done


def paid_out(work: Work, amount: int = 19_005) -> str:
    """Take a milestone through deposit, release and transfer; give its id."""
    milestone = work.submitted(amount)
    work.take(work.client, milestone, "release")
    work.api.settle()
    return str(milestone["id"])


def movements(work: Work, milestone_id: str) -> list[dict[str, Any]]:
    """Read what happened to a milestone's money."""
    return list(work.client.get(f"/api/escrow/{milestone_id}")["movements"])


def export(admin: Person, folder: Path, *, limit: int = 1_000) -> dict[str, str]:
    """Write what the verifier reads, as an operator does; give the arguments for it."""
    checkpoint = admin.get("/api/ledger/checkpoint")
    lines: list[str] = []
    while len(lines) < checkpoint["size"]:
        piece = admin.get(f"/api/admin/ledger/export?begin={len(lines)}&limit={limit}")
        assert piece["end"] > piece["begin"] == len(lines)
        lines += piece["log"].splitlines(keepends=True)
    files = {"log": "".join(lines[: checkpoint["size"]]), "checkpoint": checkpoint["checkpoint"]}
    for name, text in files.items():
        (folder / name).write_text(text)
    return {"key": checkpoint["keys"][0], **{name: str(folder / name) for name in files}}


def verified(**arguments: str | Path) -> bool:
    """Run the standalone verifier."""
    return verify_ledger.main([word for name, value in arguments.items() for word in (f"--{name}", str(value))]) == 0
