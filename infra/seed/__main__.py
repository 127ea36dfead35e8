"""`python -m infra.seed --url URL --state FILE`: fill an empty marketplace; go on with a seeding that was interrupted.

FILE says how far it came. A marketplace that somebody has filled otherwise is left alone.
"""

import argparse
import asyncio
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from freehold import settings
from freehold.documents import User
from freehold.store import OUTAGES, Store
from infra.admin import NotDone, create_admin
from infra.client import Api, NeverHappened, Refused, Unreachable
from infra.seed.content import ADMIN_NAME, PASSWORD, address_of, load
from infra.seed.grow import Grower
from infra.seed.plan import make_plan
from infra.seed.progress import Progress, read_progress, write_progress

KEYS_LAST: Final = timedelta(hours=47)
"""So long the API remembers what was done under a key, with an hour to spare; after that a seeding does not go on."""


async def seed(url: str, file: Path) -> str:
    """Seed if that is due; answer what was done, in a line."""
    where = settings.load(settings.Database)
    store = Store(where.mongodb_uri, where.mongodb_database, connections=1)
    try:
        await store.open()
        is_empty = await store.first(User, {}) is None
        progress = None if is_empty else read_progress(file)
        if progress is None and not is_empty:
            return "the marketplace is not empty; it is left as it is"
        if progress and progress.state == "grown":
            return "there since an earlier start"
        began_at = progress.began_at if progress else datetime.now(UTC)
        if datetime.now(UTC) - began_at > KEYS_LAST:
            return "an earlier seeding was interrupted too long ago to go on; the marketplace is left as it is"
        write_progress(file, Progress("growing", began_at))
        await _ensure_admin(store)
        line = await _grow(url)
        write_progress(file, Progress("grown", began_at))
        return line
    finally:
        await store.close()


async def _grow(url: str) -> str:
    content = load()
    plan = make_plan(content)
    async with Api(url) as api:
        await Grower(api, content, plan).grow()
    people = len(content.employers) + len(content.freelancers) + 1
    return (
        f"{people} people, {len(content.jobs)} jobs, {len(plan.bids)} applications, "
        f"{len(plan.ventures)} projects in every state that money can be in"
    )


async def _ensure_admin(store: Store) -> None:
    """Make the demo admin, which the API cannot make; an earlier run may have done it."""
    try:
        await create_admin(store, email=address_of(ADMIN_NAME), name=ADMIN_NAME, password=PASSWORD)
    except NotDone:
        return


def main(arguments: list[str] | None = None) -> int:
    """Run the command; 0 when the marketplace is as it should be."""
    parser = argparse.ArgumentParser(prog="python -m infra.seed", description="Fill an empty marketplace.")
    parser.add_argument("--url", required=True)
    parser.add_argument("--state", required=True, type=Path, metavar="FILE")
    given = parser.parse_args(arguments)
    try:
        print(asyncio.run(seed(given.url, given.state)))
    except (Refused, Unreachable, NeverHappened, settings.InvalidSettings) as error:
        print(error, file=sys.stderr)
        return 1
    except OUTAGES as error:
        print(f"the database cannot be reached: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
