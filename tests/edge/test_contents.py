"""Files in answers and in requests: saved and never shown, known by their ETag, a few large ones at a time."""

import asyncio
import base64
import hashlib

import httpx
import pytest

from freehold.edge import Call, endpoint
from freehold.edge.contents import Content, content_disposition
from tests.api import Api
from tests.edge.samples import PICTURE

TAG = f'"{hashlib.sha256(PICTURE).hexdigest()}"'


def test_a_file_is_answered_as_it_is_and_only_to_be_saved(samples: Api):
    answer = samples.call("GET", "/sample/picture")
    assert (answer.status_code, answer.content) == (200, PICTURE)
    assert answer.headers["content-type"] == "image/png"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["content-security-policy"].startswith("sandbox; default-src 'none'")
    assert answer.headers["cache-control"] == "private, no-cache"
    assert answer.headers["etag"] == TAG
    assert answer.headers["content-disposition"] == (
        "attachment; filename=\"a _b__ x__.png\"; filename*=UTF-8''a%20%22b%22%3B%20x%3D%C3%A9.png"
    )


@pytest.mark.parametrize("sent", [TAG, f"W/{TAG}", f'"other", {TAG}', "*"])
def test_who_has_these_bytes_gets_none_of_them_again(samples: Api, sent: str):
    answer = samples.call("GET", "/sample/picture", headers={"If-None-Match": sent})
    assert (answer.status_code, answer.content, answer.headers["etag"]) == (304, b"", TAG)


@pytest.mark.parametrize("sent", ["", '"other"', TAG.strip('"'), '"' + TAG[1:-2] + '"', '"*"'])
def test_who_has_other_bytes_gets_these(samples: Api, sent: str):
    answer = samples.call("GET", "/sample/picture", headers={"If-None-Match": sent})
    assert (answer.status_code, answer.content) == (200, PICTURE)


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("", "attachment; filename=\"file\"; filename*=UTF-8''file"),
        ('../../etc/"x"', "attachment; filename=\".._.._etc__x_\"; filename*=UTF-8''..%2F..%2Fetc%2F%22x%22"),
        ("a\r\nSet-Cookie: b=c", "attachment; filename=\"a__Set-Cookie_ b_c\"; filename*=UTF-8''a%0D%0ASet-Cookie%3A%20b%3Dc"),
        ("x" * 300, f"attachment; filename=\"{'x' * 200}\"; filename*=UTF-8''{'x' * 200}"),
    ],
)
def test_no_name_reaches_into_the_header(name: str, said: str):
    assert content_disposition(name) == said


def test_a_file_in_a_body_is_base64_and_counted_in_its_own_bytes(samples: Api):
    answer = samples.call("POST", "/sample/pictures", json={"picture": base64.b64encode(b"x" * 6_000).decode()})
    assert (answer.status_code, answer.json()) == (200, 6_000)
    for wrong in ("x" * 5, "****", base64.b64encode(b"x" * 6_001).decode(), None, 5):
        refused = samples.call("POST", "/sample/pictures", json={"picture": wrong})
        assert (refused.status_code, refused.json()["faults"][0]["field"]) == (422, "body.picture"), str(wrong)[:20]


def test_two_large_bodies_are_taken_at_a_time_and_the_next_is_told_to_come_back(samples: Api):
    body = {"picture": base64.b64encode(b"x" * 100).decode()}

    async def crowd() -> list[httpx.Response]:
        return await asyncio.gather(*(samples.client.post("/sample/pictures", json=body) for _ in range(5)))

    for _ in range(2):  # a place that was given back is there again
        answers = samples.run(crowd())
        assert sorted(answer.status_code for answer in answers) == [200, 200, 429, 429, 429]
        assert {answer.headers["retry-after"] for answer in answers if answer.status_code == 429} == {"1"}


async def undeclared(call: Call) -> Content:
    raise AssertionError(call)


async def no_file(call: Call) -> str:
    raise AssertionError(call)


def test_the_media_types_of_files_are_declared_and_of_nothing_else():
    for handler, options in ((undeclared, {}), (no_file, {"media_types": ["text/plain"]})):
        with pytest.raises(ValueError, match="of declared media types"):
            endpoint("GET /sample/x", auth="anyone", **options)(handler)
    with pytest.raises(ValueError, match="of declared media types"):
        endpoint("POST /sample/x", auth="anyone", media_types=["text/plain"])(undeclared)
