"""Finding declared functions: one by name (a deployed process), or all of them (the local front, the generator)."""

import importlib
import importlib.util
import pkgutil
from collections.abc import Iterable

from freehold.edge.declare import PACKAGE, Declaration, declaration_of, module_of


class UnknownFunction(Exception):  # noqa: N818 - it names what is wrong
    """No function of this name exists."""


def find(names: Iterable[str]) -> list[Declaration]:
    """Import the modules of these functions, and no others."""
    return [_declared_in(_module(name)) for name in names]


def find_all() -> list[Declaration]:
    """Import every function, in the order of their names."""
    package = importlib.import_module(PACKAGE)
    modules = sorted(info.name for info in pkgutil.walk_packages(package.__path__, f"{PACKAGE}.") if not info.ispkg)
    return [_declared_in(module) for module in modules]


def _module(name: str) -> str:
    module = module_of(name)
    if importlib.util.find_spec(module.rpartition(".")[0]) is None or importlib.util.find_spec(module) is None:
        raise UnknownFunction(f"there is no function {name!r} (looked for {module})")
    return module


def _declared_in(module: str) -> Declaration:
    found = [
        declaration
        for value in vars(importlib.import_module(module)).values()
        if (declaration := declaration_of(value)) is not None and declaration.module == module
    ]
    if len(found) != 1:
        raise UnknownFunction(f"{module} must declare exactly one function, not {len(found)}")
    return found[0]
