"""Asking the tests about one mutant: a process that has loaded everything but our rules forks, and loads these changed.

Nothing on the disk changes. Hypothesis draws the same examples each time, so that a verdict is the same each time.
"""

import importlib
import os
import resource
import sys
from collections.abc import Iterable, Sequence
from importlib.abc import MetaPathFinder, SourceLoader
from importlib.machinery import ModuleSpec
from importlib.util import spec_from_file_location
from pathlib import Path
from types import FrameType
from typing import Final, NoReturn

import msgspec
import pytest
from hypothesis import Phase, settings

from tests.mutants.changed import ROOT, TESTS, core, module_of
from tests.mutants.mutating import Mutant

SMALL: Final = {"FREEHOLD_EXAMPLES": "25", "FREEHOLD_STEPS": "40", "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
MEMORY_BYTES: Final = 4 * 1024**3
"""More than any test needs: a mutant that grows without end meets it."""
SURVIVED, KILLED = 0, 1
NO_PROGRAM: Final = 77
_QUIET: Final = ("-q", "-x", "--no-header", "--no-summary", "--tb=no", "--assert=plain", "--confcutdir", str(TESTS))
_LOADED_BEFORE: Final = ("cryptography.hazmat.primitives.asymmetric.ed25519", "hypothesis.stateful", "iso4217", "stdnum.eu.vat")


class Seen(msgspec.Struct, frozen=True):
    """What the tests do when nothing is changed: of each the functions of the core that it calls, and its time (s)."""

    functions: dict[str, frozenset[str]]
    seconds: dict[str, float]

    def tests_of(self, places: Iterable[str]) -> list[str]:
        """List the tests that call one of the functions, first those that call much in little time."""
        wanted = frozenset(places)
        return self._telling(test for test, called in self.functions.items() if called & wanted)

    def tests_of_tables(self) -> list[str]:
        """List the tests of every file that is about the core: a test may read a table and call nothing."""
        files = {_file_of(test) for test, called in self.functions.items() if called}
        return self._telling(test for test in self.functions if _file_of(test) in files)

    def _telling(self, tests: Iterable[str]) -> list[str]:
        return sorted(tests, key=lambda test: self.seconds[test] / max(1, len(self.functions[test])))


def _file_of(test: str) -> str:
    return test.partition("::")[0]


def prepare() -> None:
    """Load what every mutant needs, so that a fork finds it there."""
    os.environ |= SMALL
    os.chdir(ROOT)
    sys.dont_write_bytecode, sys.pycache_prefix = False, str(ROOT / ".freehold" / "bytecode")  # what is unchanged compiles once
    settings.register_profile(
        "mutants", derandomize=True, max_examples=40, database=None, deadline=None, phases=(Phase.explicit, Phase.generate)
    )
    settings.load_profile("mutants")
    for name in _LOADED_BEFORE:
        importlib.import_module(name)
    pytest.main([*_QUIET, "--collect-only", str(Path(__file__).parent)])  # no test is there: it only loads what pytest needs


def ask(mutant: Mutant, tests: Sequence[str], *, limit_s: int, killer: Path) -> NoReturn:
    """In a forked process: run the tests over the mutant until one fails, write its name down, and exit with the verdict."""
    if not mutant.is_another_program:
        os._exit(NO_PROGRAM)
    resource.setrlimit(resource.RLIMIT_CPU, (limit_s, limit_s + 1))
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    _be_silent()
    sys.meta_path.insert(0, _Changed(mutant))
    os._exit(_pytest(tests, _Chosen(tests, killer)))


def watch(into: Path) -> NoReturn:
    """In a forked process: run all tests over what is not changed, write down what each calls, and exit like pytest."""
    watcher = _Watcher()
    code = pytest.main([*_QUIET[2:], "-q", str(TESTS)], plugins=[watcher])
    into.write_bytes(
        msgspec.json.encode(Seen({name: frozenset(called) for name, called in watcher.called.items()}, watcher.seconds))
    )
    os._exit(code)


def _pytest(tests: Sequence[str], plugin: object) -> int:
    """Ask the first file alone: mostly it is the one that notices, and to load all of them takes longer than to run them."""
    files = list(dict.fromkeys(map(_file_of, tests)))
    try:
        return next(
            (code for some in (files[:1], files[1:]) if some and (code := pytest.main([*_QUIET, *some], [plugin]))), SURVIVED
        )
    except BaseException:  # noqa: BLE001 - whatever a mutant does to the run, nobody would let it pass
        return KILLED


def _be_silent() -> None:
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    os.dup2(nowhere, 2)


class _Changed(MetaPathFinder, SourceLoader):
    """Loads one module from the mutant's text; no byte code of it is read or written."""

    def __init__(self, mutant: Mutant) -> None:
        self._mutant, self._module = mutant, module_of(mutant.path)

    def find_spec(self, fullname: str, path: object = None, target: object = None) -> ModuleSpec | None:  # noqa: ARG002
        if fullname != self._module:
            return None
        file = self._mutant.path
        folder = [str(file.parent)] if file.name == "__init__.py" else None
        return spec_from_file_location(fullname, file, loader=self, submodule_search_locations=folder)

    def get_filename(self, fullname: str) -> str:  # noqa: ARG002
        return str(self._mutant.path)

    def get_data(self, path: str) -> bytes:
        if path != str(self._mutant.path):
            raise OSError(path)
        return self._mutant.source

    def path_stats(self, path: str) -> dict[str, int]:
        raise OSError(path)


class _Chosen:
    """Runs the chosen tests in their order, and writes down which of them failed first."""

    def __init__(self, tests: Sequence[str], killer: Path) -> None:
        self._tests, self._killer = tests, killer

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        """Take all cases of a chosen test, for a mutant may change which cases there are."""
        place = {test: number for number, test in enumerate(self._tests)}
        for test, number in list(place.items()):
            place.setdefault(test.partition("[")[0], number)
        chosen = [item for item in items if item.nodeid.partition("[")[0] in place]
        items[:] = sorted(chosen, key=lambda item: place.get(item.nodeid, place[item.nodeid.partition("[")[0]]))

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.failed:
            self._killer.write_text(report.nodeid)


class _Watcher:
    """Notes which functions of the core a test calls, and how long it takes."""

    def __init__(self) -> None:
        self.called: dict[str, set[str]] = {}
        self.seconds: dict[str, float] = {}
        self._files = {str(path) for path in core()}

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_call(self, item: pytest.Item):
        called, files = self.called.setdefault(item.nodeid, set()), self._files

        def note(frame: FrameType, event: str, _: object) -> None:
            if event == "call" and frame.f_code.co_filename in files:
                called.add(f"{frame.f_code.co_filename}:{frame.f_code.co_firstlineno}")

        sys.setprofile(note)
        try:
            return (yield)
        finally:
            sys.setprofile(None)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.when == "call":
            self.seconds[report.nodeid] = report.duration
