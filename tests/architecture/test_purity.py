"""Rules are pure: the same in, the same out. Time, chance and the environment come in by few doors, and these are named."""

import ast
from collections.abc import Iterator

import pytest

from tests.architecture.sources import Source, is_within, product, sources

PURE_LIBRARIES = (
    "base64", "binascii", "collections", "datetime", "hashlib", "iso4217", "msgspec", "re", "stdnum", "typing", "unicodedata",
)  # fmt: skip
OF_THE_WORLD = (
    "asyncio",
    "multiprocessing",
    "os",
    "random",
    "secrets",
    "socket",
    "subprocess",
    "sys",
    "threading",
    "time",
    "uuid",
)
IMPURE_CALLS = {"__import__", "eval", "exec", "id", "input", "open", "print", "now", "today", "utcnow"}
READ_THE_ENVIRONMENT = (
    "connector.main",
    "freehold.edge.server",
    "freehold.settings",
    "infra",
    "jobs_scheduler.__main__",
)
READ_THE_WALL_CLOCK = {
    "freehold/edge/tokens.py": "a token's times are seconds of the wall clock (RFC 7519)",
    "freehold/ids.py": "identifiers are ordered by the time of their making",
    "freehold/internal_calls.py": "a call's token lives for seconds of the wall clock",
    "freehold/logs.py": "a line of a log says when it was written",
    "freehold/store/unit.py": "the one clock for records of the past",
}


def knows_the_world(source: Source, libraries: tuple[str, ...], own: tuple[str, ...]) -> Iterator[str]:
    """Find what a module of rules imports beside these libraries and its own kind."""
    for line, module in source.imports():
        if not is_within(module, *libraries, *own):
            yield f"{source.path}:{line} imports {module}"


def calls_the_world(source: Source) -> Iterator[str]:
    for node in source.nodes:
        if isinstance(node, ast.Call):
            name = ast.unparse(node.func).rpartition(".")[2]
            if name in IMPURE_CALLS:
                yield f"{source.path}:{node.lineno} calls {name}"


def remembers(source: Source) -> Iterator[str]:
    """Find module-level state that a function rebinds."""
    for node in source.nodes:
        if isinstance(node, ast.Global | ast.Nonlocal):
            yield f"{source.path}:{node.lineno} rebinds {', '.join(node.names)}"


def imports_the_world(source: Source) -> Iterator[str]:
    """Find what a function takes from the machine itself, not from its call."""
    for line, module in source.imports():
        if is_within(module, *OF_THE_WORLD):
            yield f"{source.path}:{line} imports {module}"


def reads_the_environment(source: Source) -> Iterator[str]:
    for node in source.nodes:
        asks = isinstance(node, ast.Attribute) and node.attr in {"environ", "environb", "getenv"}
        if asks and not is_within(source.module, *READ_THE_ENVIRONMENT):
            yield f"{source.path}:{node.lineno} reads the environment"


def reads_the_wall_clock(source: Source) -> Iterator[str]:
    for node in source.nodes:
        words = ast.unparse(node.func) if isinstance(node, ast.Call) else ""
        if words in {"time.time", "time.time_ns", "datetime.now", "datetime.utcnow", "datetime.today", "date.today"}:
            yield f"{source.path}:{node.lineno} reads the wall clock"


def rules_know(source: Source) -> Iterator[str]:
    return knows_the_world(source, PURE_LIBRARIES, ("freehold.domain",))


def documents_know(source: Source) -> Iterator[str]:
    return knows_the_world(source, ("datetime", "hashlib", "msgspec", "typing"), ("freehold.domain", "freehold.documents"))


def test_the_rules_import_nothing_but_each_other_and_pure_libraries():
    assert [fault for source in sources("freehold/domain") for fault in rules_know(source)] == []


def test_documents_are_rules_and_types_alone():
    assert [fault for source in sources("freehold/documents") for fault in documents_know(source)] == []


def test_the_rules_ask_no_clock_and_no_file_and_remember_nothing():
    pure = sources("freehold/domain", "freehold/documents", "freehold/views")
    assert [fault for source in pure for rule in (calls_the_world, remembers) for fault in rule(source)] == []


def test_a_function_takes_time_chance_and_settings_from_its_call():
    handlers = sources("functions")
    rules = (imports_the_world, reads_the_wall_clock)
    assert [fault for source in handlers for rule in rules for fault in rule(source)] == []


def test_the_environment_is_read_only_where_a_process_begins():
    assert [fault for source in product() for fault in reads_the_environment(source)] == []


def test_the_library_reads_the_wall_clock_only_where_it_is_said_why():
    found = {source.path for source in sources("freehold") if any(reads_the_wall_clock(source))}
    assert found == set(READ_THE_WALL_CLOCK)


RULE = "freehold/domain/planted.py"
DOCUMENT = "freehold/documents/planted.py"
FUNCTION = "functions/jobs/planted.py"


@pytest.mark.parametrize(
    ("rule", "path", "text", "said"),
    [
        (rules_know, RULE, "import os", f"{RULE}:1 imports os"),
        (rules_know, RULE, "def f():\n    import random", f"{RULE}:2 imports random"),
        (rules_know, RULE, "from freehold.ids import new_id", f"{RULE}:1 imports freehold.ids"),
        (rules_know, RULE, "import collections_like", f"{RULE}:1 imports collections_like"),
        (documents_know, DOCUMENT, "import re", f"{DOCUMENT}:1 imports re"),
        (calls_the_world, RULE, "x = datetime.now(UTC)", f"{RULE}:1 calls now"),
        (calls_the_world, RULE, "x = open('f')", f"{RULE}:1 calls open"),
        (remembers, RULE, "def f():\n    global x\n    x = 1", f"{RULE}:2 rebinds x"),
        (imports_the_world, FUNCTION, "from uuid import uuid4", f"{FUNCTION}:1 imports uuid"),
        (imports_the_world, FUNCTION, "import os.path", f"{FUNCTION}:1 imports os.path"),
        (reads_the_wall_clock, FUNCTION, "x = datetime.now(UTC)", f"{FUNCTION}:1 reads the wall clock"),
        (reads_the_environment, FUNCTION, "x = os.environ['A']", f"{FUNCTION}:1 reads the environment"),
        (reads_the_environment, FUNCTION, "x = os.getenv('A')", f"{FUNCTION}:1 reads the environment"),
    ],
)
def test_each_rule_finds_what_breaks_it(rule, path, text, said):
    assert list(rule(Source(path, text))) == [said]
