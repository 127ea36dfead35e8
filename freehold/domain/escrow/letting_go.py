"""How much money a client lets go by a step of theirs: what asks for their password once more from a limit on."""

from typing import Final

from freehold.domain.holding import Holding
from freehold.domain.money import Money
from freehold.domain.money_process import Transition

LETS_GO: Final = frozenset({"release", "propose_split", "accept_split"})
"""Steps of a client by which the freelancer gets money, or needs nothing but a step of their own to get it."""


def let_go(holding: Holding, transition: Transition, part: int | None = None) -> Money:
    """Say what the freelancer will have got of a milestone in all: this step and what was released before (gross).

    In all, so that a large amount is not let go in many small parts. `part` is in minor units; null is all that is held.
    Nothing for a step that lets nothing go.
    """
    currency = holding.amount.currency
    if transition not in LETS_GO:
        return Money(0, currency)
    if transition == "accept_split":
        part = holding.proposal.part if holding.proposal else 0
    now = holding.balances.escrow if part is None else part
    return Money(holding.released + now if now > 0 else 0, currency)
