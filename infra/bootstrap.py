"""`python3 infra/bootstrap.py run|test`: make `.venv` and install into it what the lock file pins, if that is not done yet.

Run by any Python 3 of the system, before anything is installed: only the standard library, nothing newer than Python 3.7.
uv installs; where there is none, pip fetches the one that the lock file pins. Every hash is verified. What cannot be
installed from here is told in a sentence that says what to do.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
LOCK_FILE = ROOT / "requirements.lock"
PROJECT_FILE = ROOT / "pyproject.toml"
OLDEST_PYTHON = (3, 11)
RUN_EXTRAS = ("functions", "papers", "connector", "relay", "scheduler", "traces", "embedded", "local")
EXTRAS = {"run": RUN_EXTRAS, "test": (*RUN_EXTRAS, "images", "dev", "bench")}


class Missing(Exception):  # noqa: N818 - the message is a sentence that says what to do
    """Something is missing that a person must install; the message says how."""


def main(profile: str) -> int:
    """Bring `.venv` to what the profile needs. 0 when it is there."""
    try:
        find_python()
        with LOCK_FILE.open() as lock:  # two at once would install into the same place
            fcntl.flock(lock, fcntl.LOCK_EX)
            install(profile)
    except (Missing, OSError) as error:
        print(f"Freehold cannot be installed: {error}", file=sys.stderr)
        return 1
    return 0


def find_python() -> str:
    """Find a Python that is new enough: this one, or another on the PATH. Raises Missing."""
    if sys.version_info >= OLDEST_PYTHON:
        return sys.executable
    for minor in (13, 12, 11):
        found = shutil.which(f"python3.{minor}")
        if found:
            return found
    have = ".".join(map(str, sys.version_info[:3]))
    raise Missing(
        f"Python 3.11 or newer is needed; python3 is {have}. Install one "
        "(Debian, Ubuntu: sudo apt-get install -y python3.11 python3.11-venv) so that `python3.11` is on the PATH."
    )


def install(profile: str) -> None:
    """Install what the profile needs, unless the stamp of an earlier time says that it is there."""
    stamp, unfinished, wanted = VENV / f".freehold-{profile}", VENV / ".freehold-unfinished", wanted_state(profile)
    if is_usable(PYTHON) and stamp.exists() and stamp.read_text() == wanted:
        return
    print(f"Installing what `make {profile}` needs into {VENV} ...", flush=True)
    uv = find_uv()
    if unfinished.exists() or not is_usable(PYTHON):
        make_environment(uv)
    unfinished.touch()
    command = [uv or own_uv(), "pip", "install", "--quiet", "--python", str(PYTHON), "--require-hashes", "--compile-bytecode"]
    command += ["--constraint", str(LOCK_FILE), "--requirement", str(PROJECT_FILE)]
    run([*command, *(part for extra in EXTRAS[profile] for part in ("--extra", extra))], "the packages of requirements.lock")
    stamp.write_text(wanted)
    unfinished.unlink()


def wanted_state(profile: str) -> str:
    """Say in one line what decides whether an installation is up to date."""
    digest = hashlib.sha256(LOCK_FILE.read_bytes() + PROJECT_FILE.read_bytes())
    return f"{digest.hexdigest()} {','.join(EXTRAS[profile])}"


def is_usable(python: Path) -> bool:
    """Whether this is an interpreter that runs and is new enough."""
    code = f"import sys; sys.exit(sys.version_info < {OLDEST_PYTHON})"
    return python.exists() and subprocess.run([str(python), "-c", code], check=False, capture_output=True).returncode == 0


def find_uv() -> str | None:
    """Find a uv on the PATH that runs (a shim may not)."""
    uv = shutil.which("uv")
    if uv and subprocess.run([uv, "--version"], check=False, capture_output=True).returncode == 0:
        return uv
    return None


def make_environment(uv: str | None) -> None:
    """Make `.venv` anew. Raises Missing where the system's Python comes without what that takes."""
    if VENV.is_symlink() or VENV.is_file():
        raise Missing(f"{VENV} is not a folder with a working Python. Remove it and start again.")
    shutil.rmtree(VENV, ignore_errors=True)
    python = find_python()
    if uv:
        run([uv, "venv", "--quiet", "--no-python-downloads", "--python", python, str(VENV)], ".venv")
        return
    made = subprocess.run([python, "-m", "venv", str(VENV)], check=False, capture_output=True, text=True)
    if made.returncode:
        shutil.rmtree(VENV, ignore_errors=True)
        if "ensurepip" in made.stdout + made.stderr or "No module named venv" in made.stderr:
            name = Path(os.path.realpath(python)).name
            raise Missing(
                f"{name} has no `venv`. Install it (Debian, Ubuntu: sudo apt-get install -y {name}-venv), "
                "or install uv (https://docs.astral.sh/uv/)."
            )
        raise Missing(f"`{python} -m venv {VENV}` failed: {(made.stderr or made.stdout).strip()[-500:]}")


def own_uv() -> str:
    """Install the uv that the lock file pins into `.venv`, and answer where it is."""
    pinned = re.search(r"^uv==.*(?:\n    --hash.*)+", LOCK_FILE.read_text(), re.MULTILINE)
    if pinned is None:
        raise Missing("requirements.lock does not pin uv.")
    if subprocess.run([str(PYTHON), "-m", "pip", "--version"], check=False, capture_output=True).returncode:
        run([str(PYTHON), "-m", "ensurepip"], "pip")
    requirement = VENV / "uv.txt"
    requirement.write_text(pinned[0] + "\n")
    run([str(PYTHON), "-m", "pip", "install", "--quiet", "--require-hashes", "--requirement", str(requirement)], "uv")
    return str(VENV / "bin" / "uv")


def run(command: list[str], what: str) -> None:
    """Run one step of the installation. Raises Missing when it fails."""
    if subprocess.run(command, check=False, cwd=ROOT).returncode:
        raise Missing(f"{what} could not be installed; the lines above say why. Is this machine online? Then start again.")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
