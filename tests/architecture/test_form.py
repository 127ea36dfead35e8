"""Every file can be read in one sitting, says by its name what is in it, and keeps to itself what is its own.

What ruff holds (docstrings, nothing left for later, no blind excepts without a word) is not tested again here.
"""

import ast
import re
from collections.abc import Iterator

import pytest

from tests.architecture.sources import Source, everything, product

LONGEST_FILE = 350
LONGEST_FUNCTION = 60
SAY_NOTHING = {
    "base", "bases", "common", "core", "helper", "helpers", "lib", "libs", "manager", "managers", "misc", "shared", "stuff",
    "util", "utils", "utilities",
}  # fmt: skip
CATCH_ALL = {
    "freehold/edge/app.py": "the edge translates every error, once",
    "connector/main.py": "the process ends with what its container died of",
    "realtime/loops.py": "a loop of the relay outlives one bad round",
    "freehold/store/driver/wire.py": "whatever breaks off an exchange, its connection is closed, and it is raised again",
}
MAY_REACH_INTO = {("freehold/store/driver/", "pymongo"): "ADR 19: shortcuts through PyMongo, whose version is pinned"}

Function = ast.FunctionDef | ast.AsyncFunctionDef


def too_long(source: Source) -> Iterator[str]:
    lines = source.text.count("\n")
    if lines > LONGEST_FILE:
        yield f"{source.path} has {lines} lines"
    for node in source.nodes:
        if isinstance(node, Function) and (node.end_lineno or 0) - node.lineno + 1 > LONGEST_FUNCTION:
            yield f"{source.path}:{node.lineno} {node.name} has {(node.end_lineno or 0) - node.lineno + 1} lines"


def says_nothing(source: Source) -> Iterator[str]:
    for part in source.module.split("."):
        if SAY_NOTHING & set(part.split("_")):
            yield f"{source.path}: the name {part!r} says nothing"


def reaches_into(source: Source) -> Iterator[str]:
    """Find imports of what another module keeps to itself."""
    for module, name in source.names_imported():
        may = any(source.path.startswith(place) and module.startswith(whose) for place, whose in MAY_REACH_INTO)
        if name.startswith("_") and not name.startswith("__") and not may:
            yield f"{source.path} takes {name} out of {module}"


def catches_everything(source: Source) -> Iterator[str]:
    for node in source.nodes:
        if isinstance(node, ast.ExceptHandler) and source.path not in CATCH_ALL:
            caught = ast.unparse(node.type) if node.type else "everything"
            if caught in {"Exception", "BaseException", "everything"}:
                yield f"{source.path}:{node.lineno} catches {caught}"


def test_every_file_and_every_function_can_be_read_in_one_sitting():
    assert [fault for source in everything() for fault in too_long(source)] == []


def test_no_module_has_a_name_that_says_nothing():
    assert [fault for source in everything() for fault in says_nothing(source)] == []


def test_nobody_imports_what_another_module_keeps_to_itself():
    assert [fault for source in product() for fault in reaches_into(source)] == []


def test_every_error_is_caught_where_it_is_known_and_only_at_an_edge_all_of_them():
    assert [fault for source in product() for fault in catches_everything(source)] == []


def test_each_place_that_may_catch_everything_still_does():
    catching = {source.path for source in product() if re.search(r"except (Base)?Exception\b", source.text)}
    assert catching == set(CATCH_ALL)


@pytest.mark.parametrize(
    ("rule", "path", "text", "said"),
    [
        (too_long, "freehold/long.py", "\n" * 351, "freehold/long.py has 351 lines"),
        (too_long, "freehold/long.py", "async def go():\n" + "    1\n" * 60, "freehold/long.py:1 go has 61 lines"),
        (says_nothing, "functions/jobs/job_utils.py", "", "functions/jobs/job_utils.py: the name 'job_utils' says nothing"),
        (says_nothing, "freehold/_common/ids.py", "", "freehold/_common/ids.py: the name '_common' says nothing"),
        (reaches_into, "freehold/x.py", "from freehold.ids import _clock", "freehold/x.py takes _clock out of freehold.ids"),
        (catches_everything, "freehold/x.py", "try:\n 1\nexcept Exception:\n 2", "freehold/x.py:3 catches Exception"),
        (catches_everything, "freehold/x.py", "try:\n 1\nexcept:\n 2", "freehold/x.py:3 catches everything"),
    ],
)
def test_each_rule_finds_what_breaks_it(rule, path, text, said):
    assert list(rule(Source(path, text))) == [said]


def test_what_is_just_within_the_limits_passes():
    source = Source("freehold/fine.py", "def go():\n" + "    1\n" * 59 + "\n" * 290)
    assert list(too_long(source)) == []
