"""A backup's files: one of BSON per collection (the documents one after the other, by `_id`), and the manifest beside them.

A collection's file is what `mongodump` would write, so `bsondump` and `mongorestore` read it too. A folder without a manifest
is no backup: it is written last, and the folder gets its name only then.
"""

import hashlib
import os
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Annotated, Any, BinaryIO, Final, Literal, Self

import msgspec
from msgspec import Meta, Struct

from freehold.documents import Instant
from freehold.store.audit import LedgerAudit

MANIFEST: Final = "manifest.json"
FORMAT: Final = 1
LARGEST_DOCUMENT_BYTES: Final = 16_793_600
"""What MongoDB stores at most (16 MiB), and what it allows itself on top."""
SMALLEST_DOCUMENT_BYTES: Final = 5
_LENGTH_BYTES: Final = 4
_READ_BYTES: Final = 1_048_576

FILE_NAME: Final = r"^[A-Za-z0-9_-][A-Za-z0-9._-]{0,119}$"
"""A collection's name that may be a file's name, too."""


class BrokenBackup(Exception):  # noqa: N818 - it names what is wrong
    """What should be a backup is none, or is not what its manifest says."""


class Copied(Struct, frozen=True, kw_only=True):
    """One collection of a backup. `indexes` are those that no document type declares; `_id` is not among them."""

    name: Annotated[str, Meta(pattern=FILE_NAME)]
    documents: Annotated[int, Meta(ge=0)]
    size_bytes: Annotated[int, Meta(ge=0)]
    sha256: Annotated[str, Meta(pattern="^[0-9a-f]{64}$")]
    indexes: tuple[dict[str, Any], ...] = ()

    @property
    def file_name(self) -> str:
        """The file in the backup's folder."""
        return f"{self.name}.bson"


class Manifest(Struct, frozen=True, kw_only=True):
    """What a backup holds. `cluster_time` is the moment it shows (seconds, then a count), `migrations` the schema it is of.

    `ledger` is the audit of the ledger at that very moment; `left_out` says what was not copied, and why.
    """

    application: Literal["freehold"] = "freehold"
    format: int = FORMAT
    database: str
    server_version: str
    cluster_time: tuple[int, int]
    taken_at: Instant
    migrations: tuple[int, ...]
    collections: tuple[Copied, ...]
    left_out: dict[str, str]
    ledger: LedgerAudit

    @property
    def documents(self) -> int:
        """How many documents there are in all."""
        return sum(copied.documents for copied in self.collections)

    @property
    def size_bytes(self) -> int:
        """How large all documents are together."""
        return sum(copied.size_bytes for copied in self.collections)


class Tally:
    """Counts and digests documents as they pass, in batches of whole BSON documents."""

    def __init__(self) -> None:
        self.documents = self.size_bytes = 0
        self._digest = hashlib.sha256()

    def add(self, batch: bytes) -> None:
        """Take the next documents. Raises BrokenBackup when they are no BSON."""
        at = 0
        while at < len(batch):
            at += length_at(batch, at)
            self.documents += 1
        self.size_bytes += len(batch)
        self._digest.update(batch)

    def copied(self, name: str, indexes: tuple[dict[str, Any], ...] = ()) -> Copied:
        """Say what has passed."""
        return Copied(
            name=name,
            documents=self.documents,
            size_bytes=self.size_bytes,
            sha256=self._digest.hexdigest(),
            indexes=indexes,
        )


class Draft:
    """A backup under way, in a folder beside its own; it gets its name by `finish`, and is removed if that never comes."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._draft = folder.with_name(f"{folder.name}.unfinished")

    def __enter__(self) -> Self:
        """Make the folder. Raises FileExistsError when there is one already, finished or not."""
        if self._folder.exists():
            raise FileExistsError(f"{self._folder} is there already; name a folder that is not")
        self._folder.parent.mkdir(parents=True, exist_ok=True)
        try:
            self._draft.mkdir(mode=0o700)
        except FileExistsError as error:
            raise FileExistsError(
                f"{self._draft} is there: a backup that is under way, or that was killed. In the second case, remove it"
            ) from error
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if self._draft.exists():
            for file in self._draft.iterdir():
                file.unlink()
            self._draft.rmdir()

    def open(self, name: str) -> BinaryIO:
        """Open a new file, for the owner's eyes alone."""
        return os.fdopen(os.open(self._draft / name, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb")

    def finish(self, manifest: Manifest) -> None:
        """Store the manifest, and give the folder its name once all of it is on the disk."""
        with self.open(MANIFEST) as file:
            file.write(msgspec.json.format(msgspec.json.encode(manifest), indent=1))
            to_disk(file)
        _folder_to_disk(self._draft)
        self._draft.rename(self._folder)
        _folder_to_disk(self._folder.parent)


def to_disk(file: BinaryIO) -> None:
    """Wait until what was written is safe against a power cut."""
    file.flush()
    os.fsync(file.fileno())


def read_manifest(folder: Path) -> Manifest:
    """Read what a backup says of itself. Raises BrokenBackup."""
    try:
        manifest = msgspec.json.decode((folder / MANIFEST).read_bytes(), type=Manifest)
    except (FileNotFoundError, NotADirectoryError) as error:
        raise BrokenBackup(f"{folder} is no backup: it has no {MANIFEST}") from error
    except msgspec.DecodeError as error:
        raise BrokenBackup(f"{folder / MANIFEST} cannot be read: {error}") from error
    if manifest.format != FORMAT:
        raise BrokenBackup(f"{folder} has format {manifest.format}; this version reads {FORMAT}")
    names = [copied.name for copied in manifest.collections]
    if len(set(names)) != len(names):
        raise BrokenBackup(f"{folder / MANIFEST} names a collection twice")
    return manifest


def check(folder: Path) -> Manifest:
    """Compare every file of a backup with its manifest. Raises BrokenBackup that names the first one that differs."""
    manifest = read_manifest(folder)
    for copied in manifest.collections:
        tally = Tally()
        for batch in batches(folder / copied.file_name, limit_bytes=_READ_BYTES):
            tally.add(batch)
        if tally.copied(copied.name, copied.indexes) != copied:
            raise BrokenBackup(
                f"{folder / copied.file_name} is not what the manifest says: {tally.documents} documents of "
                f"{copied.documents}, {tally.size_bytes} bytes of {copied.size_bytes}, or other ones"
            )
    return manifest


def batches(file: Path, *, limit_bytes: int) -> Iterator[bytes]:
    """Read a file of documents, whole ones at a time: about `limit_bytes`, or one that is larger. Raises BrokenBackup."""
    try:
        with file.open("rb") as source:
            batch: list[bytes] = []
            size = 0
            while document := _next_document(source):
                batch.append(document)
                size += len(document)
                if size >= limit_bytes:
                    yield b"".join(batch)
                    batch, size = [], 0
            if batch:
                yield b"".join(batch)
    except FileNotFoundError as error:
        raise BrokenBackup(f"{file} is missing") from error


def split(batch: bytes) -> Iterator[bytes]:
    """Take whole documents apart."""
    at = 0
    while at < len(batch):
        length = length_at(batch, at)
        yield batch[at : at + length]
        at += length


def length_at(batch: bytes, at: int) -> int:
    """Read how long the document is that begins here. Raises BrokenBackup when it is none, or not whole."""
    length = int.from_bytes(batch[at : at + _LENGTH_BYTES], "little")
    if not SMALLEST_DOCUMENT_BYTES <= length <= min(LARGEST_DOCUMENT_BYTES, len(batch) - at):
        raise BrokenBackup(f"what stands at byte {at} is no whole document")
    return length


def _next_document(source: BinaryIO) -> bytes:
    head = source.read(_LENGTH_BYTES)
    if not head:
        return b""
    length = int.from_bytes(head, "little")
    if len(head) < _LENGTH_BYTES or not SMALLEST_DOCUMENT_BYTES <= length <= LARGEST_DOCUMENT_BYTES:
        raise BrokenBackup(f"{source.name} is broken at byte {source.tell() - len(head)}")
    rest = source.read(length - _LENGTH_BYTES)
    if len(rest) < length - _LENGTH_BYTES:
        raise BrokenBackup(f"{source.name} ends within a document")
    return head + rest


def _folder_to_disk(folder: Path) -> None:
    """Make names and renames in a folder safe against a power cut."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
