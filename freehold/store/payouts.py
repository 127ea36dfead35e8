"""What a payout depends on: holds, a payout account that is missing, debts that are kept back, the currency it is made in."""

from typing import Final

from msgspec import Struct

from freehold.documents import Command, Milestone, PayeeProfile
from freehold.domain.money_process import Transition
from freehold.store.payees import profile_of
from freehold.store.reads import Reads

PAYING_OUT: Final[frozenset[Transition]] = frozenset(
    {"release", "auto_release", "accept_split", "settle_dispute", "retry_payout"}
)
"""Steps that pay the freelancer."""
NEEDS_NO_ACCOUNT: Final = frozenset({"sandbox"})
"""Gateways that pay everybody by their name."""
CONVERTING: Final = frozenset({"sandbox"})
"""Gateways that exchange what they pay out."""
NO_ACCOUNT: Final = "no_payout_account"
ACCOUNT_NOT_READY: Final = "payout_account_not_ready"
CHARGEBACK_OPEN: Final = "chargeback_open"


class PayeeStanding(Struct, frozen=True, kw_only=True):
    """How a freelancer stands who is to be paid: why not (`hold`), how much is kept back first (`debt`), and where to.

    `wants` is the currency that they have chosen to be paid in, if the gateway `converts`.
    """

    hold: str | None = None
    debt: int = 0
    account: str = ""
    converts: bool = False
    wants: str | None = None


async def payee_of(reads: Reads, milestone: Milestone) -> PayeeStanding:
    """Look up how a milestone's freelancer stands, in its currency and at its gateway."""
    gateway = milestone.holding.gateway or ""
    profile = await profile_of(reads, milestone.freelancer_id)
    if profile is None:
        return PayeeStanding(hold=None if gateway in NEEDS_NO_ACCOUNT else NO_ACCOUNT, converts=gateway in CONVERTING)
    account = profile.account_at(gateway)
    return PayeeStanding(
        hold=_hold(profile, gateway),
        debt=profile.debt_in(milestone.holding.amount.currency),
        account="" if account is None else account.account,
        converts=gateway in CONVERTING,
        wants=account.currency if account is not None and gateway in CONVERTING else None,
    )


async def held_up(reads: Reads, command: Command) -> str | None:
    """Say why a payout or a refund that was asked for must wait after all: a hold or a chargeback may have come since.

    Holds are about payouts alone. What the payer's bank takes back is not given back beside it.
    """
    profile = await profile_of(reads, command.payee_id) if command.kind == "transfer" else None
    if profile is not None and profile.holds:
        return profile.holds[0].reason
    milestone = await reads.require(Milestone, command.milestone_id)
    return CHARGEBACK_OPEN if milestone.chargeback is not None else None


def _hold(profile: PayeeProfile, gateway: str) -> str | None:
    if profile.holds:
        return profile.holds[0].reason
    if gateway in NEEDS_NO_ACCOUNT:
        return None
    account = profile.account_at(gateway)
    if account is None:
        return NO_ACCOUNT
    return None if account.state == "ready" else ACCOUNT_NOT_READY
