"""What is stored and what happens: every document, index and event is of use, and says so."""

import re
from collections.abc import Iterator
from typing import Any, get_args, get_type_hints

import pytest
from msgspec import Struct, structs

from freehold.documents import DOCUMENTS, Document, Index
from freehold.domain.dispute_process import PROCESS as DISPUTE_PROCESS
from freehold.domain.money_process import PROCESS, CommandKind
from freehold.domain.week_process import ENTRY_STEPS, WEEK_STEPS
from freehold.edge.declare import event_classes
from freehold.edge.discovery import find_all
from freehold.events import all_events
from tests.architecture.sources import sources

HEARD_BY_NOBODY = {
    "fees.schedule_approved": "for a mail to everybody to come; the schedule itself is public",
    "ledger.adjusted": "the operators' own record, beside the journal",
    "project.completed": "reviews open by the project's own state; for statistics and clients to come",
    "user.registered": "for statistics and a welcome to come",
}


def misses_its_field(kind: type[Document]) -> Iterator[str]:
    """Find indexes over fields that the document does not have: they would index nothing, and nobody would notice."""
    for index in kind.indexes:
        for path in (*(field for field, _ in index.keys), *(index.partial or {}), *(index.weights or {})):
            if not _leads_somewhere(kind, path):
                yield f"{kind.__name__} has no field {path}"


def _leads_somewhere(kind: Any, path: str) -> bool:
    name, _, rest = path.partition(".")
    fields = {field.encode_name: field.name for field in structs.fields(kind)}
    if name not in fields:
        return False
    inner = get_type_hints(kind)[fields[name]]
    nested = [part for part in (inner, *get_args(inner)) if isinstance(part, type) and issubclass(part, Struct)]
    return not rest or any(_leads_somewhere(part, rest) for part in nested)


def all_documents(of: type[Document] = Document) -> set[type[Document]]:
    """Find all kinds of documents; one that others build on is none itself."""
    ours = [kind for kind in of.__subclasses__() if kind.__module__.startswith("freehold.")]
    return {each for kind in ours for each in all_documents(kind) or {kind}}


def emitted() -> set[str]:
    """Find the events that somebody emits: made by name, taken from the process table, or asked of a payment gateway."""
    text = "\n".join(source.text for source in sources("functions", "freehold/store"))
    made = {name for name, kind in all_events().items() if re.search(rf"\b{kind.__name__}\(", text)}
    made |= {row.event for row in DISPUTE_PROCESS if row.event}
    stepped = {row.event for rows in (PROCESS, WEEK_STEPS, ENTRY_STEPS) for row in rows}
    return made | stepped | {f"payment.{kind}_requested" for kind in get_args(CommandKind)}


def heard() -> set[str]:
    return {event for item in find_all() for event in item.events}


def test_every_document_is_in_the_schema_with_a_collection_of_its_own():
    assert set(DOCUMENTS) == all_documents()
    names = [kind.collection for kind in DOCUMENTS]
    assert sorted(set(names)) == sorted(names)


def test_every_index_is_over_fields_that_there_are_and_has_a_name_of_its_own():
    assert [fault for kind in DOCUMENTS for fault in misses_its_field(kind)] == []
    for kind in DOCUMENTS:
        names = [index.name for index in kind.indexes]
        assert len(set(names)) == len(names)


def test_an_index_over_a_field_that_there_is_not_is_found():
    class Astray(Document, frozen=True, kw_only=True):
        indexes = (Index((("_id", 1), ("place.town", 1))), Index((("kind", 1),), partial={"sate": "open"}))
        place: int
        kind: str

    assert list(misses_its_field(Astray)) == ["Astray has no field place.town", "Astray has no field sate"]


@pytest.mark.parametrize("options", [{"expire_after_s": 60}, {"because": "it is old"}])
def test_an_index_removes_documents_only_for_a_reason(options):
    with pytest.raises(ValueError, match="says because of what"):
        Index((("created_at", 1),), **options)


def test_every_event_is_emitted_somewhere():
    assert set(all_events()) - emitted() == set()


def test_every_event_is_heard_or_it_is_said_why_not():
    assert emitted() - heard() == set(HEARD_BY_NOBODY)


def test_every_reaction_takes_exactly_the_events_that_it_asks_for():
    for item in find_all():
        if item.kind == "reaction":
            taken = event_classes(item.handler)
            wanted = [all_events()[name] for name in item.events]
            assert [kind for kind in wanted if not issubclass(kind, taken)] == [], item.name
            assert [kind for kind in taken if not any(issubclass(each, kind) for each in wanted)] == [], item.name
