"""Keeping parts alive: each is started, watched, started again when it ends by itself, and stopped in order.

Here: the care of any list of parts. Not here: which parts there are (`infra.local.parts`) and the order of a start
(`infra.local.run`).
"""

import asyncio
import time
from collections import deque
from typing import Final

import httpx

from infra.local.console import tell
from infra.local.home import Home
from infra.local.process import Part, PartProcess
from infra.local.trouble import Trouble

READY_LIMIT_S: Final = 180.0
DEATHS_ALLOWED: Final = 5
WITHIN_S: Final = 60.0
FIRST_PAUSE_S: Final = 0.25
_GLANCE_S: Final = 0.05
_PROBE_LIMIT_S: Final = 5.0


class Supervisor:
    """The care of the parts of one run. `failed` is done when a part keeps ending: it holds the Trouble."""

    def __init__(self, home: Home) -> None:
        self.failed: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._home = home
        self._processes: dict[str, PartProcess] = {}
        self._watches: dict[str, asyncio.Task[None]] = {}
        self._client = httpx.AsyncClient(timeout=_PROBE_LIMIT_S, trust_env=False)

    def start(self, part: Part) -> None:
        """Start a part and keep it alive from now on."""
        self.care_for(PartProcess(part, self._home))

    def care_for(self, process: PartProcess) -> None:
        """Keep a part alive from now on whose process runs already."""
        name = process.part.name
        self._processes[name] = process
        self._watches[name] = asyncio.create_task(self._watch(process.part))
        self._watches[name].add_done_callback(self._note_end_of_watch)

    async def until_ready(self, part: Part) -> None:
        """Wait until a part that was started works. Raises Trouble when it does not in time, or keeps ending."""
        give_up_at = time.monotonic() + READY_LIMIT_S
        while not await self._is_ready(part):
            if self.failed.done():
                self.failed.result()
            if time.monotonic() > give_up_at:
                raise Trouble(
                    f"The {part.name} runs, but was not ready within {READY_LIMIT_S:.0f} s. "
                    f"Its log: {self._processes[part.name].log}"
                )
            await asyncio.sleep(_GLANCE_S)

    async def stop(self) -> None:
        """Stop every part, the last one that was started first; wait for each before the next."""
        for name in reversed(self._watches):
            watch = self._watches[name]
            watch.cancel()
            await asyncio.wait([watch])
            ended_itself = await self._processes[name].stop()
            tell(name, "stopped" if ended_itself else "did not stop when asked; ended by force")
        await self._client.aclose()

    async def _watch(self, part: Part) -> None:
        """Start the part again whenever it ends, with growing pauses; give up when it ends too often."""
        deaths: deque[float] = deque(maxlen=DEATHS_ALLOWED)
        while True:
            process = self._processes[part.name]
            how = await process.ended()
            deaths.append(time.monotonic())
            recent = [moment for moment in deaths if moment > deaths[-1] - WITHIN_S]
            if len(recent) == DEATHS_ALLOWED:
                raise Trouble(f"The {part.name} keeps ending ({how}). {last_words(process)}")
            pause_s = FIRST_PAUSE_S * 2 ** (len(recent) - 1)
            tell(part.name, f"ended unexpectedly ({how}); starting it again in {pause_s:g} s")
            await asyncio.sleep(pause_s)
            self._processes[part.name] = PartProcess(part, self._home)

    def _note_end_of_watch(self, watch: asyncio.Task[None]) -> None:
        if not watch.cancelled() and not self.failed.done():
            self.failed.set_exception(watch.exception() or AssertionError("a watch ends by failing, or not at all"))
            self.failed.exception()  # somebody has seen it: a run that is being stopped need not ask

    async def _is_ready(self, part: Part) -> bool:
        if not self._processes[part.name].is_alive:
            return False
        try:
            if part.ready_url is None:
                _, writer = await asyncio.open_connection("127.0.0.1", part.port)
                writer.close()
                return True
            return (await self._client.get(part.ready_url)).is_success
        except (OSError, httpx.HTTPError):
            return False


def last_words(process: PartProcess) -> str:
    """Quote the end of a part's output, and say where all of it is."""
    lines = [line.strip() for line in process.output().splitlines() if line.strip()]
    return f"Its last words: {' | '.join(lines[-3:])[-600:] or 'none'}. Its log: {process.log}"
