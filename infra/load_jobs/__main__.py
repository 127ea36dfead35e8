"""`python -m infra.load_jobs FILE --url URL`: post a file of job posts through the public API, as their clients.

It can be interrupted and started again at any time: what is loaded is not loaded twice.
"""

import argparse
import asyncio
import csv
import sys
import time
from itertools import islice
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from infra.client import Api, Refused, Unreachable
from infra.load_jobs.load import Loader, Tally
from infra.load_jobs.memory import Memory, folder_of
from infra.load_jobs.posts import Post, Refusal, UnreadableFile, read_posts
from infra.wire import KeySet

EXAMPLES = 3
console = Console(highlight=False, soft_wrap=True)


async def load_file(given: argparse.Namespace, tally: Tally) -> None:
    """Read, map and post. Raises UnreadableFile, Unreachable, Refused."""
    rows = list(islice(read_posts(given.file), given.limit))
    tally.refusals += [row for row in rows if isinstance(row, Refusal)]
    posts = [row for row in rows if isinstance(row, Post)]
    async with Api(given.url, connections=given.at_once) as api:
        await api.require_running()
        keys = await api.call("GET", "/api/auth/jwks.json", into=KeySet)
        instance = " ".join([api.url, *sorted(key.kid for key in keys.keys)])
        memory = Memory(given.state, instance=instance, file=given.file)
        with Progress(
            TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn(), console=console
        ) as progress:
            bar = progress.add_task("posts", total=len(rows))

            def show() -> None:
                words = f"{tally.posted} posted, {len(tally.refusals)} refused"
                progress.update(bar, completed=tally.done, description=words)

            await Loader(api, memory, tally, show).load(posts, at_once=given.at_once)


def report(tally: Tally, took_s: float) -> None:
    """Say what has become of the posts, and why some were refused."""
    rate = f", {tally.posted / took_s:.1f} a second" if tally.posted else ""
    console.print(f"{tally.posted} posted in {took_s:.0f} s{rate}; {tally.posted_before} were there from an earlier time")
    console.print(f"{len(tally.refusals)} refused")
    for reason, count in tally.by_reason().most_common():
        console.print(f"  {count:>6}  {reason}", markup=False)
        examples = [each for each in tally.refusals if each.reason == reason][:EXAMPLES]
        for each in examples:
            console.print(f"          {each.id}: {each.title[:80]}", markup=False, style="dim")


def write_refusals(file: Path, refusals: list[Refusal]) -> None:
    """Write every refused post with its reason."""
    with file.open("w", encoding="utf-8", newline="") as output:
        writer = csv.writer(output)
        writer.writerow(("id", "title", "reason"))
        writer.writerows((each.id, each.title, each.reason) for each in refusals)


def main(arguments: list[str] | None = None) -> int:
    """Run the command; 0 when every post is posted or refused for a reason."""
    given = _parse(arguments)
    tally, began = Tally(), time.monotonic()
    trouble = ""
    try:
        asyncio.run(load_file(given, tally))
    except* (UnreadableFile, Unreachable, Refused, OSError) as group:
        trouble = str(_first(group))
    except* KeyboardInterrupt:
        trouble = "Interrupted."
    report(tally, time.monotonic() - began)
    if given.refused is not None:
        write_refusals(given.refused, tally.refusals)
    if trouble:
        print(f"{trouble} Start it again to go on where it stopped.", file=sys.stderr)
    return 1 if trouble else 0


def _first(group: BaseExceptionGroup[BaseException]) -> BaseException:
    found: BaseException = group
    while isinstance(found, BaseExceptionGroup):
        found = found.exceptions[0]
    return found


def _parse(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m infra.load_jobs", description="Post a file of job posts through the API.")
    parser.add_argument("file", type=Path, metavar="FILE", help="CSV in UTF-8, perhaps gzipped")
    parser.add_argument("--url", required=True, help="the API's address, http://127.0.0.1:8000 for example")
    parser.add_argument("--limit", type=int, default=None, metavar="N", help="only the first N posts")
    parser.add_argument("--at-once", type=int, default=8, metavar="N", help="so many clients post at the same time (8)")
    parser.add_argument("--refused", type=Path, default=None, metavar="CSV", help="write the refused posts to this file")
    parser.add_argument("--state", type=Path, default=folder_of(), metavar="DIR", help="where to remember what is loaded")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
