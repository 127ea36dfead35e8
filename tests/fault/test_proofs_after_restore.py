"""R12 for the log: what comes out of a backup proves itself, goes on from where it was, and admits what it has lost."""

import json

import pytest

from freehold.store import Store
from freehold.store.audit import audit_ledger
from freehold.store.backup import back_up, restore
from freehold.store.local_admin import drop_database
from tests.api import Api
from tests.escrow import Work
from tests.logs_of_money import append_all, export, movements, paid_out, tick_until_idle, verified

pytestmark = pytest.mark.own_ledger


async def restored(uri: str, name: str, folder) -> None:
    store = Store(uri, name, connections=2, patient=True)
    try:
        await restore(store, folder, tell=lambda _: None)
    finally:
        await store.close()


def test_receipts_and_checkpoints_from_before_a_backup_hold_after_its_restore(api, mongodb_uri, keys, tmp_path):
    work = Work.begun(api, agreed=190_050)
    proven = paid_out(work)
    checkpoint = append_all(api)
    receipts = [work.client.get(movement["receipt"]) for movement in movements(work, proven)]
    waiting = paid_out(work)
    api.run(back_up(api.store, tmp_path / "backup", tell=lambda _: None))
    paid_out(work)
    lost = append_all(api)
    name = f"{api.store.database.name}_restored"
    api.run(restored(mongodb_uri, name, tmp_path / "backup"))
    try:
        with Api.opened(mongodb_uri, name, keys) as after:
            assert tick_until_idle(after) == len(movements(work, waiting)), "what waited in the backup waits after it"
            assert after.run(audit_ledger(after.store)).violations == ()
            (tmp_path / "older").write_text(checkpoint["checkpoint"])
            (tmp_path / "lost").write_text(lost["checkpoint"])
            files = export(after.admin(), tmp_path)
            assert verified(**files, older=tmp_path / "older")
            assert not verified(**files, older=tmp_path / "lost")
            for receipt in receipts:
                (tmp_path / "receipt").write_text(json.dumps(receipt))
                assert verified(key=checkpoint["keys"][0], receipt=tmp_path / "receipt")
    finally:
        drop_database(mongodb_uri, name)
