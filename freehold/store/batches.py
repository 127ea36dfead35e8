"""Doing the same to each of a batch of documents: each in its own transaction, a few at a time, one failure stopping none."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from typing import Final

import structlog

from freehold.domain.errors import Refused
from freehold.store.errors import StoreError

log = structlog.get_logger()

AT_ONCE: Final = 4


async def each_on_its_own(ids: Iterable[str], work: Callable[[str], Awaitable[bool]]) -> int:
    """Do `work` for each id and count those that were done.

    What somebody else was quicker at, or a rule refuses, is passed over: it comes round again, or needs nothing. Anything
    else is raised at the end, when all others have had their turn.
    """
    places = asyncio.Semaphore(AT_ONCE)

    async def one(identifier: str) -> bool:
        async with places:
            try:
                return await work(identifier)
            except (StoreError, Refused) as error:
                log.info("passed_over", id=identifier, reason=type(error).__name__)
                return False

    outcomes = await asyncio.gather(*(one(identifier) for identifier in ids), return_exceptions=True)
    for outcome in outcomes:
        if isinstance(outcome, BaseException):
            raise outcome
    return sum(outcome is True for outcome in outcomes)
