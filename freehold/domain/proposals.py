"""What two operators decide together: one proposes, another one approves or rejects, before it is over."""

from freehold.domain.errors import Refused


class OwnProposal(Refused):
    """Whoever proposed something does not approve it, too."""

    code = "own_proposal"


class ProposalDecided(Refused):
    """It was approved or rejected before."""

    code = "proposal_decided"


class ProposalExpired(Refused):
    """It was not decided in time; propose it again."""

    code = "proposal_expired"


def require_decidable(state: str, *, proposed_by: str, by: str, approving: bool) -> None:
    """Raise ProposalDecided unless it is still open, OwnProposal when somebody would approve their own.

    To reject, to take back, one's own proposal is everybody's right.
    """
    if state != "proposed":
        raise ProposalDecided(f"the proposal is {state}")
    if approving and proposed_by == by:
        raise OwnProposal("whoever proposed it cannot approve it; another operator must")
