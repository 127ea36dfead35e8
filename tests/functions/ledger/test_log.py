"""Every movement of money gets into the log once, in its order, and its receipt proves it to whoever may see it."""

import asyncio
import json
from base64 import b64decode

import pytest

from freehold.documents import Journal, LogHead, LogLeaf, PendingLeaf
from freehold.domain.ledger import Line
from freehold.domain.merkle import is_consistent
from freehold.edge.note_signing import NoteSigner
from freehold.ids import new_id
from freehold.store import now
from freehold.store.audit import audit_ledger
from freehold.store.journals import post_journal
from freehold.store.ledger_log import root_at
from tests.api import Api
from tests.escrow import Work, tick
from tests.logs_of_money import APPEND, append_all, export, movements, paid_out, tick_until_idle, verified


def rows(api: Api, kind, **filter_):
    return api.run(api.store.collection(kind).find(filter_).sort("_id", 1).to_list())


def test_a_journal_waits_from_the_moment_it_is_written_and_is_a_leaf_after_the_next_tick(api):
    work = Work.begun(api, agreed=190_050)
    milestone_id = paid_out(work)
    receipts = [work.client.get(movement["receipt"]) for movement in movements(work, milestone_id)]
    assert [receipt["state"] for receipt in receipts] == ["pending"] * 3
    assert all(receipt["proof"] == [] and receipt["checkpoint"] is None for receipt in receipts)
    append_all(api)
    assert rows(api, PendingLeaf) == []
    assert [work.client.get(movement["receipt"])["state"] for movement in movements(work, milestone_id)] == ["proven"] * 3


def test_a_receipt_is_a_file_that_the_standalone_verifier_believes(api, tmp_path, capsys):
    work = Work.begun(api, agreed=190_050)
    milestone_id = paid_out(work)
    key = append_all(api)["keys"][0]
    for movement in movements(work, milestone_id):
        for reader in (work.client, work.freelancer, api.admin()):
            receipt = reader.get(movement["receipt"])
            (tmp_path / "receipt").write_text(json.dumps(receipt))
            assert verified(key=key, receipt=tmp_path / "receipt")
            assert json.loads(receipt["leaf"])["key"] == receipt["entry"]["key"]
            assert json.loads(receipt["leaf"])["lines"] == receipt["entry"]["lines"]
    assert "is in the log of" in capsys.readouterr().out


def test_leaves_of_a_milestone_stand_in_the_order_in_which_they_happened(api):
    work = Work.begun(api, agreed=190_050)
    ids = {paid_out(work) for _ in range(3)}
    append_all(api)
    leaves = [json.loads(row["leaf"]) for row in rows(api, LogLeaf)]
    for milestone_id in ids:
        steps = [(leaf["milestone_version"], leaf["n"]) for leaf in leaves if leaf["milestone_id"] == milestone_id]
        assert len(steps) >= 3
        assert steps == sorted(steps)


@pytest.mark.own_ledger
def test_batches_that_are_full_cut_no_milestone_out_of_its_order(api, monkeypatch):
    work = Work.begun(api, agreed=190_050)
    for _ in range(3):
        paid_out(work)
    monkeypatch.setattr("functions.ledger.append_leaves.BATCH", 2)
    assert api.tick(APPEND).json() == {"done": 2, "more": True, "readings": []}
    tick_until_idle(api)
    leaves = [json.loads(row["leaf"]) for row in rows(api, LogLeaf)]
    seen: dict[str, tuple[int, int]] = {}
    for leaf in leaves:
        step = (leaf["milestone_version"], leaf["n"])
        assert seen.get(leaf["milestone_id"], (0, 0)) < step
        seen[leaf["milestone_id"]] = step
    assert api.run(audit_ledger(api.store)).violations == ()


@pytest.mark.own_ledger
def test_of_many_that_append_at_once_none_doubles_and_none_loses_a_leaf(api):
    work = Work.begun(api, agreed=190_050)
    before = append_all(api)["size"]
    for _ in range(6):
        paid_out(work)
    waiting = len(rows(api, PendingLeaf))

    async def race() -> list[int]:
        answers = await asyncio.gather(*(api.ticking(APPEND) for _ in range(8)))
        assert {answer.status_code for answer in answers} == {200}
        return [answer.json()["done"] for answer in answers]

    done = api.run(race())
    assert sum(done) + tick_until_idle(api) == waiting >= 18
    assert append_all(api)["size"] == before + waiting
    assert len({row["journal_id"] for row in rows(api, LogLeaf)}) == before + waiting
    assert api.run(audit_ledger(api.store)).violations == ()


def test_nothing_is_signed_anew_while_nothing_happens(api):
    first = append_all(api)
    assert tick(api, APPEND) == 0
    assert api.call("GET", "/api/ledger/checkpoint").json() == first


def test_the_log_keeps_its_name_whatever_the_settings_say_later(mongodb_uri, database, keys, api):
    name = append_all(api)["origin"]
    with Api.opened(mongodb_uri, database, keys, ledger_origin="other.example.org/ledger") as other:
        Work.begun(other).funded()
        assert append_all(other)["origin"] == name


def test_a_changed_key_signs_beside_the_old_one_until_that_is_retired(api):
    (old,) = append_all(api)["keys"]
    services, name = api.app.services, append_all(api)["origin"]
    secret = str(services.secrets["ledger_key"])
    fresh = '{"d":"%s"}' % ("A" * 43)
    (new,) = NoteSigner(fresh, name).verifier_keys

    def with_keys(text: str) -> dict:
        services.secrets = {**services.secrets, "ledger_key": text}
        return append_all(api)

    try:
        both = with_keys(f"{fresh}\n{secret}")
        assert (both["keys"], both["former_keys"]) == ([new, old], [])
        assert both["checkpoint"].count(f"\u2014 {name} ") == 2
        alone = with_keys(fresh)
        assert (alone["keys"], alone["former_keys"]) == ([new], [old])
    finally:
        assert with_keys(secret)["former_keys"] == [new]


def test_only_the_parties_and_admins_see_a_receipt(api):
    work = Work.begun(api, agreed=190_050)
    movement = movements(work, paid_out(work))[0]
    append_all(api)
    stranger = api.register(roles=["employer"])
    stranger.get(movement["receipt"], status=404)
    stranger.get(f"/api/receipts/jrn_{'0' * 32}", status=404)
    assert api.call("GET", movement["receipt"]).status_code == 401


def test_what_a_gateway_charges_the_operator_is_shown_to_no_party(api):
    work = Work.begun(api, agreed=190_050)
    milestone_id = paid_out(work)
    charged = (("gateway_fees", 59), ("clearing:sandbox", -59))
    lines = tuple(Line(account=name, amount=amount, currency="USD") for name, amount in charged)
    own = Journal(
        id=new_id("jrn"), key=f"gwfee:{new_id('pay')}", milestone_id=milestone_id, milestone_version=1, n=9, lines=lines,
        created_at=now(),
    )  # fmt: skip

    async def charge(unit):
        post_journal(unit, own)

    api.run(api.store.transact(charge, deadline_s=5))
    work.client.get(f"/api/receipts/{own.id}", status=404)
    assert api.admin().get(f"/api/receipts/{own.id}")["id"] == own.id


def test_a_proof_of_consistency_leads_from_every_kept_checkpoint_to_the_newest(api):
    work = Work.begun(api, agreed=190_050)
    paid_out(work)
    size = append_all(api)["size"]
    newest = api.run(root_at(api.store, size))
    for old in range(1, size + 1):
        answer = api.call("GET", f"/api/ledger/consistency?old={old}").json()
        proof = [b64decode(each) for each in answer["proof"]]
        assert is_consistent(old, api.run(root_at(api.store, old)), answer["size"], newest, proof)
    assert api.call("GET", f"/api/ledger/consistency?old={size + 1}").json()["code"] == "size_not_reached"
    assert api.call("GET", f"/api/ledger/consistency?old=2&size={size + 1}").json()["code"] == "size_not_reached"
    assert api.call("GET", "/api/ledger/consistency?old=3&size=2").status_code == 409
    for nonsense in ("old=0", "old=-1", "old=x", "size=-1", f"old={10**15}"):
        assert api.call("GET", f"/api/ledger/consistency?{nonsense}").status_code == 422, nonsense


def test_the_export_is_what_the_standalone_verifier_reads(api, tmp_path, capsys):
    work = Work.begun(api, agreed=190_050)
    kept = append_all(api)["checkpoint"]
    for _ in range(2):
        paid_out(work)
    append_all(api)
    (tmp_path / "older").write_text(kept)
    arguments = export(api.admin(), tmp_path, limit=4)
    assert verified(**arguments, older=tmp_path / "older")
    assert f"{api.run(api.store.require(LogHead, 'ledger')).size} journals" in capsys.readouterr().out
    assert work.client.call("GET", "/api/admin/ledger/export").status_code == 403
