"""`GET /api/evidence/{id}`."""

from freehold.documents import StoredFile
from freehold.edge import Call, endpoint
from freehold.edge.contents import Content
from freehold.edge.problems import NotFound
from freehold.ids import FilePath
from freehold.store.evidence import require_reader, subject_of
from freehold.store.files import read_file
from freehold.uploads import MEDIA_TYPES


@endpoint("GET /api/evidence/{id}", auth="user", errors=[NotFound], media_types=MEDIA_TYPES)
async def get_evidence(call: Call, path: FilePath) -> Content:
    """Save a file of evidence, as a party of the dispute, or of the hours, that it is about, or as an operator.

    It comes as an attachment of exactly the type that its bytes are. Raises NotFound for anybody else.
    """
    file = await call.store.require(StoredFile, path.id)
    subject = await subject_of(call.store, file)
    require_reader(subject, call.caller.user_id, is_operator=call.caller.has_role("admin"))
    data = await read_file(call.store, file)
    return Content(data=data, media_type=file.media_type, filename=file.name, sha256=file.sha256)
