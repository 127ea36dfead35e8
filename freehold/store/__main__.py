"""`python -m freehold.store`: apply the schema (collections, indexes, migrations) to the database of the settings."""

import asyncio
import sys

from freehold import settings
from freehold.store import OUTAGES, NotAReplicaSet, Store, apply_schema


async def _main() -> None:
    where = settings.load_database()
    store = Store(where.mongodb_uri, where.mongodb_database, connections=1, patient=True)
    try:
        await store.open()
        for line in await apply_schema(store.database) or ["the schema is up to date"]:
            sys.stdout.write(f"{line}\n")
    finally:
        await store.close()


def main() -> int:
    """Run the command; 0 when the schema is as it should be."""
    try:
        asyncio.run(_main())
    except (settings.InvalidSettings, NotAReplicaSet) as error:
        sys.stderr.write(f"{error}\n")
    except OUTAGES as error:
        sys.stderr.write(f"the database cannot be reached: {str(error)[:300]}\n")
    else:
        return 0
    return 1


if __name__ == "__main__":
    sys.exit(main())
