"""`python -m freehold.store`: apply the schema (collections, indexes, migrations) to the database of the settings."""

import asyncio
import sys

from freehold import settings
from freehold.store import Store, apply_schema


async def _main() -> None:
    where = settings.load(settings.Database)
    store = Store(where.mongodb_uri, where.mongodb_database, connections=1)
    try:
        await store.open()
        for line in await apply_schema(store.database) or ["the schema is up to date"]:
            sys.stdout.write(f"{line}\n")
    finally:
        await store.close()


if __name__ == "__main__":
    asyncio.run(_main())
