"""Files that people send, before they are stored: what the bytes are, whether they are harmless, and a name to save them by.

What somebody says of a file (its name, its type) decides nothing: the first bytes do. Pictures are made anew without anything
that is not the picture. Nothing here stores: `freehold.store.files` does.
"""

from freehold.uploads.kinds import MEDIA_TYPES
from freehold.uploads.receiving import LARGEST_BODY_BYTES, LARGEST_FILE_BYTES, NewFile, receive
from freehold.uploads.scanning import FileInfected, Scanner, ScannerUnavailable, scanner_at

__all__ = [
    "LARGEST_BODY_BYTES",
    "LARGEST_FILE_BYTES",
    "MEDIA_TYPES",
    "FileInfected",
    "NewFile",
    "Scanner",
    "ScannerUnavailable",
    "receive",
    "scanner_at",
]
