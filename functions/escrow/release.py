"""`POST /api/escrow/release`."""

from msgspec import Struct

from freehold.documents import Milestone, Version
from freehold.domain.conversion import Terms
from freehold.domain.errors import Fault, refuse_faults
from freehold.domain.escrow import ChargebackOpen, Facts, PartNotCovered, QuoteNotFitting, TooManyParts, let_go
from freehold.domain.milestones import currency_faults
from freehold.domain.money import Money
from freehold.domain.process import NotInThisState, NotYourStep
from freehold.edge import Call, endpoint
from freehold.edge.problems import Forbidden, NotFound, PasswordNeeded, StaleVersion, WrongPassword
from freehold.edge.step_up import OwnPassword, require_password
from freehold.fx import desk_of, is_large
from freehold.ids import MilestoneId, QuoteId
from freehold.store.conversions import ConversionNotOffered, QuoteCurrencyDiffers, quoted_terms
from freehold.store.milestones import party_of, take_step
from freehold.store.quotes import QuoteExpired, QuoteUsed
from freehold.views.milestones import MilestoneView, view_milestone


class Release(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Whose money to release: all that is held, or a part (`amount`), which must name the `version` that the caller saw.

    `password` is needed once more than `FREEHOLD_RELEASE_PASSWORD_ABOVE_EUR` of it is let go.
    `quote_id` is a quote of the caller's for what this pays out (net), into the currency that the freelancer is paid in.
    """

    milestone_id: MilestoneId
    amount: Money | None = None
    version: Version | None = None
    quote_id: QuoteId | None = None
    password: OwnPassword | None = None


@endpoint(
    "POST /api/escrow/release",
    auth="user",
    status=202,
    errors=[
        NotFound, Forbidden, StaleVersion, NotInThisState, PartNotCovered, TooManyParts, ChargebackOpen, ConversionNotOffered,
        QuoteCurrencyDiffers, QuoteExpired, QuoteNotFitting, QuoteUsed, PasswordNeeded, WrongPassword,
    ],
)  # fmt: skip
async def release(call: Call, body: Release) -> MilestoneView:
    """Release held money to the freelancer, as the client: the same step as `release` of `PUT /api/milestones/{id}`.

    The transfer is asked for at once and known soon. A freelancer who has chosen another currency is paid in that one, where
    the gateway converts: at the quote's rate, or at the moment's. Raises Forbidden for the freelancer, PasswordNeeded or
    WrongPassword for a large amount that is let go without the client's password, NotInThisState when nothing is held or
    another transfer is under way, PartNotCovered, and for a quote that cannot be kept why; then nothing moves.
    """
    milestone = await call.unit.require(Milestone, body.milestone_id)
    side = party_of(milestone, call.caller.user_id)
    if body.amount is not None:
        unversioned = [] if body.version else [Fault("version", "the version that the part is released from")]
        refuse_faults(*unversioned, *currency_faults(body.amount, agreed_currency=milestone.holding.amount.currency))
    if body.version not in (None, milestone.version):
        raise StaleVersion(f"The milestone is at version {milestone.version}.")
    part = None if body.amount is None else body.amount.amount
    if side == "client" and is_large(call.settings, let_go(milestone.holding, "release", part), call.now.date()):
        await require_password(call, body.password)
    facts = Facts(part=part, terms=await _terms(call, milestone, body))
    desk = desk_of(call.settings)
    try:
        after = await take_step(call.unit, milestone, "release", by=side, facts=facts, now=call.now, desk=desk)
    except NotYourStep as error:
        raise Forbidden(f"{error}.") from error
    return view_milestone(after, side=side)


async def _terms(call: Call, milestone: Milestone, body: Release) -> Terms | None:
    if body.quote_id is None:
        return None
    return await quoted_terms(call.unit, milestone, body.quote_id, user_id=call.caller.user_id)
