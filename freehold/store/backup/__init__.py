"""Backup and restore: the whole database as it stood at one moment, in a folder of BSON files with checksums.

`python -m freehold.store.backup make DIR`, `check DIR` and `restore DIR`. What a restore to an earlier moment has to put
right stands in `afterwards`; what these programs cannot do, in docs/faults.md.
"""

from freehold.store.backup.files import BrokenBackup, Manifest, check, read_manifest
from freehold.store.backup.restoring import CannotRestore, Restored, restore
from freehold.store.backup.taking import CannotBackUp, back_up

__all__ = [
    "BrokenBackup",
    "CannotBackUp",
    "CannotRestore",
    "Manifest",
    "Restored",
    "back_up",
    "check",
    "read_manifest",
    "restore",
]
