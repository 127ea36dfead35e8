"""Why a step is refused: each with a stable code."""

from freehold.domain.errors import Refused


class ChargebackOpen(Refused):
    """The client's bank is taking the payment back; nothing is released until that is settled."""

    code = "chargeback_open"


class PartNotCovered(Refused):
    """The part is more than what is there, or it, or what it leaves, is too small to be moved."""

    code = "part_not_covered"


class TooManyParts(Refused):
    """The milestone has been released in so many parts that only the whole rest can follow."""

    code = "too_many_parts"


class PaymentNotExpected(Refused):
    """The gateway reports a payment, an amount or a currency that is not the one this milestone waits for."""

    code = "payment_not_expected"


class LegNotPending(Refused):
    """The gateway reports the outcome of a leg that waits for none."""

    code = "leg_not_pending"


class LegsPending(Refused):
    """Money of this milestone is on its way; what is asked for must wait until it is known where it is."""

    code = "legs_pending"


class PayoutOnHold(Refused):
    """Nothing is paid out to this freelancer until the hold is lifted."""

    code = "payout_on_hold"


class DisputeOpen(Refused):
    """A dispute about this milestone is open already."""

    code = "dispute_open"


class DisputeNotOpen(Refused):
    """Another dispute is open about the milestone, or none."""

    code = "dispute_not_open"


class TooManyDisputes(Refused):
    """There have been as many disputes about the milestone as there can be."""

    code = "too_many_disputes"


class NoProposal(Refused):
    """The other party has proposed no split, or another one by now."""

    code = "no_proposal"


class ChargebackNotExpected(Refused):
    """The gateway reports a chargeback that does not fit what is known of the payment."""

    code = "chargeback_not_expected"


class QuoteNotFitting(Refused):
    """The quote is for another amount than what this release pays out."""

    code = "quote_amount_differs"
