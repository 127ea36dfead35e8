"""Whether all of the local run works: the functions with their database, and every other part by its own word."""

import asyncio
from typing import Final

import httpx
from msgspec import Struct

from freehold.edge.app import FunctionApp

PART_LIMIT_S: Final = 3.0


class PartAddress(Struct, frozen=True):
    """A part, and where it says whether it works."""

    name: str
    url: str


class Readiness:
    """Asks every part each time: an answer is never older than the question."""

    def __init__(self, functions: FunctionApp, parts: tuple[PartAddress, ...]) -> None:
        self._functions = functions
        self._parts = parts

    async def checks(self, *, without: str | None = None) -> dict[str, bool]:
        """Ask all parts at once, except `without` one; a part that does not answer in PART_LIMIT_S does not work."""
        parts = [part for part in self._parts if part.name != without]
        async with httpx.AsyncClient(timeout=PART_LIMIT_S, trust_env=False) as client:
            functions, *others = await asyncio.gather(
                self._functions.is_ready(), *(self._works(client, part.url) for part in parts)
            )
        return {"functions": functions} | {part.name: works for part, works in zip(parts, others, strict=True)}

    @staticmethod
    async def _works(client: httpx.AsyncClient, url: str) -> bool:
        try:
            return (await client.get(url)).is_success
        except httpx.HTTPError:
            return False


def read_addresses(text: str) -> tuple[PartAddress, ...]:
    """Read FREEHOLD_READY_URLS: `name=url` items with commas between them."""
    items = [item.strip().partition("=") for item in text.split(",") if item.strip()]
    return tuple(PartAddress(name=name, url=url) for name, _, url in items)
