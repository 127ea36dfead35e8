"""Cutting a call off in the middle: what its transaction wrote must be gone, and its key good again."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import Any, Final

import msgspec
from pymongo.errors import AutoReconnect

from freehold.edge.declare import Declaration

Interruption = Callable[[], Awaitable[None]]


async def _fault() -> None:
    raise KeyError("something that nobody thought of")


async def _lost_database() -> None:
    raise AutoReconnect("the connection was closed")


async def _cancelled() -> None:
    task = asyncio.current_task()
    assert task is not None
    task.cancel()
    await asyncio.sleep(0)


INTERRUPTIONS: Final[dict[str, Interruption]] = {
    "by a fault of ours": _fault,
    "by the database": _lost_database,
    "because the process was told to stop": _cancelled,
}


class Fragile:
    """Functions as they are, but that can be cut off, when all their work is done and nothing is committed yet."""

    def __init__(self) -> None:
        self._interruption: Interruption | None = None
        self._times = 0

    def of(self, declaration: Declaration) -> Declaration:
        """Give a declaration whose handler may be interrupted."""

        async def handler(*arguments: Any, **inputs: Any) -> Any:
            result = await declaration.handler(*arguments, **inputs)
            if self._interruption is not None:
                self._times += 1
                await self._interruption()
            return result

        return msgspec.structs.replace(declaration, handler=handler)

    @contextmanager
    def interrupted(self, interruption: Interruption) -> Iterator[None]:
        """Cut a call off, however often it is tried: a lost database alone is repeated, and stays lost meanwhile."""
        self._interruption, self._times = interruption, 0
        try:
            yield
        finally:
            self._interruption = None
        assert self._times, "nothing was called"
