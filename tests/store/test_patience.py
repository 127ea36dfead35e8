"""Who applies a schema or brings back a backup waits for the database; who answers people does not."""

import asyncio

import pytest
from pymongo.errors import AutoReconnect

from freehold.store import Store, connection

SLOWLY = {"$function": {"body": "function() { sleep(1500); return true; }", "args": [], "lang": "js"}}


@pytest.mark.parametrize("patient", [False, True])
def test_only_a_patient_store_outlasts_a_command_that_takes_long(mongodb_uri: str, database: str, monkeypatch, patient) -> None:
    async def asked() -> None:
        store = Store(mongodb_uri, database, connections=1, patient=patient)
        command = {"aggregate": 1, "pipeline": [{"$documents": [{}]}, {"$match": {"$expr": SLOWLY}}], "cursor": {}}
        try:
            await store.database.command(command)
        finally:
            await store.close()

    monkeypatch.setattr(connection, "SOCKET_MS", 200)
    if patient:
        asyncio.run(asked())
    else:
        with pytest.raises(AutoReconnect):
            asyncio.run(asked())
