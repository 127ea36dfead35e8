"""Stripe's objects, as far as we read them. Unknown fields are tolerated; amounts are in Stripe's own units."""

from typing import Any, Final, Generic, TypeVar

from msgspec import Struct, field

T = TypeVar("T")

_KEPT_TO_THE_BANK: Final = frozenset(
    {"fraudulent", "lost_card", "stolen_card", "merchant_blacklist", "pickup_card", "restricted_card", "security_violation"}
)
"""Reasons of a bank that Stripe asks not to tell the payer."""


class Named(Struct, frozen=True, kw_only=True):
    """An object with an id, and what we wrote on it."""

    id: str
    metadata: dict[str, str] = {}

    @property
    def key(self) -> str:
        """The key that we asked for it under; empty when somebody else made it."""
        return self.metadata.get("freehold_key", "")

    @property
    def payment_id(self) -> str:
        """Our name of the payment."""
        return self.metadata.get("payment_id", "")

    @property
    def milestone_id(self) -> str:
        """The milestone that it is about."""
        return self.metadata.get("milestone_id", "")


class ListPage(Struct, Generic[T], frozen=True):
    """A page of a list, or of a search."""

    data: list[T]
    has_more: bool = False


class BalanceTransaction(Struct, frozen=True, kw_only=True):
    """What an object did to the platform's balance."""

    amount: int
    fee: int
    currency: str


class Charge(Named, frozen=True, kw_only=True):
    """One try to collect; only one that succeeded is money."""

    amount: int
    currency: str
    status: str
    payment_intent: str | None = None
    balance_transaction: BalanceTransaction | str | None = None


class Redirection(Struct, frozen=True):
    """Where the payer must go."""

    url: str | None = None


class Step(Struct, frozen=True):
    """What the payer must do next."""

    type: str = ""
    redirect_to_url: Redirection | None = None


class ErrorDetail(Struct, frozen=True, kw_only=True):
    """Why something was refused."""

    type: str = ""
    code: str | None = None
    decline_code: str | None = None
    param: str | None = None
    message: str = ""
    payment_intent: "PaymentIntent | None" = None

    @property
    def reason(self) -> str:
        """The most telling stable code that its payer may know."""
        if self.code == "card_declined" and self.decline_code and self.decline_code not in _KEPT_TO_THE_BANK:
            return self.decline_code
        return self.code or (f"invalid_{self.param}" if self.param else "invalid_request")


class Failure(Struct, frozen=True):
    """The body of an answer that is an error."""

    error: ErrorDetail


class PaymentIntent(Named, frozen=True, kw_only=True):
    """A payment, from its beginning to its end."""

    amount: int
    currency: str
    status: str
    client_secret: str | None = None
    next_action: Step | None = None
    last_payment_error: ErrorDetail | None = None
    latest_charge: Charge | str | None = None


class Refund(Named, frozen=True, kw_only=True):
    """Money on its way back to the payer."""

    amount: int
    currency: str
    status: str | None = None
    failure_reason: str | None = None
    failure_balance_transaction: str | None = None


class Reversal(Named, frozen=True, kw_only=True):
    """Money taken back from a payee."""

    amount: int
    currency: str


class Transfer(Named, frozen=True, kw_only=True):
    """Money paid out to a payee's account."""

    amount: int
    amount_reversed: int
    currency: str
    destination: str
    reversals: ListPage[Reversal] = field(default_factory=lambda: ListPage([]))


class Dispute(Struct, frozen=True, kw_only=True):
    """A payment that the payer's bank takes back, or asks about."""

    id: str
    amount: int
    currency: str
    status: str
    reason: str
    balance_transactions: list[BalanceTransaction] = []
    payment_intent: PaymentIntent | None = None


class Requirements(Struct, frozen=True, kw_only=True):
    """What an account still owes Stripe."""

    currently_due: list[str] | None = None
    past_due: list[str] | None = None
    disabled_reason: str | None = None


class Account(Struct, frozen=True, kw_only=True):
    """The platform's account, or a payee's."""

    id: str
    country: str = ""
    default_currency: str = ""
    charges_enabled: bool = False
    payouts_enabled: bool = False
    details_submitted: bool = False
    capabilities: dict[str, str] = {}
    requirements: Requirements = Requirements()


class AccountLink(Struct, frozen=True):
    """Where a payee tells Stripe about themselves; good once, and for minutes."""

    url: str


class Amount(Struct, frozen=True):
    """A part of a balance."""

    amount: int
    currency: str


class Balance(Struct, frozen=True, kw_only=True):
    """What the platform has at Stripe."""

    livemode: bool
    available: list[Amount]
    pending: list[Amount]
    connect_reserved: list[Amount] = []


class Schedule(Struct, frozen=True):
    """How often Stripe pays the platform's balance out by itself."""

    interval: str | None = None


class Payouts(Struct, frozen=True):
    """How the platform's own payouts are set."""

    schedule: Schedule | None = None


class PaymentSettings(Struct, frozen=True):
    """How the platform's balance of payments is set."""

    payouts: Payouts | None = None


class BalanceSettings(Struct, frozen=True):
    """How the platform's balance is set."""

    payments: PaymentSettings


class Customer(Named, frozen=True, kw_only=True):
    """Somebody whose way to pay is saved."""


class MethodDetail(Struct, frozen=True):
    """What its owner knows a way to pay by."""

    last4: str | None = None
    brand: str | None = None
    bank_name: str | None = None


class PaymentMethod(Struct, frozen=True, kw_only=True):
    """A saved way to pay."""

    id: str
    type: str
    card: MethodDetail | None = None
    sepa_debit: MethodDetail | None = None
    us_bank_account: MethodDetail | None = None


class SetupIntent(Named, frozen=True, kw_only=True):
    """Saving a way to pay, from its beginning to its end."""

    status: str
    client_secret: str | None = None
    next_action: Step | None = None
    cancellation_reason: str | None = None
    payment_method: PaymentMethod | str | None = None


class EventData(Struct, frozen=True):
    """What an event is about: a copy of the object, which may be old by now."""

    object: dict[str, Any]


class Event(Struct, frozen=True, kw_only=True):
    """What Stripe tells by itself. `account` is the payee's, for events of their accounts."""

    id: str
    type: str
    livemode: bool
    data: EventData
    account: str | None = None
