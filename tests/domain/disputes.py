"""What tests of disputes start from: a case, and ways to take it further."""

from datetime import UTC, datetime

from freehold.domain.dispute_case import Case, Facts
from freehold.domain.dispute_fees import CURRENT_DISPUTE_FEES
from freehold.domain.dispute_process import Actor, Party, Transition
from freehold.domain.disputes import take
from freehold.domain.money import Money

NOW = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
Z = 10_000


def filed(filer: Party = "client", *, claim: int = Z, disputed: int = Z) -> Case:
    """Give a dispute that was filed a moment ago."""
    fee = CURRENT_DISPUTE_FEES.fee_in("USD")
    return Case(state="filed", filer=filer, disputed=Money(disputed, "USD"), claim=claim, fee=fee)


def after(case: Case, *steps: tuple[Transition, Actor] | tuple[Transition, Actor, dict]) -> Case:
    """Take these steps: (transition, actor), and facts where a step needs any."""
    for transition, actor, *facts in steps:
        case = take(case, transition, by=actor, facts=Facts(now=NOW, **(facts[0] if facts else {}))).after
    return case


def negotiating(filer: Party = "client", **fields: int) -> Case:
    """Give a dispute whose parties negotiate."""
    return after(filed(filer, **fields), ("contest", "respondent"))


def proposed(filer: Party = "client", *, to_freelancer: int = 4_000) -> Case:
    """Give a dispute in which the mediator has made a proposal."""
    proposal = {"to_freelancer": to_freelancer, "text": "Half of it was delivered."}
    return after(negotiating(filer), ("escalate", "filer"), ("propose", "mediator", proposal))


def in_ruling(filer: Party = "client", **fields: int) -> Case:
    """Give a dispute that is to be ruled."""
    proposal = {"to_freelancer": 0, "text": "Nothing came."}
    steps = (("escalate", "filer"), ("propose", "mediator", proposal), ("refuse_proposal", "respondent"))
    return after(negotiating(filer, **fields), *steps)
