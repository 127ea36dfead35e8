"""Writing down what a stranger needs to verify the ledger: `python -m infra.export_ledger DIR`.

DIR gets the log (one journal a line), the signed checkpoint that it ends at, the statement of what is owed to all users, and
the public keys, out of a running instance. Who verifies needs these files, `tools/verify_ledger.py`, and nothing of ours.
It signs in as an admin: FREEHOLD_ADMIN_EMAIL and FREEHOLD_ADMIN_PASSWORD (without them, as the local run's operator).
"""

import argparse
import asyncio
import os
import sys
from pathlib import Path
from typing import Final

from msgspec import Struct

from infra.client import Api, Person, Refused, Unreachable
from infra.local.settings import RunSettings
from infra.local.trouble import Trouble
from infra.seed.content import ADMIN_NAME, PASSWORD, address_of

ADMIN_EMAIL: Final = "FREEHOLD_ADMIN_EMAIL"
ADMIN_PASSWORD: Final = "FREEHOLD_ADMIN_PASSWORD"  # noqa: S105 - the variable's name
PIECE: Final = 1_000


class Checkpoint(Struct, frozen=True):
    """What the API says of the newest checkpoint."""

    size: int
    checkpoint: str
    keys: tuple[str, ...]
    former_keys: tuple[str, ...]


class Statement(Struct, frozen=True):
    """What the API says of the newest statement of what is owed."""

    statement: str


class Piece(Struct, frozen=True):
    """Some leaves of the log, from one place to before another."""

    begin: int
    end: int
    log: str


class Torn(Exception):  # noqa: N818 - the message is a sentence
    """The instance gave out less than its own checkpoint says."""


async def export(admin: Person, folder: Path) -> Checkpoint:
    """Write the files; answer the checkpoint that the log ends at. Raises Torn, Refused, Unreachable."""
    statement = await _statement(admin)
    newest = await admin.get("/api/ledger/checkpoint", into=Checkpoint)
    with (folder / "log").open("w", encoding="utf-8", newline="") as log:
        begin = 0
        while begin < newest.size:
            wanted = min(PIECE, newest.size - begin)
            piece = await admin.get(f"/api/admin/ledger/export?begin={begin}&limit={wanted}", into=Piece)
            if (piece.begin, piece.end) != (begin, begin + wanted):
                raise Torn(f"The checkpoint says {newest.size} journals, but the log ends after {piece.end}.")
            log.write(piece.log)
            begin = piece.end
    (folder / "checkpoint").write_text(newest.checkpoint, encoding="utf-8")
    if statement is not None:
        (folder / "statement").write_text(statement, encoding="utf-8")
    (folder / "keys").write_text("".join(f"{key}\n" for key in (*newest.keys, *newest.former_keys)), encoding="utf-8")
    return newest


async def _statement(admin: Person) -> str | None:
    """Read the newest statement: before the checkpoint, so that the log reaches as far. None before there is one."""
    try:
        return (await admin.get("/api/liabilities", into=Statement)).statement
    except Refused as refused:
        if refused.problem.code != "not_found":
            raise
        return None


async def _run(url: str, folder: Path) -> Checkpoint:
    async with Api(url) as api:
        await api.require_running()
        email, password = os.environ.get(ADMIN_EMAIL, address_of(ADMIN_NAME)), os.environ.get(ADMIN_PASSWORD, PASSWORD)
        return await export(await api.sign_in(name="the operator", email=email, password=password), folder)


def main(arguments: list[str] | None = None) -> int:
    """Run the command; 0 when the files are written."""
    parser = argparse.ArgumentParser(prog="python -m infra.export_ledger", description="Export the ledger for its verifier.")
    parser.add_argument("folder", type=Path, metavar="DIR", help="a new folder")
    parser.add_argument("--url", help="where the instance is (the local run's, unless said otherwise)")
    given = parser.parse_args(arguments)
    try:
        given.folder.mkdir(parents=True, exist_ok=False)
        found = asyncio.run(_run(given.url or RunSettings.from_environment().url, given.folder))
    except FileExistsError:
        print(f"{given.folder} is there already. Choose a new folder.", file=sys.stderr)
    except (Refused, Torn, Trouble, Unreachable, OSError) as error:
        print(f"There is no export: {error}", file=sys.stderr)
    else:
        print(f"{found.size} journals are in {given.folder}. Verify them, here or anywhere, with the key that you know:")
        print(f"python3 tools/verify_ledger.py --key '{found.keys[0]}' \\")
        statement = f" --statement {given.folder}/statement" if (given.folder / "statement").exists() else ""
        print(f"    --checkpoint {given.folder}/checkpoint --log {given.folder}/log{statement}")
        return 0
    return 1


if __name__ == "__main__":
    sys.exit(main())
