"""R13 on what the product itself exports: whatever is changed in the database or in the file, it is found.

The audit finds it where the database is read; the standalone verifier finds it in the export alone.
"""

import json
from pathlib import Path

import pytest
from pymongo import monitoring

from freehold.documents import Journal, LogHead, LogLeaf, PendingLeaf
from freehold.documents.proof import LEDGER
from freehold.domain.leaves import place_of
from freehold.domain.merkle import inclusion_spans
from freehold.store.audit import audit_ledger
from freehold.store.backfill import pend_unproven_journals
from freehold.store.ledger_log import prove
from tests.api import Api
from tests.escrow import Work
from tests.listening import listening
from tests.logs_of_money import append_all, export, movements, paid_out, tick_until_idle, verified

pytestmark = pytest.mark.own_ledger


@pytest.fixture
def work(api: Api) -> Work:
    """Give a project with two milestones that are paid out, and all of it in the log."""
    begun = Work.begun(api, agreed=190_050)
    for _ in range(2):
        paid_out(begun)
    append_all(api)
    return begun


class Finds(monitoring.CommandListener):
    """Keeps every question that is asked."""

    def __init__(self) -> None:
        self.seen: list[dict] = []

    def started(self, event: monitoring.CommandStartedEvent) -> None:
        """Keep it."""
        if event.command_name in {"find", "aggregate", "getMore"}:
            self.seen.append(dict(event.command))

    def succeeded(self, event: monitoring.CommandSucceededEvent) -> None:
        """Nothing to note."""

    def failed(self, event: monitoring.CommandFailedEvent) -> None:
        """Nothing to note."""


def codes(api: Api) -> set[str]:
    return {violation.code for violation in api.run(audit_ledger(api.store)).violations}


def change(api: Api, kind, filter_: dict, update) -> None:
    assert api.run(api.store.collection(kind).update_one(filter_, update)).modified_count == 1


def test_every_record_of_a_real_export_that_is_flipped_dropped_swapped_or_cut_is_found(work, tmp_path):
    arguments = export(work.api.admin(), tmp_path)
    log = Path(arguments["log"])
    lines = log.read_bytes().splitlines(keepends=True)
    assert len(lines) >= 6
    assert verified(**arguments)
    for place, line in enumerate(lines):
        before, after = lines[:place], lines[place + 1 :]
        spoilt = [line[:at] + bytes([line[at] ^ 1]) + line[at + 1 :] for at in range(0, len(line), 23)]
        tampered = [[*before, each, *after] for each in spoilt]
        tampered += [[*before, *after], [*before, line, line, *after], before, [*after, line, *before]]
        for other in range(place):
            swapped = [*lines]
            swapped[place], swapped[other] = swapped[other], swapped[place]
            tampered.append(swapped)
        for each in tampered:
            if each != lines:
                log.write_bytes(b"".join(each))
                assert not verified(**arguments), place
    log.write_bytes(b"".join(lines))
    assert verified(**arguments)


def test_a_log_that_was_forked_and_signed_with_the_true_key_is_found_by_a_kept_checkpoint(work, tmp_path, capsys):
    """The operator rewrites an old journal and has everything after it signed anew."""
    api = work.api
    arguments = export(api.admin(), tmp_path)
    (tmp_path / "kept").write_text(Path(arguments["checkpoint"]).read_text())
    leaves = api.run(api.store.find(LogLeaf, {}, sort=(("_id", 1),)))
    database = api.store.database
    for kind in (LogLeaf, LogHead):
        api.run(database[kind.collection].delete_many({}))
    forked = leaves[1].leaf.replace('"created_at":"2', '"created_at":"1')
    texts = [leaf.leaf if index != 1 else forked for index, leaf in enumerate(leaves)]
    now = api.run(api.store.database_now())
    rows = [
        {"_id": f"{index:08}", "version": 1, "journal_id": leaf.journal_id, "leaf": text, "created_at": now}
        for index, (leaf, text) in enumerate(zip(leaves, texts, strict=True))
    ]
    api.run(database[PendingLeaf.collection].insert_many(rows))
    append_all(api)
    folder = tmp_path / "forked"
    folder.mkdir()
    arguments = export(api.admin(), folder)
    assert verified(**arguments)
    assert not verified(**arguments, older=tmp_path / "kept")
    assert "rewritten" in capsys.readouterr().err


def test_the_audit_finds_a_journal_that_is_changed_after_it_was_proven(work):
    change(work.api, Journal, {"key": {"$regex": "^transfer:"}}, {"$set": {"leg": 9}})
    assert "leaf_differs" in codes(work.api)


def test_the_audit_finds_a_leaf_that_is_changed_or_moved(work):
    assert codes(work.api) == set()
    change(work.api, LogLeaf, {"_id": place_of(2)}, [{"$set": {"leaf": {"$concat": ["$leaf", " "]}}}])
    assert codes(work.api) == {"leaf_differs", "leaf_misplaced"}


def test_the_audit_finds_a_journal_that_nobody_gave_to_the_log(work):
    api = work.api
    leaf = api.run(api.store.require(LogLeaf, place_of(3)))
    api.run(api.store.collection(LogLeaf).delete_one({"_id": leaf.id}))
    found = codes(api)
    assert {"journal_unproven", "leaf_misplaced"} <= found


def test_the_audit_finds_a_leaf_of_no_journal_and_a_head_that_was_set_back(work):
    api = work.api
    row = {"_id": "x", "version": 1, "journal_id": "jrn_x", "leaf": "{}", "created_at": api.run(api.store.database_now())}
    api.run(api.store.database[PendingLeaf.collection].insert_one(row))
    assert codes(api) == {"leaf_astray"}
    api.run(api.store.database[PendingLeaf.collection].delete_one({"_id": "x"}))
    change(api, LogHead, {"_id": LEDGER}, {"$inc": {"size": -1}})
    assert codes(api) == {"log_head_differs"}


def test_journals_that_are_older_than_the_log_are_given_to_it_once(work, tmp_path):
    """As when the log comes into a database that has a ledger already, or an older version went on to write."""
    api = work.api
    database = api.store.database
    for kind in (LogLeaf, LogHead, PendingLeaf):
        api.run(database[kind.collection].delete_many({}))
    assert "journal_unproven" in codes(api)
    journals = api.run(database[Journal.collection].count_documents({}))
    assert api.run(pend_unproven_journals(database)) == journals
    assert api.run(pend_unproven_journals(database)) == 0
    assert tick_until_idle(api) == journals
    assert api.run(pend_unproven_journals(database)) == 0
    assert codes(api) == set()
    assert verified(**export(api.admin(), tmp_path))


def test_what_an_older_version_went_on_to_write_is_given_to_the_log_by_the_hourly_audit(work):
    api, pending = work.api, work.api.store.database[PendingLeaf.collection]
    work.funded(10_000)
    tick_until_idle(api)
    work.funded(10_000)
    api.run(pending.delete_many({}))
    assert codes(api) == {"journal_unproven"}
    answer = api.tick("ledger-audit-books").json()
    assert answer["done"] == 1
    assert {each["name"]: each["value"] for each in answer["readings"]}["freehold_ledger_violations"] == 0
    assert api.tick("ledger-audit-books").json()["done"] == 0
    assert tick_until_idle(api) == 1
    assert codes(api) == set()


def test_a_proof_takes_one_read_and_no_more_than_two_leaves_for_each_level(mongodb_uri, keys, api, work):
    movement = movements(work, json.loads(api.run(api.store.require(LogLeaf, place_of(0))).leaf)["milestone_id"])[0]
    finds = Finds()
    with listening(finds), Api.opened(mongodb_uri, api.store.database.name, keys) as watched:
        size = watched.run(watched.store.require(LogHead, LEDGER)).size
        finds.seen.clear()
        watched.run(prove(watched.store, inclusion_spans(0, size)))
    (only,) = finds.seen
    assert len(only["filter"]["_id"]["$in"]) <= 2 * size.bit_length()
    assert work.client.get(movement["receipt"])["state"] == "proven"
