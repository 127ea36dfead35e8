"""Restoring a backup into an empty database, and proving that what is there is what was backed up.

In this order: the files against the manifest; the documents; every collection read back and compared; what a restore has to put
right (`afterwards`); the schema with its indexes; the ledger's audit against the one in the manifest. Indexes that remove
documents come last, so that nothing leaves before it was compared.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import msgspec
from bson.codec_options import CodecOptions
from bson.raw_bson import RawBSONDocument
from msgspec import Struct
from pymongo import IndexModel

from freehold.documents import Restoration
from freehold.store.audit import LedgerAudit, audit_ledger
from freehold.store.backup.afterwards import put_right
from freehold.store.backup.files import Copied, Manifest, Tally, batches, check, split
from freehold.store.backup.taking import documents_of
from freehold.store.connection import Store
from freehold.store.mapping import to_bson
from freehold.store.schema import MIGRATIONS, apply_schema

BATCH_BYTES: Final = 8_388_608
BATCH_DOCUMENTS: Final = 1_000
_RAW: Final[CodecOptions[Any]] = CodecOptions(document_class=RawBSONDocument)

Tell = Callable[[str], object]


class CannotRestore(Exception):  # noqa: N818 - it names what happened
    """The backup cannot be restored here; the message says why, and what can be done."""


class Restored(Struct, frozen=True, kw_only=True):
    """What a restore has brought, and the ledger's audit after it."""

    manifest: Manifest
    ledger: LedgerAudit


async def restore(store: Store, folder: Path, *, tell: Tell) -> Restored:
    """Fill an empty database with a backup; `tell` hears of each step. Raises BrokenBackup, or CannotRestore."""
    manifest = check(folder)
    tell(f"{len(manifest.collections)} files are what the manifest says")
    _refuse_later_schema(manifest)
    await _refuse_filled(store)
    restoration = Restoration(
        id=f"at {manifest.taken_at:%FT%T}", taken_at=manifest.taken_at, started_at=await store.database_now()
    )
    restorations = store.collection(Restoration)
    await restorations.insert_one(to_bson(restoration))
    for copied in manifest.collections:
        await _fill(store, folder / copied.file_name, copied)
        await _compare(store, copied)
        tell(f"{copied.name}: {copied.documents} documents, compared")
    for line in [*await put_right(store, manifest), *await apply_schema(store.database), *await _index(store, manifest)]:
        tell(line)
    ledger = await _audit(store, manifest)
    await restorations.update_one({"_id": restoration.id}, [{"$set": {"finished_at": "$$NOW"}}])
    return Restored(manifest=manifest, ledger=ledger)


def _refuse_later_schema(manifest: Manifest) -> None:
    unknown = sorted(set(manifest.migrations) - {number for number, _ in MIGRATIONS})
    if unknown:
        raise CannotRestore(f"The backup is of a later version (migrations {unknown} are not known here). Use that version.")


async def _refuse_filled(store: Store) -> None:
    names = await store.database.list_collection_names()
    if Restoration.collection in names and await store.collection(Restoration).find_one({"finished_at": None}):
        raise CannotRestore(
            f"A restore into the database {store.database.name} did not come to its end. Drop that database, and start again."
        )
    if names:
        raise CannotRestore(
            f"The database {store.database.name} is not empty: it has {', '.join(sorted(names)[:3])}. A restore fills an "
            "empty one (choose another with FREEHOLD_MONGODB_DATABASE, or drop this one)."
        )


async def _fill(store: Store, file: Path, copied: Copied) -> None:
    collection = store.database.get_collection(copied.name, codec_options=_RAW)
    await store.database.create_collection(copied.name)
    for batch in batches(file, limit_bytes=BATCH_BYTES):
        documents = [RawBSONDocument(document, _RAW) for document in split(batch)]
        for start in range(0, len(documents), BATCH_DOCUMENTS):
            await collection.insert_many(documents[start : start + BATCH_DOCUMENTS], ordered=False)


async def _compare(store: Store, copied: Copied) -> None:
    """Read a collection back. Raises CannotRestore when a single byte differs."""
    tally = Tally()
    async for batch in documents_of(store, copied.name):
        tally.add(batch)
    if tally.copied(copied.name, copied.indexes) != copied:
        raise CannotRestore(
            f"{copied.name} holds {tally.documents} documents of {copied.documents}, or other ones: somebody writes to "
            f"{store.database.name}. Stop all parts of Freehold, drop that database, and start again."
        )


async def _index(store: Store, manifest: Manifest) -> list[str]:
    """Make the indexes that no document type declares."""
    done: list[str] = []
    for copied in manifest.collections:
        for index in copied.indexes:
            rest = {key: value for key, value in index.items() if key != "key"}
            await store.database[copied.name].create_indexes([IndexModel(list(index["key"].items()), **rest)])
            done.append(f"created index {copied.name}.{index['name']}")
    return done


async def _audit(store: Store, manifest: Manifest) -> LedgerAudit:
    ledger = await audit_ledger(store)
    if msgspec.structs.replace(ledger, as_of=manifest.ledger.as_of) != manifest.ledger:
        raise CannotRestore("The ledger's audit is not the one that was backed up. Do not use this database; keep the backup.")
    return ledger
