import asyncio
from collections.abc import Awaitable, Callable

from structlog.testing import capture_logs

from freehold.store import Unavailable
from realtime.loops import Loop
from tests.realtime.live import run, until


def play(
    work: Callable[[Loop], Awaitable[None]], check: Callable[[Loop], Awaitable[None]], *, patience_s: float = 60.0
) -> None:
    async def scenario() -> None:
        loop = Loop("trial", work, patience_s=patience_s)
        assert not loop.works, "it has not begun"
        loop.start()
        await check(loop)
        await loop.end()

    run(scenario())


def test_a_loop_works_after_a_good_turn() -> None:
    async def work(loop: Loop) -> None:
        loop.beat()
        await asyncio.sleep(3_600)

    play(work, lambda loop: until(lambda: loop.works, "it works"))


def test_a_loop_whose_last_turn_is_too_long_ago_does_not_work() -> None:
    turns: list[bool] = []

    async def work(loop: Loop) -> None:
        loop.beat()
        turns.append(loop.works)
        await asyncio.sleep(3_600)

    play(work, lambda _: until(lambda: turns == [False], "its one turn is long ago"), patience_s=0.0)


def test_a_loop_that_fails_says_so_and_begins_again() -> None:
    seen: list[bool] = []

    async def work(loop: Loop) -> None:
        if len(seen) < 3:
            seen.append(loop.works)
            if len(seen) == 1:
                loop.beat()
                raise Unavailable("the first time")
            if len(seen) == 2:
                raise KeyError("the second time")
        loop.beat()
        await asyncio.sleep(3_600)

    with capture_logs() as logs:
        play(work, lambda loop: until(lambda: len(seen) == 3 and loop.works, "it works again"))
    assert seen == [False, False, False]
    failed = [entry for entry in logs if entry["event"] == "loop_failed"]
    assert [(entry["failures"], entry["exc_info"]) for entry in failed] == [(1, False), (2, True)]
    assert [entry["failures"] for entry in logs if entry["event"] == "loop_works_again"] == [2]


def test_a_loop_ends_even_if_its_work_swallows_a_cancellation() -> None:
    swallowed = 0

    async def work(loop: Loop) -> None:
        nonlocal swallowed
        loop.beat()
        while True:
            try:
                await asyncio.sleep(3_600)
            except asyncio.CancelledError:
                swallowed += 1
                if swallowed > 2:
                    raise

    with capture_logs() as logs:
        play(work, lambda loop: until(lambda: loop.works, "it works"))
    assert swallowed == 3
    assert logs == []


def test_a_loop_that_never_began_ends_at_once() -> None:
    async def work(_: Loop) -> None:
        raise AssertionError("it never begins")

    loop = Loop("trial", work, patience_s=1.0)
    run(loop.end())
    assert loop.name == "trial"
