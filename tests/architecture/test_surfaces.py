"""What a room of the library offers is written down here, so that it grows by decision and not by accident."""

import importlib

import pytest

from tests.architecture.sources import Source, is_within, sources

SURFACES = {
    "freehold.edge": {"Call", "Caller", "RawRequest", "Swept", "declaration_of", "endpoint", "on_event", "sweep"},
    "freehold.store": {
        "NEWEST_FIRST", "OUTAGES", "Duplicate", "Filter", "Missing", "NotAReplicaSet", "Reads", "Sort", "Stale", "Store",
        "StoreError", "Unavailable", "Unit", "Work", "apply_schema", "now",
    },
}  # fmt: skip
USED_OF_THE_EDGE = {
    "freehold.edge": {"Call", "RawRequest", "Swept", "endpoint", "on_event", "sweep"},
    "freehold.edge.contents": {"Content"},
    "freehold.edge.decoding": {"revalidated"},
    "freehold.edge.note_signing": {"SECRET", "NoteSigner"},
    "freehold.edge.pagination": {"Page", "PageQuery", "decode_cursor", "encode_cursor", "page_of"},
    "freehold.edge.passwords": {"refuse_weak"},
    "freehold.edge.sessions": {"raise_sign_in_version"},
    "freehold.edge.signing_in": {
        "SECRETS", "Device", "EmailAddress", "SignedIn", "end_session", "fold_device", "fold_email", "open_session",
        "signed_in",
    },
    "freehold.edge.step_up": {"OwnPassword", "require_password"},
    "freehold.edge.tokens": {"REFRESH_GRACE_S", "RefreshToken", "RefreshTokens"},
}  # fmt: skip
"""What functions take from the edge, beside its problems."""


def taken_from_the_edge(source: Source) -> set[tuple[str, str]]:
    return {
        (module, name)
        for module, name in source.names_imported()
        if is_within(module, "freehold.edge") and module != "freehold.edge.problems"
    }


@pytest.mark.parametrize("room", SURFACES)
def test_a_room_offers_what_is_written_down(room):
    module = importlib.import_module(room)
    assert set(module.__all__) == SURFACES[room]
    assert all(hasattr(module, name) for name in SURFACES[room])


def test_functions_use_the_edge_by_what_is_written_down():
    used = {each for source in sources("functions") for each in taken_from_the_edge(source)}
    assert used == {(module, name) for module, names in USED_OF_THE_EDGE.items() for name in names}


def test_what_is_taken_is_seen():
    planted = Source("functions/jobs/x.py", "def f():\n    from freehold.edge.app import FunctionApp")
    assert taken_from_the_edge(planted) == {("freehold.edge.app", "FunctionApp")}
