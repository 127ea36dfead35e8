"""eventlet changes the standard library under everything else, so it stays in the connector's own process."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FOREIGN = {"eventlet", "nameko", "kombu"}
PURE = ("connector.verdicts", "connector.lanes", "connector.transport", "connector.messages", "connector.confirms")
OTHERS = ("freehold", "functions", "realtime", "jobs_scheduler", "gateway", "infra", "tests")


def imports_of(file: Path) -> set[str]:
    found: set[str] = set()
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            found |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    return found


def sources(folder: str) -> list[Path]:
    return sorted((ROOT / folder).rglob("*.py"))


@pytest.mark.parametrize("folder", OTHERS)
def test_nothing_else_imports_it(folder: str) -> None:
    guilty = [
        str(file.relative_to(ROOT))
        for file in sources(folder)
        if {name.partition(".")[0] for name in imports_of(file)} & FOREIGN
    ]
    assert guilty == []


def green_modules() -> set[str]:
    """Find the connector's modules that import eventlet or nameko, directly or through one another."""
    imports = {".".join(file.relative_to(ROOT).with_suffix("").parts): imports_of(file) for file in sources("connector")}
    green = {module for module, names in imports.items() if {name.partition(".")[0] for name in names} & FOREIGN}
    while more := {module for module, names in imports.items() if module not in green and names & green}:
        green |= more
    return green


def test_no_part_and_no_test_imports_a_module_that_would_bring_it_in() -> None:
    green = green_modules()
    assert {"connector.green", "connector.main", "connector.calls"} <= green
    guilty = [file for folder in OTHERS for file in sources(folder) if imports_of(file) & green and not is_a_connector(file)]
    assert [str(file.relative_to(ROOT)) for file in guilty] == [], "a program of its own begins with `import connector.green`"


def is_a_connector(program: Path) -> bool:
    """Whether a program makes the library cooperative before it imports anything else."""
    statements = ast.parse(program.read_text(encoding="utf-8")).body
    first = next(statement for statement in statements if not isinstance(statement, ast.Expr))
    return ast.unparse(first) == "import connector.green"


def test_the_connectors_first_statement_makes_the_library_cooperative() -> None:
    assert is_a_connector(ROOT / "connector" / "__main__.py")
    assert not is_a_connector(ROOT / "connector" / "main.py")
    package = ast.parse((ROOT / "connector" / "__init__.py").read_text()).body
    assert all(isinstance(statement, ast.Expr) for statement in package), "the package itself imports nothing"


@pytest.mark.parametrize("module", [*PURE, "connector.deliveries", "connector.lease", "connector.outbox", "freehold.health"])
def test_modules_that_tests_use_do_not_load_it(module: str) -> None:
    program = f"import sys, {module}; print(sorted({FOREIGN!r} & set(sys.modules)))"
    ran = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, timeout=60, check=True)
    assert ran.stdout.strip() == "[]"


def test_this_test_process_is_free_of_it() -> None:
    assert not FOREIGN & {name.partition(".")[0] for name in sys.modules}
