"""Saved payment methods, payout accounts, holds, debts and payouts, as their owner sees them."""

from typing import Literal

import msgspec
from msgspec import Struct

from freehold.documents import Instant, Milestone, PayeeProfile, PaymentMethod, PayoutAccount, PayoutHold
from freehold.documents.payouts import AccountState, HoldKind, MethodState
from freehold.domain.legs import Leg
from freehold.domain.money import Money
from freehold.domain.settlement import NextAction
from freehold.views.fx import ConversionView, view_exchange

PayoutState = Literal["pending", "paid", "held", "blocked"]


class PaymentMethodView(Struct, frozen=True, kw_only=True):
    """A saved way to pay. While `state` is pending, do what `action` says; `reason` is the gateway's code for a refusal."""

    id: str
    gateway: str
    method: str
    label: str
    state: MethodState
    reason: str | None
    action: NextAction | None
    is_default: bool
    created_at: Instant
    version: int


class PayoutAccountView(Struct, frozen=True, kw_only=True):
    """Where you are paid at one gateway. Only a `ready` account is paid; `reasons` say what is missing, `action` what to do."""

    id: str
    gateway: str
    country: str
    currency: str
    address: str
    state: AccountState
    reasons: tuple[str, ...]
    action: NextAction | None
    is_default: bool
    opened_at: Instant


class HoldView(Struct, frozen=True, kw_only=True):
    """Why payouts wait, and until when (null: until the operator lifts it)."""

    id: str
    kind: HoldKind
    reason: str
    since: Instant
    until: Instant | None


class PayeeView(Struct, frozen=True, kw_only=True):
    """You as somebody who is paid: accounts, what holds payouts up, what you owe. Without any of it there is no `version`."""

    user_id: str
    accounts: tuple[PayoutAccountView, ...]
    holds: tuple[HoldView, ...]
    debts: tuple[Money, ...]
    version: int | None


def view_method(method: PaymentMethod) -> PaymentMethodView:
    """Show a saved payment method to its owner."""
    return PaymentMethodView(
        id=method.id,
        gateway=method.gateway,
        method=method.method,
        label=method.label,
        state=method.state,
        reason=method.reason,
        action=method.action,
        is_default=method.is_default,
        created_at=method.created_at,
        version=method.version,
    )


def view_payee(user_id: str, profile: PayeeProfile | None) -> PayeeView:
    """Show somebody to themselves, or to an operator, as a payee."""
    if profile is None:
        return PayeeView(user_id=user_id, accounts=(), holds=(), debts=(), version=None)
    return PayeeView(
        user_id=user_id,
        accounts=tuple(_view_account(each, profile.default_account_id) for each in profile.accounts),
        holds=tuple(view_hold(hold) for hold in profile.holds),
        debts=tuple(Money(amount, currency) for currency, amount in sorted(profile.debts.items()) if amount),
        version=profile.version,
    )


def view_hold(hold: PayoutHold) -> HoldView:
    """Show a hold. Who placed it is not shown."""
    return HoldView(id=hold.id, kind=hold.kind, reason=hold.reason, since=hold.since, until=hold.until)


def _view_account(account: PayoutAccount, default_id: str | None) -> PayoutAccountView:
    return PayoutAccountView(
        id=account.id,
        gateway=account.gateway,
        country=account.country,
        currency=account.currency,
        address=account.address,
        state=account.state,
        reasons=account.reasons,
        action=account.action,
        is_default=account.id == default_id,
        opened_at=account.opened_at,
    )


class WaitingPayoutView(Struct, frozen=True, kw_only=True):
    """One release on its way to the freelancer: `gross` = `net` + `fee` + `tax`. Of the net, `kept_for_debt` settles a debt.

    `state` is pending (the gateway has been asked), paid, held (`reasons` say why; it is paid once they are gone), or blocked
    (the gateway's reasons: the payee must act, then the payout is tried again). `conversion` is how the newest attempt is paid
    in another currency; null when it is paid in the milestone's.
    """

    milestone_id: str
    freelancer_id: str
    leg: int
    gateway: str
    gross: Money
    fee: Money
    tax: Money
    net: Money
    kept_for_debt: Money
    conversion: ConversionView | None
    state: PayoutState
    reasons: tuple[str, ...]
    updated_at: Instant


class PayoutView(WaitingPayoutView, frozen=True, kw_only=True):
    """A payout as its payee sees it: with the work that it is for."""

    project_id: str
    title: str


def view_payout(milestone: Milestone, leg: Leg, profile: PayeeProfile | None) -> PayoutView:
    """Show a payout to its payee."""
    fields = msgspec.structs.asdict(view_waiting_payout(milestone, leg, profile))
    return PayoutView(**fields, project_id=milestone.project_id, title=milestone.title)


def view_waiting_payout(milestone: Milestone, leg: Leg, profile: PayeeProfile | None) -> WaitingPayoutView:
    """Show a payout to an operator, whom the work itself does not concern."""
    holds = tuple(hold.reason for hold in profile.holds) if profile else ()
    currency = milestone.holding.amount.currency
    state, reasons = _payout_state(leg, holds)
    return WaitingPayoutView(
        milestone_id=milestone.id,
        freelancer_id=milestone.freelancer_id,
        leg=leg.number,
        gateway=milestone.holding.gateway or "",
        gross=Money(leg.gross, currency),
        fee=Money(leg.fee, currency),
        tax=Money(leg.tax, currency),
        net=Money(leg.net, currency),
        kept_for_debt=Money(leg.offset, currency),
        conversion=view_exchange(leg),
        state=state,
        reasons=reasons,
        updated_at=milestone.updated_at,
    )


def _payout_state(leg: Leg, holds: tuple[str, ...]) -> tuple[PayoutState, tuple[str, ...]]:
    match leg.state:
        case "done":
            return "paid", ()
        case "blocked" if holds:
            return "held", holds
        case "blocked":
            return "blocked", (leg.reason,) if leg.reason else ()
    return "pending", ()
