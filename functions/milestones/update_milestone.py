"""`PUT /api/milestones/{id}`."""

from typing import Annotated, Any, Final, Literal

import msgspec
from msgspec import UNSET, Struct, UnsetType

from freehold.documents import Instant, Milestone, Project, Version
from freehold.domain.checklist import ChecklistOpen, ChecklistTexts, require_done, written
from freehold.domain.errors import Fault, refuse_faults
from freehold.domain.escrow import ChargebackOpen, Facts, NoProposal, PartNotCovered, PayoutOnHold, TooManyParts, let_go
from freehold.domain.instants import in_utc
from freehold.domain.milestones import amount_faults, currency_faults, due_faults, require_editable
from freehold.domain.money import Money
from freehold.domain.money_process import Party
from freehold.domain.process import NotInThisState, NotYourStep
from freehold.domain.refunds import RefundedByHand
from freehold.domain.text import line, optional_text, prose, required_text
from freehold.edge import Call, endpoint
from freehold.edge.problems import Forbidden, NotFound, PasswordNeeded, StaleVersion, WrongPassword
from freehold.edge.step_up import OwnPassword, require_password
from freehold.events import MilestoneEdited
from freehold.fx import desk_of, is_large
from freehold.ids import MilestonePath
from freehold.store.milestones import party_of, take_step, told_of
from freehold.store.noted import Noted
from freehold.views.milestones import MilestoneView, view_milestone

Taken = Literal[
    "submit", "request_changes", "release", "refund", "propose_split", "accept_split", "cancel", "retry_payout", "retry_refund"
]  # fmt: skip
EDITED: Final = ("title", "description", "amount", "due_at", "checklist")
BESIDE: Final[dict[str, tuple[str, ...]]] = {
    "submit": ("note",),
    "request_changes": ("reason",),
    "release": ("amount", "password"),
    "refund": ("amount",),
    "propose_split": ("amount", "password"),
    "accept_split": ("password",),
}
"""What may stand beside each transition."""
NEEDED: Final[dict[str, str]] = {"submit": "note", "request_changes": "reason", "propose_split": "amount"}
"""What must stand beside it."""


class MilestoneChange(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Edited fields, or a `transition`; always with the `version` that the caller saw.

    Beside `submit` stands a `note`, beside `request_changes` a `reason`, beside `release` and `refund` an `amount` if only a
    part is meant, beside `propose_split` the `amount` that the freelancer would get of what is held. The client's `password`
    stands beside a step that lets a large amount go.
    """

    version: Version
    transition: Taken | UnsetType = UNSET
    note: Annotated[str, required_text(5_000)] | UnsetType = UNSET
    reason: Annotated[str, required_text(5_000)] | UnsetType = UNSET
    amount: Money | UnsetType = UNSET
    password: OwnPassword | UnsetType = UNSET
    title: Annotated[str, required_text(200)] | UnsetType = UNSET
    description: Annotated[str, optional_text(5_000)] | UnsetType = UNSET
    due_at: Instant | UnsetType | None = UNSET
    checklist: ChecklistTexts | UnsetType = UNSET


@endpoint(
    "PUT /api/milestones/{id}",
    auth="user",
    errors=[
        NotFound, Forbidden, StaleVersion, NotInThisState, PartNotCovered, TooManyParts, ChargebackOpen, NoProposal,
        PayoutOnHold, ChecklistOpen, RefundedByHand, PasswordNeeded, WrongPassword,
    ],
)  # fmt: skip
async def update_milestone(call: Call, path: MilestonePath, body: MilestoneChange) -> MilestoneView:
    """Edit a milestone, submit its work, ask for changes, release or give back its money, cancel it, retry a refused payout.

    The client edits and cancels before it is funded, asks for changes of what was submitted, and releases all or a part of
    what is held. The freelancer submits; if the client then says nothing until `auto_release_at`, the money is released by
    itself. The freelancer may give back what is held, and what was released. Either proposes how to share what is held; once
    the other accepts, both parts go out. Raises Forbidden for the other party's step, NotInThisState, PartNotCovered,
    StaleVersion, ChecklistOpen when work is submitted of which not every item is done.
    """
    milestone = await call.unit.require(Milestone, path.id)
    side = party_of(milestone, call.caller.user_id)
    given = _given(body)
    refuse_faults(*_misplaced(body, given), *_currency(body, milestone))
    if body.version != milestone.version:
        raise StaleVersion(f"The milestone is at version {milestone.version}.")
    if body.transition is UNSET:
        after = await _edit(call, milestone, body, side)
    else:
        after = await _take(call, milestone, body, body.transition, side)
    return view_milestone(after, side=side)


def _given(body: MilestoneChange) -> set[str]:
    given = {name for name, value in msgspec.structs.asdict(body).items() if value is not UNSET}
    return given - {"version", "transition"}


def _misplaced(body: MilestoneChange, given: set[str]) -> list[Fault]:
    """Name the fields that do not go with the transition, or with an edit; and those that are missing."""
    if body.transition is UNSET:
        nothing = [] if given & set(EDITED) else [Fault("transition", "a transition, or edited fields")]
        return nothing + [Fault(name, "nothing beside edited fields") for name in sorted(given - set(EDITED))]
    allowed = BESIDE.get(body.transition, ())
    needed = NEEDED.get(body.transition)
    missing = [Fault(needed, f"needed beside {body.transition}")] if needed and needed not in given else []
    return missing + [Fault(name, f"nothing beside {body.transition}") for name in sorted(given - set(allowed))]


def _currency(body: MilestoneChange, milestone: Milestone) -> tuple[Fault, ...]:
    if body.amount is UNSET:
        return ()
    agreed = milestone.holding.amount.currency
    if body.transition is UNSET:
        return amount_faults(body.amount, agreed_currency=agreed)
    return currency_faults(body.amount, agreed_currency=agreed)


async def _edit(call: Call, milestone: Milestone, body: MilestoneChange, side: Party) -> Milestone:
    if side != "client":
        raise Forbidden("Milestones are edited by the client.")
    require_editable(milestone.state)
    edits = _edits(body, milestone)
    refuse_faults(*due_faults(edits.get("due_at"), call.now))
    edited = msgspec.structs.replace(milestone, updated_at=call.now, **edits)
    after = await call.unit.update(milestone, edited, guard={"state": "created"})
    call.unit.emit(_edited(after), after)
    return after


def _edits(body: MilestoneChange, milestone: Milestone) -> dict[str, Any]:
    """Give the edited fields as they are kept."""
    edits: dict[str, Any] = {}
    if body.title is not UNSET:
        edits["title"] = line(body.title)
    if body.description is not UNSET:
        edits["description"] = prose(body.description)
    if body.due_at is not UNSET:
        edits["due_at"] = in_utc(body.due_at) if body.due_at else None
    if body.checklist is not UNSET:
        edits["checklist"] = written(body.checklist)
    if body.amount is not UNSET:
        edits["holding"] = msgspec.structs.replace(milestone.holding, amount=body.amount)
    return edits


async def _take(call: Call, milestone: Milestone, body: MilestoneChange, transition: Taken, side: Party) -> Milestone:
    part = None if body.amount is UNSET else body.amount.amount
    if side == "client" and is_large(call.settings, let_go(milestone.holding, transition, part), call.now.date()):
        await require_password(call, None if body.password is UNSET else body.password)
    if transition == "submit" and side == "freelancer":
        require_done(milestone.checklist)
    noted = Noted(
        submission_note=None if body.note is UNSET else prose(body.note),
        requested_changes=None if body.reason is UNSET else prose(body.reason),
        lasts_s=await _inspection_period_s(call, milestone) if transition == "submit" else None,
    )
    try:
        return await take_step(
            call.unit, milestone, transition, by=side, facts=Facts(part=part), now=call.now, noted=noted,
            desk=desk_of(call.settings),
        )  # fmt: skip
    except NotYourStep as error:
        raise Forbidden(f"{error}.") from error


async def _inspection_period_s(call: Call, milestone: Milestone) -> int:
    """Give the agreed time that the client has to look at the work; never less than the operator's floor."""
    project = await call.unit.require(Project, milestone.project_id)
    return max(project.terms.inspection_period_s, call.settings.inspection_floor_s)


def _edited(milestone: Milestone) -> MilestoneEdited:
    return MilestoneEdited(
        **told_of(milestone),
    )
