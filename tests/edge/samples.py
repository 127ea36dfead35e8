"""Functions that exist only to see what the edge makes of declarations."""

import asyncio
import hashlib
from typing import Annotated

import msgspec
from msgspec import Meta, Struct

from freehold.documents import Instant, Job, Notification
from freehold.domain.errors import Refused
from freehold.edge import Call, Swept, declaration_of, endpoint, on_event, sweep
from freehold.edge.contents import Content
from freehold.edge.declare import Declaration
from freehold.edge.pagination import Page, PageQuery, page_of
from freehold.events import ApplicationAccepted, ApplicationChanged, JobPosted
from freehold.ids import JobId


class Colour(Struct, frozen=True, forbid_unknown_fields=True):
    """A part of a body."""

    name: Annotated[str, Meta(max_length=10)]
    depth: Annotated[int, Meta(ge=1, le=48)] = 8


class Painting(Struct, frozen=True, forbid_unknown_fields=True):
    """A body with everything in it that can be wrong."""

    title: Annotated[str, Meta(min_length=1, max_length=20)]
    colours: Annotated[tuple[Colour, ...], Meta(max_length=3)] = ()
    frame: Colour | None = None


class Echo(Struct, frozen=True):
    """What came in."""

    title: str
    times: int


class EchoQuery(Struct, frozen=True, forbid_unknown_fields=True):
    """A query."""

    times: Annotated[int, Meta(ge=1, le=9)] = 1
    tag: Annotated[tuple[Annotated[str, Meta(max_length=5)], ...], Meta(max_length=2)] = ()
    most: int | None = None
    since: Instant | None = None


class Canvas(Struct, frozen=True, forbid_unknown_fields=True):
    """A body with a file in it."""

    picture: Annotated[bytes, Meta(max_length=6_000)]


class JobPath(Struct, frozen=True):
    """A path."""

    job_id: JobId


class OutOfPaint(Refused):
    """A rule of the domain."""

    code = "out_of_paint"


@endpoint("POST /sample/paintings", auth="anyone", status=201, transaction=False, idempotent=False)
async def paint(call: Call, query: EchoQuery, body: Painting) -> Echo:
    """Echo."""
    assert call.trace_id
    return Echo(body.title, query.times)


@endpoint("POST /sample/notes", auth="user", status=201)
async def note(call: Call, body: Colour) -> Echo:
    """Store a note; the name `nobody` is refused."""
    if body.name == "nobody":
        raise OutOfPaint("no paint is left")
    notification = Notification(
        id=call.new_id("ntf"), user_id=call.caller.user_id, kind="note", data={"depth": body.depth}, created_at=call.now
    )
    call.unit.insert(notification)
    return Echo(notification.id, body.depth)


@endpoint("GET /sample/notes", auth="user")
async def notes(call: Call, query: PageQuery) -> Page[str]:
    """List one's notes."""
    items, cursor = await page_of(call.store, Notification, {"user_id": call.caller.user_id}, query)
    return Page([item.id for item in items], cursor)


@endpoint("GET /sample/jobs/{job_id}", auth="anyone")
async def read_job(call: Call, path: JobPath) -> str:
    """Read a job's title."""
    return (await call.store.require(Job, path.job_id)).title


PICTURE = b"\x89PNG <script>alert(1)</script> \xff"


@endpoint("GET /sample/picture", auth="anyone", media_types=["image/png"])
async def picture(call: Call) -> Content:
    """Give a file."""
    assert call.trace_id
    name = 'a "b"; x=\u00e9.png'
    return Content(data=PICTURE, media_type="image/png", filename=name, sha256=hashlib.sha256(PICTURE).hexdigest())


@endpoint("POST /sample/pictures", auth="anyone", transaction=False, idempotent=False, body_limit_bytes=9_000)
async def hang(call: Call, body: Canvas) -> int:
    """Take a file, and some time."""
    assert call.trace_id
    await asyncio.sleep(0.05)
    return len(body.picture)


@endpoint("GET /sample/slow", auth="anyone")
async def slow(call: Call) -> None:
    """Take too long."""
    await asyncio.sleep(call.settings.request_timeout_s * 20)


@endpoint("GET /sample/broken", auth="anyone")
async def broken(call: Call) -> None:
    """Fail in a way nobody foresaw."""
    raise KeyError(call.trace_id)


@endpoint("GET /sample/admins", auth="admin")
async def admins_only(call: Call) -> str:
    """Greet an admin."""
    return call.caller.user_id


@on_event("application.*")
async def count_application(call: Call, event: ApplicationChanged) -> None:
    """Leave a notification for each application event; refuse the job `job_refused`; need `job_missing`."""
    if event.job_id == "job_refused":
        raise OutOfPaint("never")
    if event.job_id == "job_missing":
        await call.unit.require(Job, event.job_id)
    kind = "accepted" if isinstance(event, ApplicationAccepted) else "other"
    call.unit.insert(Notification(id=call.new_id("ntf"), user_id=event.freelancer_id, kind=kind, data={}, created_at=call.now))


@on_event("job.posted", newest_only=True)
async def keep_newest(call: Call, event: JobPosted) -> None:
    """Leave a notification for each event that is news."""
    call.unit.insert(
        Notification(id=call.new_id("ntf"), user_id=event.employer_id, kind="newest", data={}, created_at=call.now)
    )


@sweep(every="30s")
async def sweep_nothing(call: Call) -> Swept:
    """Do two things and say that there is more."""
    assert call.settings.environment == "sandbox"
    return Swept(done=2, more=True)


def declared() -> list[Declaration]:
    """All samples; those that doors call get names of their own, because they share a module."""
    handlers = [
        paint, note, notes, read_job, picture, hang, slow, broken, admins_only, count_application, keep_newest, sweep_nothing,
    ]  # fmt: skip
    found = [declaration for handler in handlers if (declaration := declaration_of(handler)) is not None]
    return [msgspec.structs.replace(item, name=f"sample-{item.handler.__name__.replace('_', '-')}") for item in found]
