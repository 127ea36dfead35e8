"""Taking a backup and bringing it back, each over a store of its own."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

from freehold.store import Store
from freehold.store.audit import LedgerAudit
from freehold.store.backup import Manifest, back_up, restore


def take(uri: str, database: str, folder: Path, tell: Callable[[str], object] = str) -> Manifest:
    return with_store(uri, database, lambda store: back_up(store, folder, tell=tell))


def bring_back(uri: str, database: str, folder: Path) -> LedgerAudit:
    return with_store(uri, database, lambda store: restore(store, folder, tell=str)).ledger


def with_store(uri: str, database: str, work: Callable[[Store], Any]) -> Any:
    async def whole() -> Any:
        store = Store(uri, database, connections=2)
        try:
            return await work(store)
        finally:
            await store.close()

    return asyncio.run(whole())
