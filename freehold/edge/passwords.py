"""Passwords: argon2id in one or two threads, with a short queue; weak ones refused offline.

Source: OWASP Password Storage Cheat Sheet (argon2id, 19 MiB, t=2, p=1).
"""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from typing import Final, TypeVar

from freehold.edge.problems import FieldFault, Invalid, TooManyRequests

R = TypeVar("R")

MEMORY_KIB: Final = 19 * 1024
PASSES: Final = 2
WEAKEST_SCORE: Final = 2
JUDGED_LENGTH: Final = 72
DUMMY_HASH: Final = "$argon2id$v=19$m=19456,t=2,p=1$1Sj3e1Ow5cVIp7RCmyuXlg$ifpUXaowJtUDo5Ai+hUB4LUCAcXVC/hGLdZXf6eerCY"
"""Checked when there is no such account, so that the answer takes as long as when there is one."""


class PasswordHasher:
    """Hashes and checks passwords without holding up the event loop."""

    def __init__(self, *, threads: int, queue: int) -> None:
        self._executor = ThreadPoolExecutor(threads, thread_name_prefix="argon2")
        self._room = threads + queue

    async def hash(self, password: str) -> str:
        """Hash a password. Raises TooManyRequests when too many wait."""
        return await self._run(lambda: str(_argon2().hash(password)))

    async def matches(self, password: str, password_hash: str | None) -> bool:
        """Check a password; `None` (no such account) takes as long and is never right."""
        right = await self._run(lambda: _verify(password_hash or DUMMY_HASH, password))
        return right and password_hash is not None

    def close(self) -> None:
        """Let the threads go."""
        self._executor.shutdown(wait=False, cancel_futures=True)

    async def _run(self, work: Callable[[], R]) -> R:
        if self._room <= 0:
            raise TooManyRequests("Too many sign-ins at once.", retry_after_s=1)
        self._room -= 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._executor, work)
        finally:
            self._room += 1


def refuse_weak(password: str, *, own_words: list[str]) -> None:
    """Raise Invalid when a password would be guessed soon: common, leaked, or made of the person's own name or address."""
    from zxcvbn import zxcvbn  # noqa: PLC0415 - heavy, and only two functions need it

    verdict = zxcvbn(password[:JUDGED_LENGTH], user_inputs=own_words)
    if verdict["score"] < WEAKEST_SCORE:
        hints = " ".join([verdict["feedback"]["warning"], *verdict["feedback"]["suggestions"]]).strip()
        raise Invalid(
            faults=(FieldFault(field="body.password", expected=f"a password that is harder to guess. {hints}".strip()),)
        )


@cache
def _argon2():  # type: ignore[no-untyped-def]  # noqa: ANN202 - the class is imported late
    from argon2 import PasswordHasher as Argon2  # noqa: PLC0415 - the port opens before this is needed

    return Argon2(time_cost=PASSES, memory_cost=MEMORY_KIB, parallelism=1)


def _verify(password_hash: str, password: str) -> bool:
    from argon2.exceptions import VerifyMismatchError  # noqa: PLC0415

    try:
        return bool(_argon2().verify(password_hash, password))
    except VerifyMismatchError:
        return False
