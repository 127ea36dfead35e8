"""Events of disputes: one for each kind of step of their process table, and what happens beside the steps."""

from typing import ClassVar, Literal

from freehold.documents.document import Instant
from freehold.domain.dispute_process import Actor, Party, State, Transition
from freehold.domain.money import Money
from freehold.events.event import Event


class DisputeChanged(Event, frozen=True, kw_only=True):
    """What the events of a dispute share: who it is about, and where it stands after this. `amount` is what is disputed."""

    dispute_id: str
    milestone_id: str
    project_id: str
    client_id: str
    freelancer_id: str
    filer: Party
    mediator_id: str | None
    title: str
    state: State
    amount: Money
    due_at: Instant | None = None


class DisputeStepped(DisputeChanged, frozen=True, kw_only=True):
    """A step of the process table was taken."""

    transition: Transition
    came_from: State
    by: Actor


class DisputeFiled(DisputeStepped, frozen=True, kw_only=True):
    """A party wants a part of what is held; that part is frozen."""

    type: ClassVar[str] = "dispute.filed"


class DisputeContested(DisputeStepped, frozen=True, kw_only=True):
    """The other side has answered that it sees things otherwise; the parties negotiate."""

    type: ClassVar[str] = "dispute.contested"


class DisputeOfferMade(DisputeStepped, frozen=True, kw_only=True):
    """A side has made an offer, which takes the place of its older one."""

    type: ClassVar[str] = "dispute.offer_made"


class DisputeOfferWithdrawn(DisputeStepped, frozen=True, kw_only=True):
    """A side has taken its offer back."""

    type: ClassVar[str] = "dispute.offer_withdrawn"


class DisputeMediationStarted(DisputeStepped, frozen=True, kw_only=True):
    """A mediator is to make a proposal."""

    type: ClassVar[str] = "dispute.mediation_started"


class DisputeProposalMade(DisputeStepped, frozen=True, kw_only=True):
    """The mediator has proposed how to settle."""

    type: ClassVar[str] = "dispute.proposal_made"


class DisputeProposalAccepted(DisputeStepped, frozen=True, kw_only=True):
    """One side has accepted the proposal; the other has not answered yet."""

    type: ClassVar[str] = "dispute.proposal_accepted"


class DisputeRulingStarted(DisputeStepped, frozen=True, kw_only=True):
    """A side has refused the proposal, or not answered in time; an operator is to rule."""

    type: ClassVar[str] = "dispute.ruling_started"


class DisputeDecided(DisputeStepped, frozen=True, kw_only=True):
    """It is known who gets what; the money moves soon."""

    type: ClassVar[str] = "dispute.decided"


class DisputeExecuted(DisputeStepped, frozen=True, kw_only=True):
    """The disputed money is on its way to whom it was awarded."""

    type: ClassVar[str] = "dispute.executed"


class DisputeWithdrawn(DisputeStepped, frozen=True, kw_only=True):
    """The filer has withdrawn; all that was frozen is held for the milestone as before."""

    type: ClassVar[str] = "dispute.withdrawn"


class DisputeClosedMoot(DisputeStepped, frozen=True, kw_only=True):
    """A chargeback has taken all that was frozen; there is nothing left to decide about."""

    type: ClassVar[str] = "dispute.closed_moot"


class DisputeOverdue(DisputeStepped, frozen=True, kw_only=True):
    """No mediator has proposed or ruled in time."""

    type: ClassVar[str] = "dispute.overdue"


class DisputeReminded(DisputeChanged, frozen=True, kw_only=True):
    """So much of the present state's time is over (in percent), and somebody has not acted yet."""

    type: ClassVar[str] = "dispute.reminded"
    percent: Literal[50, 90]


class DisputeEvidenceAdded(DisputeChanged, frozen=True, kw_only=True):
    """A party has added a file, which both sides see."""

    type: ClassVar[str] = "dispute.evidence_added"
    file_id: str
    added_by: Party
