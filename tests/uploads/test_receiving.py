"""A file is what its bytes say, has a name that reaches nowhere, and a picture is nothing but the picture."""

import asyncio
import hashlib
import io

import pytest
from PIL import Image

from freehold.documents import Received
from freehold.domain.errors import InvalidFields
from freehold.uploads import LARGEST_FILE_BYTES, receive
from tests.uploads.samples import PDF, SECRET, animation, archive, exif, picture, png_that_says

PICTURES = {"PNG": "image/png", "JPEG": "image/jpeg", "GIF": "image/gif", "WEBP": "image/webp"}


def received(data: bytes, name: str = "x") -> Received:
    return asyncio.run(receive(data, name=name, scanner=None))


def refused(data: bytes) -> str:
    with pytest.raises(InvalidFields) as refusal:
        received(data, "innocent.png")
    (fault,) = refusal.value.faults
    assert fault.field == "content"
    return fault.expected


@pytest.mark.parametrize("name", PICTURES)
def test_a_picture_is_known_by_its_bytes_and_stays_the_picture(name: str):
    kept = received(picture(name), "holiday.exe")
    assert (kept.media_type, kept.scanned) == (PICTURES[name], "not_scanned")
    assert kept.sha256 == hashlib.sha256(kept.data).hexdigest()
    with Image.open(io.BytesIO(kept.data), formats=[name]) as shown:
        red, blue = (shown.convert("RGB").getpixel(place) for place in ((5, 10), (35, 10)))
    assert (red[0] > 200, red[2] < 60, blue[0] < 60, blue[2] > 200) == (True, True, True, True)


@pytest.mark.parametrize("name", ["PNG", "JPEG", "WEBP"])
def test_what_a_camera_notes_is_gone_and_the_picture_stands_upright(name: str):
    noted = picture(name, exif=exif(orientation=6))
    assert SECRET in noted
    kept = received(noted).data
    assert SECRET not in kept
    with Image.open(io.BytesIO(kept)) as shown:
        assert shown.size == (20, 40)
        assert len(shown.getexif()) == 0
        assert {"exif", "comment", "xmp", "icc_profile"} & set(shown.info) == set()


@pytest.mark.parametrize("name", PICTURES)
def test_what_was_put_behind_a_picture_is_gone(name: str):
    kept = received(picture(name) + archive() + b"<script>alert(1)</script>").data
    assert b"PK" not in kept
    assert b"script" not in kept


def test_a_comment_inside_of_a_jpeg_is_gone():
    kept = received(picture("JPEG", comment=b"<?php " + SECRET)).data
    assert SECRET not in kept
    assert b"<?php" not in kept


def test_a_picture_that_says_it_is_huge_is_refused_before_it_is_decoded():
    for width, height in ((6_000, 5_000), (60_000, 60_000), (2**31 - 1, 2**31 - 1), (20_000, 2)):
        assert refused(png_that_says(width, height)) == "a picture of at most 25000000 pixels, 16384 in a row"


@pytest.mark.parametrize("name", ["GIF", "PNG", "WEBP"])
def test_an_animation_is_refused(name: str):
    assert "still picture" in refused(animation(name))


@pytest.mark.parametrize("name", PICTURES)
def test_a_picture_that_ends_early_is_refused(name: str):
    whole = picture(name, size=(400, 200))
    assert "can be read" in refused(whole[: len(whole) // 2])
    assert refused(whole[:16])


@pytest.mark.parametrize("name", PICTURES)
def test_it_is_also_refused_where_pages_are_set_whose_library_would_let_it_pass(name: str, monkeypatch):
    monkeypatch.setattr("PIL.ImageFile.LOAD_TRUNCATED_IMAGES", True)
    whole = picture(name, size=(400, 200))
    assert "can be read" in refused(whole[: len(whole) // 2])


@pytest.mark.parametrize(
    "data",
    [
        b"", b"MZ\x90\x00", b"\x7fELF", archive(), archive("word/document.xml"), b"\x00", b"\xff\xfe\x41\x00", b"a\x00b",
        b"\x1f\x8b\x08", b"Rar!\x1a\x07", "\u202etxt.exe".encode(), b"abc\x1b[2J", b"\xc0\xaf", b"%PDF-1.7 but no end",
        b" " + PDF + b"\xff", PDF + archive(), b"RIFF\x00\x00\x00\x00WAVE", b"\x00\x00\x00\x18ftypmp42",
    ],
)  # fmt: skip
def test_what_is_not_on_the_list_is_refused(data: bytes):
    assert "a PNG, JPEG, GIF or WebP picture, a PDF, or plain text" in refused(data)


def test_text_and_pdf_are_kept_as_they_are():
    for data, media_type in ((PDF, "application/pdf"), ("Grüße,\r\n\tAda\n".encode(), "text/plain")):
        kept = received(data)
        assert (kept.data, kept.media_type) == (data, media_type)


def test_a_page_is_only_text():
    kept = received(b"<html><script>alert(1)</script></html>", "index.html")
    assert (kept.media_type, kept.name) == ("text/plain", "index_html.txt")


def test_a_file_has_a_limit():
    assert received(b"x" * LARGEST_FILE_BYTES).media_type == "text/plain"
    assert str(LARGEST_FILE_BYTES) in refused(b"x" * (LARGEST_FILE_BYTES + 1))


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("invoice.txt", "invoice.txt"),
        ("../../etc/passwd", "passwd.txt"),
        ("C:\\Windows\\system32\\cmd.exe", "cmd_exe.txt"),
        ("a/../../b.txt", "b.txt"),
        ("..", "file.txt"),
        ("", "file.txt"),
        (".htaccess", "htaccess.txt"),
        ("x.php.txt", "x_php.txt"),
        ("x.txt.exe", "x_txt_exe.txt"),
        ("CON:aux.txt", "aux.txt"),
        ("a\x00b.txt", "a_b.txt"),
        ("a\r\nSet-Cookie: b=c.txt", "b=c.txt"),
        ("\u202egpj.exe", "gpj_exe.txt"),
        ("<img src=x onerror=y>.txt", "img src=x onerror=y.txt"),
        ("Gr\u00fc\u00dfe \u65e5\u672c.txt", "Gr\u00fc\u00dfe \u65e5\u672c.txt"),
        ("42.zip", "42_zip.txt"),
        ("x" * 500 + ".txt", "x" * 116 + ".txt"),
    ],
)
def test_a_name_is_made_harmless_and_ends_in_what_the_file_is(given: str, kept: str):
    assert received(b"text", given).name == kept
