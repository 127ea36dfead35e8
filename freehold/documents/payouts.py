"""How people pay and how they are paid: saved payment methods, payout accounts, what holds payouts up, what is owed."""

from typing import Annotated, ClassVar, Literal

import msgspec
from msgspec import Meta, Struct

from freehold.documents.document import Document, Index, Instant
from freehold.domain.conversion import Conversion
from freehold.domain.money import Currency
from freehold.domain.settlement import NextAction
from freehold.domain.text import required_text

MethodState = Literal["asking", "pending", "ready", "refused", "removed"]
AccountState = Literal["opening", "pending", "ready", "restricted"]
HoldKind = Literal["security", "operator"]
CountryCode = Annotated[str, Meta(pattern=r"^[A-Z]{2}$(?!\n)", description="A country: ISO 3166-1 alpha-2.", examples=["IT"])]
HoldReason = Annotated[str, required_text(500)]


class PaymentMethod(Document, frozen=True, kw_only=True):
    """A way to pay that somebody has saved at a gateway, so that it can be charged without them.

    `asking`: the gateway has not answered yet; `pending`: its owner must act (`action`). `reference` is the gateway's name for
    it and is shown to nobody (it was asked for under `_id`), `label` what its owner knows it by. At most one of a person's
    methods is the default. While `check_at` is set the gateway is asked again then, by the database's clock.
    """

    collection: ClassVar[str] = "payment_methods"
    indexes: ClassVar[tuple[Index, ...]] = (
        Index((("user_id", 1), ("_id", -1))),
        Index((("user_id", 1), ("is_default", 1)), unique=True, partial={"is_default": True}),
        Index((("check_at", 1),)),
    )

    user_id: str
    gateway: str
    method: str
    state: MethodState = "asking"
    reference: str = ""
    label: str = ""
    reason: str | None = None
    action: NextAction | None = None
    is_default: bool = False
    check_at: Instant | None = None
    created_at: Instant
    updated_at: Instant


class PayoutAccount(Struct, frozen=True, kw_only=True):
    """Where somebody is paid at one gateway. `id` is ours, `account` the gateway's name for it (empty while it is opened).

    `opening`: the gateway has not answered yet. Only a `ready` one is paid; `reasons` are the gateway's codes for what is
    missing. `currency` is what its owner wants to be paid in, `address` where the gateway can write to them.
    """

    id: str
    gateway: str
    country: str
    currency: str
    address: str = ""
    account: str = ""
    state: AccountState = "opening"
    reasons: tuple[str, ...] = ()
    action: NextAction | None = None
    opened_at: Instant


class PayoutHold(Struct, frozen=True, kw_only=True):
    """Why released money waits for its payee. `until` is of the database's clock (null: until somebody lifts it).

    `reason` is a sentence that the payee reads; `by` is the operator who placed it, null for the platform itself.
    """

    id: str
    kind: HoldKind
    reason: str
    since: Instant
    until: Instant | None = None
    by: str | None = None


class PayeeProfile(Document, frozen=True, kw_only=True):
    """Somebody who is paid; `_id` is the person's. Whoever was never held up, in debt or asked for an account has none.

    One account per gateway. `debts` is what they owe the platform, in minor units per currency, never below zero (guarded in
    every update's filter). While `holds` is not empty nothing is paid out to them; `hold_ends_at` is when the first of them
    ends, `check_at` when the gateways are asked again, both by the database's clock.
    """

    collection: ClassVar[str] = "payees"
    indexes: ClassVar[tuple[Index, ...]] = (
        Index((("accounts.account", 1),)),
        Index((("holds.id", 1),)),
        Index((("hold_ends_at", 1),)),
        Index((("check_at", 1),)),
    )

    accounts: tuple[PayoutAccount, ...] = ()
    default_account_id: str | None = None
    holds: tuple[PayoutHold, ...] = ()
    debts: dict[Currency, int] = msgspec.field(default_factory=dict)
    hold_ends_at: Instant | None = None
    check_at: Instant | None = None
    created_at: Instant
    updated_at: Instant

    def account_at(self, gateway: str) -> PayoutAccount | None:
        """Give the account at this gateway, if there is one."""
        return next((account for account in self.accounts if account.gateway == gateway), None)

    def account(self, account_id: str) -> PayoutAccount | None:
        """Give the account that we call so."""
        return next((account for account in self.accounts if account.id == account_id), None)

    def debt_in(self, currency: str) -> int:
        """Say what the person owes in this currency, in minor units."""
        return self.debts.get(currency, 0)


class FxQuote(Document, frozen=True, kw_only=True):
    """What an amount would come to in another currency, until `expires_at` by the database's clock.

    It can be taken once; `used_for` names what for. One that nobody took goes a day after its end.
    """

    collection: ClassVar[str] = "fx_quotes"
    indexes: ClassVar[tuple[Index, ...]] = (
        Index(
            (("expires_at", 1),), partial={"state": "open"}, expire_after_s=86_400, because="nobody took it in time, or can now"
        ),
        Index((("used_for", 1),), unique=True, partial={"state": "used"}),
    )

    user_id: str
    conversion: Conversion
    spread_basis_points: int
    state: Literal["open", "used"] = "open"
    used_for: str | None = None
    used_at: Instant | None = None
    expires_at: Instant
    created_at: Instant
