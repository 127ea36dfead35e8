"""Pictures made anew: decoded, turned as they are meant to be seen, and written without anything but the picture.

So what a camera notes (place, time, owner) is gone, and so is whatever somebody has put behind or beside the picture. What
would fill the memory is refused by what the file says of its size, before a pixel is decoded.
"""

import io
from typing import TYPE_CHECKING, Any, Final

from freehold.domain.errors import Fault, InvalidFields
from freehold.uploads.kinds import Kind

if TYPE_CHECKING:
    from PIL.Image import Image

MOST_PIXELS: Final = 25_000_000
"""A picture of so many pixels is 100 MB while it is worked on."""
LONGEST_SIDE: Final = 16_384
_WRITTEN: Final[dict[str, dict[str, Any]]] = {
    "PNG": {"compress_level": 4},
    "JPEG": {"quality": 92},
    "GIF": {},
    "WEBP": {"quality": 92, "method": 2},
}
_CAN_MOVE: Final = frozenset({"PNG", "GIF", "WEBP"})
"""Of a JPEG with several pictures in it (cameras add a smaller one) the first is kept."""
_OF_THE_PICTURE: Final = frozenset({"transparency", "background"})


def remade(data: bytes, kind: Kind) -> bytes:
    """Write a picture anew. Takes up to seconds of processor time. Raises InvalidFields when it is none, or too large."""
    from PIL import Image, ImageFile, UnidentifiedImageError  # noqa: PLC0415 - 15 MiB that only one function needs

    ImageFile.LOAD_TRUNCATED_IMAGES = False  # of the whole process; WeasyPrint, which may live beside us, sets it
    try:
        with Image.open(io.BytesIO(data), formats=[str(kind.picture)]) as picture:
            _require_sane(picture)
            return _written(picture, str(kind.picture))
    except Image.DecompressionBombError as error:
        raise _too_large() from error
    except (OSError, SyntaxError, ValueError, EOFError, UnidentifiedImageError) as error:
        raise _fault("a picture that can be read from its first to its last byte") from error


def _require_sane(picture: "Image") -> None:
    width, height = picture.size
    if width * height > MOST_PIXELS or max(width, height) > LONGEST_SIDE:
        raise _too_large()
    if picture.format in _CAN_MOVE and getattr(picture, "is_animated", False):
        raise _fault("a still picture, not an animation")


def _written(picture: "Image", name: str) -> bytes:
    from PIL import ImageOps  # noqa: PLC0415 - as above

    picture.load()
    upright = ImageOps.exif_transpose(picture)
    upright.info = {key: value for key, value in upright.info.items() if key in _OF_THE_PICTURE}
    made = io.BytesIO()
    upright.save(made, format=name, **_WRITTEN[name])
    return made.getvalue()


def _too_large() -> InvalidFields:
    return _fault(f"a picture of at most {MOST_PIXELS} pixels, {LONGEST_SIDE} in a row")


def _fault(expected: str) -> InvalidFields:
    return InvalidFields([Fault("content", expected)])
