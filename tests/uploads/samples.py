"""Small files of every kind, and what hostile people make of them."""

import io
import struct
import zipfile
import zlib

from PIL import Image

SECRET = b"51.0N 7.0E by Ada"
PDF = b"%PDF-1.7\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\nstartxref\n9\n%%EOF\n"


def picture(name: str, *, size: tuple[int, int] = (40, 20), **options) -> bytes:
    """Draw a picture whose left half is red."""
    drawn = Image.new("RGB", size, "blue")
    drawn.paste("red", (0, 0, size[0] // 2, size[1]))
    made = io.BytesIO()
    drawn.save(made, format=name, **options)
    return made.getvalue()


def exif(orientation: int = 1) -> Image.Exif:
    """Give what a camera notes: the owner, a comment, the way it was held."""
    noted = Image.Exif()
    noted[0x0112], noted[0x010E], noted[0x8298] = orientation, SECRET.decode(), SECRET.decode()
    return noted


def png_that_says(width: int, height: int) -> bytes:
    """Give a PNG of a few bytes that says it is so large."""
    head = _chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + head + _chunk(b"IDAT", zlib.compress(b"\0" * 100)) + _chunk(b"IEND", b"")


def archive(name: str = "a.txt", data: bytes = b"\0" * 1_000_000) -> bytes:
    """Give a ZIP."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr(name, data)
    return made.getvalue()


def animation(name: str) -> bytes:
    """Give two pictures that take turns."""
    first, second = Image.new("RGB", (10, 10), "red"), Image.new("RGB", (10, 10), "blue")
    made = io.BytesIO()
    first.save(made, format=name, save_all=True, append_images=[second], duration=100)
    return made.getvalue()


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
