"""`python -m freehold.store.backup make DIR`, `check DIR`, `restore DIR`: the settings' database, or that of MONGODB_URI."""

import argparse
import asyncio
import sys
from pathlib import Path
from typing import Final

from pymongo.errors import ConfigurationError, PyMongoError

from freehold import settings
from freehold.store import OUTAGES, NotAReplicaSet, Store
from freehold.store.audit import LedgerAudit
from freehold.store.backup import BrokenBackup, CannotBackUp, CannotRestore, Manifest, back_up, check, restore

WHAT: Final = {
    "make": "write a backup of the database into a new folder, while work goes on",
    "check": "compare a backup's files with its manifest; no database is needed",
    "restore": "fill an empty database with a backup; all parts of Freehold must be stopped",
}


def main(arguments: list[str] | None = None) -> int:
    """Run the command. 0 when it is done; else a sentence on the error output says why not."""
    parser = argparse.ArgumentParser(prog="python -m freehold.store.backup", description="Back up, check, restore.")
    commands = parser.add_subparsers(dest="command", required=True)
    for command, what in WHAT.items():
        commands.add_parser(command, help=what, description=what).add_argument("folder", type=Path, metavar="DIR")
    given = parser.parse_args(arguments)
    try:
        if given.command == "check":
            _say(_in_short(check(given.folder)))
        else:
            asyncio.run(_with_database(given.command, given.folder))
    except (settings.InvalidSettings, NotAReplicaSet, BrokenBackup, CannotBackUp, CannotRestore) as error:
        sys.stderr.write(f"{error}\n")
    except OUTAGES as error:
        sys.stderr.write(f"the database cannot be reached: {str(error)[:300]}\n")
    except PyMongoError as error:
        sys.stderr.write(f"the database refuses: {str(error)[:300]}\n")
    except OSError as error:
        sys.stderr.write(f"{error.strerror or error}{f': {error.filename}' if error.filename else ''}\n")
    else:
        return 0
    return 1


async def _with_database(command: str, folder: Path) -> None:
    where = settings.load_database()
    try:
        store = Store(where.mongodb_uri, where.mongodb_database, connections=2, patient=True)
    except (ConfigurationError, ValueError) as error:  # what it says could repeat the address, which holds a password
        raise settings.InvalidSettings("MONGODB_URI, or the secret file mongodb-uri, is no address of a MongoDB") from error
    try:
        await store.open()
        if command == "make":
            manifest = await back_up(store, folder, tell=_say)
            _say(f"{_in_short(manifest)}. {_verdict(manifest.ledger)}")
        else:
            restored = await restore(store, folder, tell=_say)
            _say(f"{_in_short(restored.manifest)}: restored. {_verdict(restored.ledger)}, as when it was backed up")
    finally:
        await store.close()


def _in_short(manifest: Manifest) -> str:
    return (
        f"{manifest.documents} documents of {len(manifest.collections)} collections, {manifest.size_bytes} bytes, "
        f"as of {manifest.taken_at:%Y-%m-%d %H:%M:%S} UTC"
    )


def _verdict(ledger: LedgerAudit) -> str:
    found = f"{ledger.violation_count} violations" if ledger.violation_count else "no violation"
    return f"The ledger: {ledger.journals} journals of {ledger.milestones} milestones, {found}"


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
