"""Which functions share a process in the Community Edition profile, which refuses a 16th function.

Two things part functions: their secrets (a process holds what any of its functions needs), and how their load grows. The
groups are named here by hand, so that a new function does not move the others.
"""

from collections.abc import Iterable
from typing import Final

from freehold.edge.declare import Declaration
from freehold.settings import GATEWAY_SECRETS

MOST_GROUPS: Final = 15
SIGNING_IN: Final = "auth"
"""Holds the private keys of people's tokens, and therefore nothing else."""
PAYMENTS: Final = "payments"
"""Talks to payment gateways, and holds their keys: that context, and whatever declares those secrets."""
PAPERS: Final = "papers"
"""Sets pages and sends mail: needs the memory for the one and holds the account for the other."""
LEDGER: Final = "ledger"
"""Holds the private key that signs the ledger's checkpoints: the one sweep that appends to its log."""
REACTIONS: Final = "reactions"
SWEEPS: Final = "sweeps"

ENDPOINTS: Final = {
    "auth": "people",
    "users": "people",
    "jobs": "jobs",
    "applications": "hiring",
    "projects": "hiring",
    "reviews": "hiring",
    "hours": "hiring",
    "milestones": "money",
    "escrow": "money",
    "invoices": "money",
    "taxes": "people",
    "payments": "payments",
    "payouts": "payments",
    "fx": "money",
    "fees": "money",
    "disputes": "money",
    "evidence": "files",
    "notifications": "notices",
    "realtime": "notices",
    "admin": "admin",
    "ledger": "admin",
    "liabilities": "admin",
    "platform": "platform",
}
"""The group of each context's endpoints."""
OWN_GROUPS: Final = {"payments": PAYMENTS, "papers": PAPERS, "mails": PAPERS}
"""Contexts all of whose functions are together, whatever calls them."""


class NoGroup(Exception):  # noqa: N818 - it names what is wrong
    """A function fits into no group; the message says what to do."""


def group_of(declaration: Declaration) -> str:
    """Name the group of a function. Raises NoGroup for a context that is not known here."""
    if declaration.secrets:
        return _keeper_of_secrets(declaration)
    if declaration.context in OWN_GROUPS:
        return OWN_GROUPS[declaration.context]
    if declaration.kind != "endpoint":
        return REACTIONS if declaration.kind == "reaction" else SWEEPS
    try:
        return ENDPOINTS[declaration.context]
    except KeyError:
        raise NoGroup(f"give the context {declaration.context!r} a group in infra/manifest/grouping.py") from None


def group_names() -> tuple[str, ...]:
    """Name all groups, also those that have no function yet."""
    return tuple(sorted({SIGNING_IN, *OWN_GROUPS.values(), LEDGER, REACTIONS, SWEEPS, *ENDPOINTS.values()}))


def by_group(declarations: Iterable[Declaration]) -> dict[str, list[Declaration]]:
    """Gather functions by their group, both in the order of their names."""
    groups: dict[str, list[Declaration]] = {}
    for declaration in sorted(declarations, key=lambda item: (group_of(item), item.name)):
        groups.setdefault(group_of(declaration), []).append(declaration)
    return groups


def _keeper_of_secrets(declaration: Declaration) -> str:
    if declaration.context == "auth":
        return SIGNING_IN
    if set(declaration.secrets) <= set(GATEWAY_SECRETS):
        return PAYMENTS
    if declaration.context in OWN_GROUPS:
        return OWN_GROUPS[declaration.context]
    if declaration.context == "ledger" and declaration.kind == "sweep":
        return LEDGER
    raise NoGroup(f"{declaration.name} needs {', '.join(declaration.secrets)}; give it a group in infra/manifest/grouping.py")
