"""`PUT /api/disputes/{id}`."""

from typing import Annotated, Final, Literal

import msgspec
from msgspec import UNSET, Meta, Struct, UnsetType

from freehold.complaints import Statement
from freehold.documents import Dispute, Milestone, Version
from freehold.domain.dispute_case import AlreadyAccepted, Facts, OfferNotStanding, SplitNotPayable, TooManyOffers
from freehold.domain.errors import Fault, refuse_faults
from freehold.domain.escrow import DisputeNotOpen
from freehold.domain.milestones import currency_faults
from freehold.domain.money import Money
from freehold.domain.process import NotInThisState, NotYourStep
from freehold.domain.text import optional_text, prose
from freehold.edge import Call, endpoint
from freehold.edge.problems import Forbidden, NotFound, PasswordNeeded, StaleVersion, WrongPassword
from freehold.edge.step_up import OwnPassword, require_password
from freehold.fx import is_large
from freehold.ids import DisputePath
from freehold.store.disputes import Noted, take_step
from freehold.views.disputes import DisputeView, view_dispute

Taken = Literal[
    "accept_claim", "contest", "offer", "withdraw_offer", "accept_offer", "escalate", "accept_proposal", "refuse_proposal",
    "withdraw",
]  # fmt: skip
BESIDE: Final[dict[str, tuple[str, ...]]] = {
    "contest": ("statement",),
    "offer": ("to_freelancer", "note", "password"),
    "withdraw_offer": ("offer",),
    "accept_offer": ("offer", "password"),
    "accept_claim": ("password",),
    "accept_proposal": ("password",),
}
"""What may stand beside each transition."""
NEEDED: Final[dict[str, str]] = {
    "contest": "statement",
    "offer": "to_freelancer",
    "withdraw_offer": "offer",
    "accept_offer": "offer",
}
"""What must stand beside it."""


class DisputeChange(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A `transition`, with the `version` that the caller saw.

    Beside `contest` stands a `statement`; beside `offer` how much of what is disputed goes `to_freelancer` (the rest goes back
    to the client), perhaps with a `note`; beside `accept_offer` and `withdraw_offer` the number of the `offer`. The client's
    `password` stands beside a step that lets a large amount go.
    """

    version: Version
    transition: Taken
    statement: Statement | UnsetType = UNSET
    to_freelancer: Money | UnsetType = UNSET
    note: Annotated[str, optional_text(1_000)] | UnsetType = UNSET
    offer: Annotated[int, Meta(ge=1, le=1_000)] | UnsetType = UNSET
    password: OwnPassword | UnsetType = UNSET


@endpoint(
    "PUT /api/disputes/{id}",
    auth="user",
    errors=[
        NotFound,
        Forbidden,
        StaleVersion,
        NotInThisState,
        SplitNotPayable,
        TooManyOffers,
        OfferNotStanding,
        AlreadyAccepted,
        DisputeNotOpen,
        PasswordNeeded,
        WrongPassword,
    ],
)
async def update_dispute(call: Call, path: DisputePath, body: DisputeChange) -> DisputeView:
    """Answer a dispute, make or accept an offer, ask for mediation, answer the mediator's proposal, or withdraw.

    What is agreed is carried out soon; who settles without the mediator pays no fee. Raises Forbidden for the other side's
    step, NotInThisState, SplitNotPayable, TooManyOffers, OfferNotStanding, AlreadyAccepted, StaleVersion, DisputeNotOpen when
    a chargeback has taken all that was frozen.
    """
    dispute = await call.unit.require(Dispute, path.id)
    party = dispute.party_of(call.caller.user_id)
    if party is None:
        raise NotFound
    refuse_faults(*_misplaced(body), *_currency(body, dispute))
    if body.version != dispute.version:
        raise StaleVersion(f"The dispute is at version {dispute.version}.")
    noted = Noted(by_id=call.caller.user_id, answer=None if body.statement is UNSET else prose(body.statement))
    try:
        after = await take_step(
            call.unit, dispute, body.transition, by=dispute.case.side_of(party), facts=_facts(call, body), noted=noted
        )
    except NotYourStep as error:
        raise Forbidden(f"{error}.") from error
    if party == "client" and (awarded := _let_go(after, body)):
        milestone = await call.unit.require(Milestone, after.milestone_id)
        in_all = Money(milestone.holding.released + awarded, after.case.disputed.currency)
        if is_large(call.settings, in_all, call.now.date()):
            await require_password(call, None if body.password is UNSET else body.password)
    return view_dispute(after, party=party)


def _let_go(after: Dispute, body: DisputeChange) -> int:
    """Say what the freelancer gets of what is disputed by this step, or by theirs that only has to follow."""
    case = after.case
    if body.to_freelancer is not UNSET:
        return body.to_freelancer.amount
    if case.outcome is not None:
        return case.outcome.awarded
    if body.transition == "accept_proposal" and case.proposal is not None:
        return case.proposal.to_freelancer
    return 0


def _facts(call: Call, body: DisputeChange) -> Facts:
    return Facts(
        now=call.now,
        to_freelancer=None if body.to_freelancer is UNSET else body.to_freelancer.amount,
        offer=None if body.offer is UNSET else body.offer,
        text="" if body.note is UNSET else prose(body.note),
    )


def _misplaced(body: DisputeChange) -> list[Fault]:
    """Name the fields that do not go with the transition, and those that are missing."""
    given = {name for name, value in msgspec.structs.asdict(body).items() if value is not UNSET} - {"version", "transition"}
    needed = NEEDED.get(body.transition)
    missing = [Fault(needed, f"a value beside {body.transition}")] if needed and needed not in given else []
    return missing + [
        Fault(name, f"nothing beside {body.transition}") for name in sorted(given - set(BESIDE.get(body.transition, ())))
    ]


def _currency(body: DisputeChange, dispute: Dispute) -> tuple[Fault, ...]:
    if body.to_freelancer is UNSET:
        return ()
    return currency_faults(body.to_freelancer, agreed_currency=dispute.case.disputed.currency, field="to_freelancer")
