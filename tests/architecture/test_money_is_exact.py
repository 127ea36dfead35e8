"""No float comes near money. Where money is handled, a float is a number of seconds, and its name says so."""

import ast
from collections.abc import Iterator

import pytest

from tests.architecture.sources import Source, sources

RULES = (
    "money", "money_process", "ledger", "escrow", "fees", "settlement", "holding", "milestones", "audit", "hiring", "hours",
    "weeks", "conversion", "fee_preview", "adjustments", "disputes", "dispute_case", "dispute_fees",
    "dispute_process",
)  # fmt: skip
AROUND = (
    "freehold/payments", "freehold/views", "functions/admin", "functions/disputes", "functions/escrow", "functions/hours",
    "functions/milestones",
    "functions/payments", "functions/payouts", "functions/fx", "functions/fees", "freehold/fx",
)  # fmt: skip
STORED = (
    "milestones", "commands", "audit", "jobs", "timesheets", "work_weeks", "week_reviews", "payees", "payout_accounts",
    "payment_methods", "quotes", "fees", "adjustments", "payout_lists", "disputes", "dispute_clock", "evidence",
)  # fmt: skip
DOCUMENTS = ("money", "work", "hours", "sandbox", "payouts", "operations", "disputes")
SECONDS = ("_s", "_S", "deadlines")


def named(folder: str, names: tuple[str, ...]) -> list[Source]:
    return [source for source in sources(folder) if source.module.rpartition(".")[2] in names]


def rules() -> list[Source]:
    return named("freehold/domain", RULES)


def around() -> list[Source]:
    return [*named("freehold/store", STORED), *named("freehold/documents", DOCUMENTS), *sources(*AROUND)]


def is_inexact(source: Source) -> Iterator[str]:
    """Find floats, their literals, and the division that makes them."""
    for node in source.nodes:
        if isinstance(node, ast.Name) and node.id == "float":
            yield f"{source.path}:{node.lineno} float"
        elif isinstance(node, ast.Constant) and isinstance(node.value, float | complex):
            yield f"{source.path}:{node.lineno} {node.value}"
        elif isinstance(node, ast.BinOp | ast.AugAssign) and isinstance(node.op, ast.Div):
            yield f"{source.path}:{node.lineno} /"


def is_inexact_but_for_seconds(source: Source) -> Iterator[str]:
    """The same, but for what a name says to be seconds."""
    of_seconds = {line for node in source.nodes for line in _lines_of_seconds(node)}
    for fault in is_inexact(source):
        line = int(fault.partition(":")[2].partition(" ")[0])
        if line not in of_seconds:
            yield fault


def _lines_of_seconds(node: ast.AST) -> Iterator[int]:
    named = {
        ast.AnnAssign: lambda found: ast.unparse(found.target),
        ast.Assign: lambda found: ast.unparse(found.targets[0]),
        ast.FunctionDef: lambda found: found.name,
        ast.arg: lambda found: found.arg,
        ast.keyword: lambda found: found.arg or "",
    }.get(type(node))
    if named is not None and named(node).endswith(SECONDS):
        yield node.lineno  # type: ignore[attr-defined]


def test_the_rules_of_money_know_no_float():
    assert len(rules()) == len(RULES)
    assert [fault for source in rules() for fault in is_inexact(source)] == []


def test_around_money_a_float_is_a_number_of_seconds():
    assert [fault for source in around() for fault in is_inexact_but_for_seconds(source)] == []


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("fee = amount * 0.1", "x.py:1 0.1"),
        ("fee = amount / 10", "x.py:1 /"),
        ("amount /= 2", "x.py:1 /"),
        ("class Fee:\n    share: float", "x.py:2 float"),
        ("fee = float(amount)", "x.py:1 float"),
    ],
)
def test_a_float_is_found(text, said):
    assert list(is_inexact(Source("x.py", text))) == [said]
    assert list(is_inexact_but_for_seconds(Source("x.py", text))) == [said]


def test_seconds_may_have_fractions():
    assert list(is_inexact_but_for_seconds(Source("x.py", "WAIT_S: Final = 2.5\ndef f(wait_s: float = 1): ..."))) == []
