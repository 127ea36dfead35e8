"""Evidence over the API: what is taken, who sees it, how it is served, and how much of it there may be."""

import base64
import hashlib
from typing import Any

import httpx
import pytest

from freehold.store.evidence import BYTES_PER_PERSON, BYTES_PER_SIDE, FILES_PER_SIDE
from tests.api import Api, Person
from tests.hiring import pages, together
from tests.quarrels import Quarrel
from tests.uploads.samples import PDF, SECRET, exif, picture, png_that_says


def file(data: bytes, name: str = "screen.png") -> dict[str, Any]:
    """Give a body for `POST /api/disputes/{id}/evidence`."""
    return {"name": name, "content": base64.b64encode(data).decode()}


def place(quarrel: Quarrel) -> str:
    return f"/api/disputes/{quarrel.dispute['id']}/evidence"


def served(person: Person, evidence: dict[str, Any], **headers: str) -> httpx.Response:
    return person.call("GET", f"/api/evidence/{evidence['id']}", headers=headers)


def test_a_file_that_one_side_adds_both_sides_can_save(api: Api):
    quarrel = Quarrel.filed(api)
    made = quarrel.filer.post(place(quarrel), file(PDF, "contract.pdf"))
    assert (made["added_by"], made["name"], made["media_type"], made["scanned"]) == (
        "client", "contract.pdf", "application/pdf", "not_scanned",
    )  # fmt: skip
    assert (made["size_bytes"], made["sha256"]) == (len(PDF), hashlib.sha256(PDF).hexdigest())
    for person in (quarrel.filer, quarrel.respondent, quarrel.mediator):
        answer = served(person, made)
        assert (answer.status_code, answer.content) == (200, PDF)
        assert answer.headers["content-type"] == "application/pdf"
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["content-disposition"].startswith('attachment; filename="contract.pdf"')
        again = served(person, made, **{"If-None-Match": answer.headers["etag"]})
        assert (again.status_code, again.content) == (304, b"")


def test_a_file_of_several_pieces_comes_back_whole(api: Api):
    quarrel = Quarrel.filed(api)
    data = b"".join(b"line %07d of what was said\n" % number for number in range(90_000))
    made = quarrel.filer.post(place(quarrel), file(data, "log.txt"))
    assert served(quarrel.respondent, made).content == data
    pieces = api.store.database["file_chunks"].count_documents({"file_id": made["id"]})
    assert api.run(pieces) == 3


def test_a_piece_that_was_changed_is_not_served(api: Api):
    quarrel = Quarrel.filed(api)
    made = quarrel.filer.post(place(quarrel), file(b"what was said", "log.txt"))
    change = {"$set": {"data": b"what was SAID"}}
    api.run(api.store.database["file_chunks"].update_one({"file_id": made["id"]}, change))
    assert served(quarrel.respondent, made).status_code == 500


def test_what_a_camera_notes_is_not_kept(api: Api):
    quarrel = Quarrel.filed(api)
    made = quarrel.filer.post(place(quarrel), file(picture("JPEG", exif=exif()), "IMG_0001.jpeg"))
    assert (made["name"], made["media_type"]) == ("IMG_0001_jpeg.jpg", "image/jpeg")
    assert SECRET not in served(quarrel.respondent, made).content


@pytest.mark.parametrize(
    "data",
    [b"MZ\x90\x00\x03", b"\x89PNG\r\n\x1a\nnot", png_that_says(60_000, 60_000), b"PK\x03\x04zip", b"\x00"],
    ids=["program", "broken", "bomb", "archive", "zero"],
)
def test_what_is_not_taken_is_named_and_leaves_nothing(api: Api, data: bytes):
    quarrel = Quarrel.filed(api)
    refused = quarrel.filer.post(place(quarrel), file(data, "innocent.png"), status=422)
    assert [fault["field"] for fault in refused["faults"]] == ["body.content"]
    assert quarrel.filer.get(place(quarrel))["items"] == []
    assert quarrel.stored().client_files == 0


def test_nobody_else_sees_a_file_or_adds_one(api: Api):
    quarrel, stranger = Quarrel.filed(api), api.register(roles=["employer", "freelancer"])
    made = quarrel.filer.post(place(quarrel), file(PDF))
    assert served(stranger, made).status_code == 404
    stranger.get(place(quarrel), status=404)
    stranger.post(place(quarrel), file(PDF), status=404)
    assert api.call("GET", f"/api/evidence/{made['id']}").status_code == 401
    assert quarrel.mediator.post(place(quarrel), file(PDF), status=404)["code"] == "not_found", "an operator adds none"


def test_a_decided_dispute_takes_no_more_but_shows_what_there_is(api: Api):
    quarrel = Quarrel.filed(api)
    made = quarrel.filer.post(place(quarrel), file(PDF))
    quarrel.take(quarrel.respondent, "accept_claim")
    assert quarrel.filer.post(place(quarrel), file(PDF), status=409)["code"] == "not_in_this_state"
    assert served(quarrel.filer, made).status_code == 200


def test_each_side_has_room_of_its_own_and_no_more_when_many_come_at_once(api: Api):
    quarrel = Quarrel.filed(api)
    change = {"$set": {"client_files": FILES_PER_SIDE - 2}}
    api.run(api.store.database["disputes"].update_one({"_id": quarrel.dispute["id"]}, change))
    calls = [(quarrel.filer, "POST", place(quarrel), file(b"text", "x.txt")) for _ in range(2)]
    answers = [answer for _ in range(2) for answer in together(api, *calls)]
    assert sorted(answer.status_code for answer in answers) == [201, 201, 409, 409]
    assert {answer.json()["code"] for answer in answers if answer.status_code == 409} == {"too_many_files"}
    assert quarrel.stored().client_files == FILES_PER_SIDE
    quarrel.respondent.post(place(quarrel), file(b"text", "x.txt"))
    assert pages(quarrel.filer, place(quarrel), limit=2)[0]


@pytest.mark.parametrize(
    ("collection", "field", "full"), [("disputes", "client_bytes", BYTES_PER_SIDE), ("users", "stored_bytes", BYTES_PER_PERSON)]
)
def test_bytes_are_counted_per_side_and_per_person(api: Api, collection: str, field: str, full: int):
    quarrel = Quarrel.filed(api)
    owner = quarrel.dispute["id"] if collection == "disputes" else quarrel.filer.id
    rows = api.store.database[collection]
    api.run(rows.update_one({"_id": owner}, {"$set": {field: full - 4}}))
    assert quarrel.filer.post(place(quarrel), file(b"five!", "x.txt"), status=409)["code"] == "too_many_files"
    assert quarrel.filer.get(place(quarrel))["items"] == []
    quarrel.filer.post(place(quarrel), file(b"four", "x.txt"))
    assert api.run(rows.find_one({"_id": owner}))[field] == full


def test_adding_a_file_stands_in_nobodys_way(api: Api):
    quarrel = Quarrel.filed(api)
    quarrel.respondent.post(place(quarrel), file(PDF))
    quarrel.negotiating()
    assert quarrel.read()["state"] == "negotiating"
