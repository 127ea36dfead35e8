"""What every function declares: its name, its repetition, its refusals, its pages; and that readers only read."""

import ast
from collections.abc import Iterator
from typing import Annotated, Any, get_args, get_origin, get_type_hints

import pytest
from msgspec import Meta, Struct, structs

from freehold.edge import Call, declaration_of, endpoint
from freehold.edge.declare import LONGEST_NAME, Declaration
from freehold.edge.discovery import find_all
from freehold.edge.pagination import LARGEST_PAGE, Page, PageQuery
from freehold.edge.problems import NotFound
from freehold.ids import JobPath
from tests.architecture.sources import Source, sources

NOT_KEYED = {
    "auth-login": "there is nobody yet whose key it could be",
    "auth-logout": "to end a session twice is to end it once",
    "auth-refresh-token": "a refresh token is good once; its own generation recognises a repetition",
    "auth-register": "there is nobody yet whose key it could be",
    "payments-receive-webhook": "an event's own id says that it comes again",
    "payouts-check-payout-account": "to ask again is to ask again: nothing is stored but the question",
    "realtime-create-ticket": "a stored answer would be a stored ticket",
}
DECLARE = {"endpoint", "on_event", "sweep"}
NOT_PAGED = {
    "auth-list-keys": "the operator's few public keys, out of the settings",
    "payments-list-gateways": "the few gateways that there are adapters for",
}


class Things(Struct, frozen=True):
    """Planted: a list without an end."""

    items: list[str]


class AnyLimit(Struct, frozen=True):
    """Planted: pages of any size."""

    limit: Annotated[int, Meta(ge=1)] = 20
    cursor: str | None = None


def forgets_repetition(item: Declaration) -> Iterator[str]:
    writes = item.kind == "endpoint" and item.method != "GET"
    if writes and not item.idempotent and item.name not in NOT_KEYED:
        yield f"{item.name} takes no idempotency key"
    if item.idempotent and not item.transaction:
        yield f"{item.name} would take a key, but has no transaction to store its answer in"


def hides_not_found(item: Declaration) -> Iterator[str]:
    if item.path_type is not None and not any(issubclass(error, NotFound) for error in item.errors):
        yield f"{item.name} names a thing in its path, and does not declare NotFound"


def has_no_end(item: Declaration) -> Iterator[str]:
    """Find lists that do not come in pages of a bounded size."""
    answer = get_origin(item.answer_type) or item.answer_type
    is_struct = isinstance(answer, type) and issubclass(answer, Struct)
    fields = {field.name for field in structs.fields(answer)} if is_struct else set()
    is_list = "items" in fields or (item.reads_only and item.module.rpartition(".")[2].startswith("list_"))
    if not is_list or item.name in NOT_PAGED:
        return
    if not {"items", "next_cursor"} <= fields:
        yield f"{item.name} answers a list without next_cursor"
    if not _has_page_limit(item.query_type):
        yield f"{item.name} takes no limit of at most {LARGEST_PAGE}"


def _has_page_limit(query: type[Struct] | None) -> bool:
    limit: Any = get_type_hints(query, include_extras=True).get("limit") if query else None
    return any(isinstance(meta, Meta) and meta.le is not None and meta.le <= LARGEST_PAGE for meta in get_args(limit)[1:])


def writes_while_reading(source: Source) -> Iterator[str]:
    """Find a GET that opens a transaction or uses one."""
    if '@endpoint("GET ' in source.text:
        for node in source.nodes:
            if isinstance(node, ast.Attribute) and node.attr in {"unit", "transact"}:
                yield f"{source.path}:{node.lineno} is a GET and uses {node.attr}"


def ignores_the_caller(source: Source) -> Iterator[str]:
    """Find an endpoint for signed-in people that never asks who calls, so that it cannot tell whose the thing is."""
    for_people = any(f'auth="{role}"' in source.text for role in ("user", "freelancer", "employer"))
    asks = any(isinstance(node, ast.Attribute) and node.attr == "caller" for node in source.nodes)
    if for_people and not asks:
        yield f"{source.path} is for signed-in people and never asks who calls"


def declares_otherwise(source: Source) -> Iterator[str]:
    """Find a module that does not declare exactly one function, called as the module is."""
    declared = [
        node.name for node in source.tree.body if isinstance(node, ast.AsyncFunctionDef) and DECLARE & set(_marks(node))
    ]
    if declared != [source.module.rpartition(".")[2]]:
        yield f"{source.path} declares {declared}"


def _marks(node: ast.AsyncFunctionDef) -> list[str]:
    return [ast.unparse(mark.func) for mark in node.decorator_list if isinstance(mark, ast.Call)]


def handlers() -> tuple[Source, ...]:
    return tuple(source for source in sources("functions") if not source.path.endswith("__init__.py"))


@pytest.mark.parametrize("rule", [forgets_repetition, hides_not_found, has_no_end])
def test_every_declaration_keeps_the_rule(rule):
    assert [fault for item in find_all() for fault in rule(item)] == []


@pytest.mark.parametrize("rule", [writes_while_reading, ignores_the_caller, declares_otherwise])
def test_every_module_of_a_function_keeps_the_rule(rule):
    assert [fault for source in handlers() for fault in rule(source)] == []


def test_names_are_unique_and_short_enough_for_openfaas():
    names = [item.name for item in find_all()]
    assert len(set(names)) == len(names)
    assert max(len(name) for name in names) <= LONGEST_NAME == 63


def test_no_two_endpoints_answer_the_same_request():
    routes = [f"{item.method} {item.path}" for item in find_all() if item.kind == "endpoint"]
    assert sorted(set(routes)) == sorted(routes)


def test_what_is_excepted_still_exists_and_still_needs_it():
    by_name = {item.name: item for item in find_all()}
    assert [name for name in NOT_KEYED if by_name[name].idempotent or by_name[name].method == "GET"] == []
    assert [name for name in NOT_PAGED if "next_cursor" in str(by_name[name].answer_type)] == []


@endpoint("POST /api/things", auth="user", idempotent=False)
async def unkeyed(call: Call) -> None:
    """Planted."""


@endpoint("POST /api/things", auth="user", transaction=False)
async def keyed_in_vain(call: Call) -> None:
    """Planted."""


@endpoint("GET /api/things/{id}", auth="user")
async def never_missing(call: Call, path: JobPath) -> None:
    """Planted."""


@endpoint("GET /api/things", auth="user")
async def endless(call: Call, query: PageQuery) -> Things:
    """Planted."""


@endpoint("GET /api/things", auth="user")
async def as_many_as_you_like(call: Call, query: AnyLimit) -> Page[str]:
    """Planted."""


@pytest.mark.parametrize(
    ("rule", "handler", "said"),
    [
        (forgets_repetition, unkeyed, "takes no idempotency key"),
        (forgets_repetition, keyed_in_vain, "has no transaction"),
        (hides_not_found, never_missing, "does not declare NotFound"),
        (has_no_end, endless, "without next_cursor"),
        (has_no_end, as_many_as_you_like, "takes no limit of at most 100"),
    ],
)
def test_each_rule_finds_a_declaration_that_breaks_it(rule, handler, said):
    (fault,) = rule(declaration_of(handler))
    assert said in fault


ONE = '@endpoint("GET /api/jobs", auth="user")\nasync def planted(call): return call.caller\n'


@pytest.mark.parametrize(
    ("rule", "text", "said"),
    [
        (declares_otherwise, "", "declares []"),
        (declares_otherwise, ONE.replace("planted", "other"), "declares ['other']"),
        (declares_otherwise, ONE + "@sweep(every='1s')\nasync def second(call): ...", "declares ['planted', 'second']"),
        (writes_while_reading, ONE + "def f(call): call.unit.insert(1)", "is a GET and uses unit"),
        (ignores_the_caller, ONE.replace("call.caller", "call.now"), "never asks who calls"),
    ],
)
def test_each_rule_finds_a_module_that_breaks_it(rule, text, said):
    (fault,) = rule(Source("functions/jobs/planted.py", text))
    assert said in fault
    assert list(rule(Source("functions/jobs/planted.py", ONE))) == []
