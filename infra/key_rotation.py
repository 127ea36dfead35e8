"""Changing a key while everything runs, in three steps: `python -m infra.keys DIR --announce|--switch|--retire NAME`.

Between the steps the operator hands the changed secrets to the processes. After `announce` everybody who checks knows the
new key too; after `switch` it is the one that signs; after `retire` the old one is worth nothing. A step done twice, or out of
its order, is refused: nothing is lost by a slip.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Final, Literal

from msgspec import Struct

Step = Literal["announce", "switch", "retire"]
STEPS: Final[tuple[Step, ...]] = ("announce", "switch", "retire")
NEXT: Final = ".next"
PREVIOUS: Final = ".previous"
REFRESH: Final = "refresh-token-key"
LEDGER: Final = "ledger-key"
IN_LINES: Final = (REFRESH, LEDGER)
"""Keys whose file has a line for each of the keys that count."""


class WrongStep(Exception):  # noqa: N818 - the message is a sentence that says what to do
    """The step does not fit to what is in the folder, or the key is none that can be changed this way."""


class Handing(Struct, frozen=True):
    """Which secrets of a key change at its steps, and which processes must be started again to read them."""

    checked_with: str
    checkers: str
    signers: str
    wait: str


def handing_of(name: str) -> Handing:
    """Say who signs with a key and who checks. Raises WrongStep for a key that is none of ours."""
    signs_in = "auth-login, auth-refresh-token and auth-register (the group auth)"
    appends = "ledger-append-leaves (the group ledger)"
    known = {
        "access-token-key": Handing(
            "access-token-jwks", "every function", signs_in, "11 minutes, until no access token of the old key lives"
        ),
        REFRESH: Handing(REFRESH, signs_in, signs_in, "30 days, or sooner: who has not come back by then must sign in again"),
        LEDGER: Handing(
            LEDGER,
            appends,
            appends,
            "until whoever keeps your verifier key has taken the new one (both sign until you retire one)",
        ),
        "connector-call-key": Handing("door-jwks", "every function", "the connector", "a minute"),
        "scheduler-call-key": Handing("door-jwks", "every function", "the scheduler", "a minute"),
    }
    if name not in known:
        raise WrongStep(f"{name} is no key that is changed in steps; these are: {', '.join(known)}.")
    return known[name]


def rotate(folder: Path, name: str, step: Step, *, make: Callable[[], str], write: Callable[[Path, str], None]) -> str:
    """Do one step for one key; answer what the operator does next. Raises WrongStep."""
    handing = handing_of(name)
    if not (folder / name).exists():
        raise WrongStep(f"{folder / name} is not there: make the keys first.")
    change = _of_lines if name in IN_LINES else _of_files
    change(folder / name, step, make, write)
    if step == "switch":
        return (
            f"Now replace the secret {name} and start {handing.signers} again. Then wait {handing.wait}, and --retire {name}."
        )
    then = f" When they all run, --switch {name}." if step == "announce" else " That was the last step."
    return f"Now replace the secret {handing.checked_with} and start {handing.checkers} again.{then}"


def generations(folder: Path, name: str) -> list[str]:
    """Name the files of a key that whoever checks must know: the one that signs, and its neighbours in time."""
    return [name, *(name + suffix for suffix in (NEXT, PREVIOUS) if (folder / (name + suffix)).exists())]


def _of_files(key: Path, step: Step, make: Callable[[], str], write: Callable[[Path, str], None]) -> None:
    following, previous = key.with_name(key.name + NEXT), key.with_name(key.name + PREVIOUS)
    _refuse_out_of_order(key.name, step, announced=following.exists(), switched=previous.exists())
    if step == "announce":
        write(following, make())
    elif step == "switch":
        write(previous, key.read_text(encoding="utf-8"))
        following.replace(key)
    else:
        previous.unlink()


def _of_lines(key: Path, step: Step, make: Callable[[], str], write: Callable[[Path, str], None]) -> None:
    """Change a key whose file has a line for each that counts, the first one before all. The old one is kept beside it."""
    lines, mark = key.read_text(encoding="utf-8").split(), key.with_name(key.name + PREVIOUS)
    switched = mark.exists() and mark.read_text(encoding="utf-8") != lines[0]
    _refuse_out_of_order(key.name, step, announced=len(lines) > 1 and not switched, switched=switched)
    if step == "announce":
        write(key, f"{lines[0]}\n{make()}")
    elif step == "switch":
        write(mark, lines[0])
        write(key, f"{lines[1]}\n{lines[0]}")
    else:
        write(key, lines[0])
        mark.unlink()


def _refuse_out_of_order(name: str, step: Step, *, announced: bool, switched: bool) -> None:
    """Refuse a step that is not due. One that was cut off in its middle is due again."""
    due: Step = "switch" if announced else "retire" if switched else "announce"
    if step != due:
        raise WrongStep(f"{name} is not at that step: the next one is --{due} {name}.")
