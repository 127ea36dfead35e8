"""How much a client lets go by a step: what asks for their password once more."""

import msgspec
import pytest

from freehold.domain.escrow import LETS_GO, let_go
from freehold.domain.holding import Balances, Holding
from freehold.domain.legs import Leg, Proposal
from freehold.domain.money import Money
from freehold.domain.money_process import PROCESS

HELD = Holding(amount=Money(10_000, "EUR"), balances=Balances(escrow=7_000))
RELEASED = Leg(number=1, kind="release", gross=3_000, fee=100, origin="funded", state="done")


def released_before(holding: Holding = HELD) -> Holding:
    return msgspec.structs.replace(holding, legs=(RELEASED,))


@pytest.mark.parametrize("transition", ["release", "propose_split"])
def test_all_that_is_held_or_the_part_that_is_named(transition):
    assert let_go(HELD, transition) == Money(7_000, "EUR")
    assert let_go(HELD, transition, 1) == Money(1, "EUR")
    assert let_go(HELD, transition, 0) == Money(0, "EUR")


def test_what_was_released_before_counts_but_nothing_counts_when_nothing_more_goes():
    assert let_go(released_before(), "release", 500) == Money(3_500, "EUR")
    assert let_go(released_before(), "release", 0) == Money(0, "EUR")
    assert let_go(msgspec.structs.replace(released_before(), balances=Balances()), "release") == Money(0, "EUR")


def test_an_accepted_split_is_what_was_proposed_whatever_part_is_named():
    proposed = msgspec.structs.replace(HELD, proposal=Proposal(by="freelancer", part=6_000))
    assert let_go(proposed, "accept_split") == Money(6_000, "EUR")
    assert let_go(proposed, "accept_split", 1) == Money(6_000, "EUR")
    assert let_go(HELD, "accept_split", 1) == Money(0, "EUR")


def test_every_step_of_a_client_that_opens_a_release_lets_money_go():
    opening = {row.transition for row in PROCESS if row.by == "client" and "release" in row.opens}
    assert opening == LETS_GO - {"propose_split"}
    for transition in ("submit", "request_changes", "refund", "cancel", "fund"):
        assert let_go(released_before(), transition) == Money(0, "EUR")
