"""The transition function of a dispute: from what is the case and what happens, to what is the case next.

Pure: the same in tests, in functions, in sweeps. It reads the process table and decides; the store writes what it returns,
together with the step of the milestone's money that the row names. Deadlines are not judged here: the store's filter compares
them with the database's clock.
"""

from collections.abc import Callable
from typing import Final, Literal

import msgspec
from msgspec import Struct

from freehold.domain.dispute_case import (
    NOTES_LIMIT,
    OFFERS_PER_SIDE,
    AlreadyAccepted,
    Case,
    Facts,
    Offer,
    OfferNotStanding,
    Outcome,
    Proposal,
    SplitNotPayable,
    TooManyNotes,
    TooManyOffers,
)
from freehold.domain.dispute_fees import fee_for, is_payable, payers_of, scaled, split_of
from freehold.domain.dispute_process import (
    FEE_PAYERS,
    PROCESS,
    Actor,
    Condition,
    Guard,
    OutcomeKind,
    Party,
    Row,
    Transition,
    actors_of,
    rows_for,
)
from freehold.domain.errors import Fault, Refused
from freehold.domain.holding import SMALLEST_AMOUNT_MINOR
from freehold.domain.money import Money
from freehold.domain.process import NotInThisState, NotYourStep


class Step(Struct, frozen=True, kw_only=True):
    """What one transition does: the row that allowed it, and what is the case before and afterwards."""

    row: Row
    before: Case
    after: Case


def take(case: Case, transition: Transition, *, by: Actor, facts: Facts) -> Step:
    """Take a step. Raises NotInThisState, NotYourStep, or the refusal of the guard that does not hold."""
    row = _row(case, transition, by)
    for guard in row.guards:
        GUARDS[guard](case, by, facts)
    after = msgspec.structs.replace(case, state=row.target or case.state, **_changes(case, row, facts))
    if row.decides is not None:
        outcome = _outcome(after, row.decides, _award(case, row, facts), facts)
        after = msgspec.structs.replace(after, outcome=outcome)
    if row.money == "settle" and after.outcome is not None and facts.frozen is not None:
        split = scaled(after.outcome.split, facts.frozen)
        after = msgspec.structs.replace(after, outcome=msgspec.structs.replace(after.outcome, split=split))
    return Step(row=row, before=case, after=after)


def actions_of(case: Case, actor: Actor) -> tuple[Transition, ...]:
    """List the steps that this actor may take now, in the table's order; one that waits for a deadline is not among them."""
    open_rows = (row for row in PROCESS if row.by == actor and case.state in row.sources and not row.due)
    return tuple(dict.fromkeys(row.transition for row in open_rows if _may(case, row)))


def claim_faults(*, amount: Money, claim: Money) -> tuple[Fault, ...]:
    """Say what is wrong with a claim: within what is disputed, and it and what it leaves are worth moving."""
    if claim.currency != amount.currency:
        return (Fault("claim.currency", f"{amount.currency}, as the amount"),)
    if claim.amount <= 0 or not is_payable(claim.amount, amount.amount):
        return (Fault("claim.amount", f"all of the amount, or a part that leaves and is at least {SMALLEST_AMOUNT_MINOR}"),)
    return ()


def _row(case: Case, transition: Transition, by: Actor) -> Row:
    if by not in actors_of(transition):
        raise NotYourStep(f"to {transition} is not for the {by}")
    for row in rows_for(transition, by, case.state):
        if row.when is None or CONDITIONS[row.when](case, by):
            return row
    raise NotInThisState(f"to {transition} is not possible while the dispute is {case.state}")


def _may(case: Case, row: Row) -> bool:
    checks = (guard for guard in row.guards if guard in OF_THE_CASE)
    try:
        for guard in checks:
            GUARDS[guard](case, row.by, None)
    except Refused:
        return False
    return row.when is None or CONDITIONS[row.when](case, row.by)


def _changes(case: Case, row: Row, facts: Facts) -> dict[str, object]:
    """Say what a step changes of the case beside its state."""
    change = CHANGES.get(row.transition)
    return {} if change is None else change(case, row.by, facts)


def _accepted(case: Case, by: Actor) -> Proposal | None:
    if case.proposal is None:
        return None
    return msgspec.structs.replace(case.proposal, accepted_by=(*case.proposal.accepted_by, _party(case, by)))


def _with_offer(case: Case, party: Party, facts: Facts) -> tuple[Offer, ...]:
    made = Offer(number=len(case.offers) + 1, by=party, to_freelancer=_part(facts), note=facts.text, made_at=facts.now)
    return (*_turned(case, party, "replaced"), made)


def _turned(case: Case, party: Party, state: Literal["replaced", "withdrawn", "accepted"]) -> tuple[Offer, ...]:
    return tuple(
        msgspec.structs.replace(offer, state=state) if offer.by == party and offer.state == "standing" else offer
        for offer in case.offers
    )


def _award(case: Case, row: Row, facts: Facts) -> int:
    """Say what the freelancer is awarded by this step, in minor units."""
    match row.decides:
        case "accepted" | "default":
            return case.claim if case.filer == "freelancer" else case.disputed.amount - case.claim
        case "agreed":
            offer = case.standing(_other(case, row.by))
            return offer.to_freelancer if offer else 0
        case "proposal" if case.proposal is not None:
            return case.proposal.to_freelancer
    return _part(facts)


def _outcome(case: Case, kind: OutcomeKind, awarded: int, facts: Facts) -> Outcome:
    disputed = case.disputed.amount
    granted = awarded if case.filer == "freelancer" else disputed - awarded
    payers = payers_of(FEE_PAYERS[kind], filer=case.filer, claim_minor=case.claim, granted_minor=granted)
    fee_minor = fee_for(case.claim, case.fee) if payers else 0
    split = split_of(disputed_minor=disputed, to_freelancer_minor=awarded, fee_minor=fee_minor, payers=payers)
    reasons = facts.text if kind == "ruling" else ""
    return Outcome(kind=kind, awarded=awarded, split=split, reasons=reasons, decided_at=facts.now)


def _party(case: Case, actor: Actor) -> Party:
    return case.party_on("filer" if actor == "filer" else "respondent")


def _other(case: Case, actor: Actor) -> Party:
    return case.party_on("respondent" if actor == "filer" else "filer")


def _part(facts: Facts | None) -> int:
    if facts is None or facts.to_freelancer is None:
        raise SplitNotPayable("say how much goes to the freelancer")
    return facts.to_freelancer


def _split_is_payable(case: Case, _: Actor, facts: Facts | None) -> None:
    part, disputed = _part(facts), case.disputed.amount
    if not is_payable(part, disputed):
        raise SplitNotPayable(f"{part} of {disputed}: each side gets nothing, or at least {SMALLEST_AMOUNT_MINOR} minor units")


def _offers_left(case: Case, by: Actor, _: Facts | None) -> None:
    if sum(offer.by == _party(case, by) for offer in case.offers) >= OFFERS_PER_SIDE:
        raise TooManyOffers(f"each side makes at most {OFFERS_PER_SIDE} offers")


def _own_offer_stands(case: Case, by: Actor, facts: Facts | None) -> None:
    _require_standing(case.standing(_party(case, by)), facts)


def _other_offer_stands(case: Case, by: Actor, facts: Facts | None) -> None:
    _require_standing(case.standing(_other(case, by)), facts)


def _require_standing(offer: Offer | None, facts: Facts | None) -> None:
    if offer is None or (facts is not None and facts.offer != offer.number):
        raise OfferNotStanding("there is no such offer any more" if offer is None else f"offer {offer.number} is the newest")


def _not_accepted_yet(case: Case, by: Actor, _: Facts | None) -> None:
    if case.proposal is not None and _party(case, by) in case.proposal.accepted_by:
        raise AlreadyAccepted("you have accepted this proposal; the other side is to answer")


def _notes_left(case: Case, _: Actor, __: Facts | None) -> None:
    if case.note_count >= NOTES_LIMIT:
        raise TooManyNotes(f"a dispute has at most {NOTES_LIMIT} notes")


CHANGES: Final[dict[Transition, Callable[[Case, Actor, Facts], dict[str, object]]]] = {
    "offer": lambda case, by, facts: {"offers": _with_offer(case, _party(case, by), facts)},
    "withdraw_offer": lambda case, by, _: {"offers": _turned(case, _party(case, by), "withdrawn")},
    "accept_offer": lambda case, by, _: {"offers": _turned(case, _other(case, by), "accepted")},
    "propose": lambda _, __, facts: {"proposal": Proposal(to_freelancer=_part(facts), reasons=facts.text, made_at=facts.now)},
    "accept_proposal": lambda case, by, _: {"proposal": _accepted(case, by)},
    "note": lambda case, _, __: {"note_count": case.note_count + 1},
}
CONDITIONS: Final[dict[Condition, Callable[[Case, Actor], bool]]] = {
    "other_side_accepted": lambda case, by: case.proposal is not None and _other(case, by) in case.proposal.accepted_by,
}
GUARDS: Final[dict[Guard, Callable[[Case, Actor, Facts | None], None]]] = {
    "split_is_payable": _split_is_payable,
    "offers_left": _offers_left,
    "own_offer_stands": _own_offer_stands,
    "other_offer_stands": _other_offer_stands,
    "not_accepted_yet": _not_accepted_yet,
    "notes_left": _notes_left,
}
OF_THE_CASE: Final[frozenset[Guard]] = frozenset(GUARDS) - {"split_is_payable"}
"""The guards that hold or not before anybody has said what exactly they want."""
