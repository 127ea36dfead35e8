"""What PayPal answers, as far as we read it. Unknown fields are tolerated; one that must be there and is not is an error."""

from msgspec import Struct, field


class Amount(Struct, frozen=True):
    """An amount of orders, captures, refunds, disputes and balances."""

    currency_code: str
    value: str


class PayoutAmount(Struct, frozen=True):
    """An amount of payouts, which say `currency`."""

    currency: str
    value: str


class Link(Struct, frozen=True):
    """Where something is to be found (HATEOAS)."""

    href: str
    rel: str = ""


class Breakdown(Struct, frozen=True):
    """What a seller gets of a capture."""

    paypal_fee: Amount | None = None


class StatusDetails(Struct, frozen=True):
    """Why a capture or refund stands as it does."""

    reason: str | None = None


class Capture(Struct, frozen=True):
    """Money that was taken from a payer."""

    id: str
    status: str
    amount: Amount
    seller_receivable_breakdown: Breakdown | None = None
    status_details: StatusDetails | None = None


class Payments(Struct, frozen=True):
    """What was done to a purchase unit."""

    captures: tuple[Capture, ...] = ()


class PurchaseUnit(Struct, frozen=True):
    """One part of an order; ours have one."""

    payments: Payments | None = None


class Order(Struct, frozen=True):
    """An order: something that a payer may approve."""

    id: str
    status: str
    purchase_units: tuple[PurchaseUnit, ...] = ()
    links: tuple[Link, ...] = ()

    @property
    def capture(self) -> Capture | None:
        """The money that was taken for it, if any was; the latest try."""
        found = [capture for unit in self.purchase_units if unit.payments for capture in unit.payments.captures]
        return found[-1] if found else None

    @property
    def approve_url(self) -> str | None:
        """Where the payer goes to approve it."""
        return next((link.href for link in self.links if link.rel in ("payer-action", "approve")), None)


class Refund(Struct, frozen=True):
    """Money that was given back to a payer."""

    id: str
    status: str
    amount: Amount
    status_details: StatusDetails | None = None


class Fault(Struct, frozen=True):
    """One thing that PayPal finds wrong."""

    issue: str = ""
    field: str = ""
    link: tuple[Link, ...] = ()
    links: tuple[Link, ...] = ()


class Problem(Struct, frozen=True):
    """PayPal's error answer."""

    name: str = ""
    details: tuple[Fault, ...] = ()
    links: tuple[Link, ...] = ()

    @property
    def issue(self) -> str:
        """The stable code of what is wrong."""
        return next((fault.issue for fault in self.details if fault.issue), self.name)


class PayoutError(Struct, frozen=True):
    """Why an item was not paid."""

    name: str = ""


class PayoutItem(Struct, frozen=True):
    """One payment of a payout, to one receiver."""

    payout_item_id: str
    transaction_status: str = "PENDING"
    payout_item_fee: PayoutAmount | None = None
    errors: PayoutError | None = None


class BatchHeader(Struct, frozen=True):
    """How a payout stands as a whole."""

    payout_batch_id: str
    batch_status: str


class Batch(Struct, frozen=True):
    """A payout; ours have one item."""

    batch_header: BatchHeader
    items: tuple[PayoutItem, ...] = ()


class BalanceDetail(Struct, frozen=True):
    """What lies in one currency."""

    currency: str
    total_balance: Amount


class Balances(Struct, frozen=True):
    """What lies in the platform's account."""

    balances: tuple[BalanceDetail, ...] = ()


class TransactionInfo(Struct, frozen=True):
    """One line of the account's history."""

    transaction_id: str
    invoice_id: str | None = None


class TransactionDetail(Struct, frozen=True):
    """One entry of a search."""

    transaction_info: TransactionInfo


class TransactionPage(Struct, frozen=True):
    """One page of a search."""

    transaction_details: tuple[TransactionDetail, ...] = ()
    total_pages: int = 1


class DisputedTransaction(Struct, frozen=True):
    """What a dispute is about; `custom` is our name for the payment."""

    seller_transaction_id: str = ""
    custom: str | None = None


class DisputeOutcome(Struct, frozen=True):
    """How a dispute ended."""

    outcome_code: str = ""


class Dispute(Struct, frozen=True):
    """A payer's complaint, or their bank's."""

    dispute_id: str
    status: str
    dispute_amount: Amount
    reason: str | None = None
    disputed_transactions: tuple[DisputedTransaction, ...] = ()
    dispute_outcome: DisputeOutcome | None = None


class VaultWallet(Struct, frozen=True):
    """Whose PayPal account was saved."""

    email_address: str = ""


class VaultSource(Struct, frozen=True):
    """What was saved."""

    paypal: VaultWallet | None = None


class SetupToken(Struct, frozen=True):
    """A way to pay that its owner may let us save."""

    id: str
    status: str
    links: tuple[Link, ...] = ()

    @property
    def approve_url(self) -> str | None:
        """Where its owner goes to approve."""
        return next((link.href for link in self.links if link.rel == "approve"), None)


class PaymentToken(Struct, frozen=True):
    """A way to pay that is saved."""

    id: str
    payment_source: VaultSource | None = None


class SenderHeader(Struct, frozen=True):
    """Our own names of a payout."""

    sender_batch_id: str = ""


class EventBatchHeader(Struct, frozen=True):
    """A payout, as an event about it says."""

    sender_batch_header: SenderHeader = field(default_factory=SenderHeader)


class Related(Struct, frozen=True):
    """What an event's object belongs to."""

    order_id: str | None = None


class Supplementary(Struct, frozen=True):
    """What an event's object belongs to, one level down."""

    related_ids: Related = field(default_factory=Related)


class Resource(Struct, frozen=True):
    """The object of an event, whichever it is: only what says which of ours it means. How it stands is asked for."""

    id: str | None = None
    dispute_id: str | None = None
    custom_id: str | None = None
    sender_batch_id: str | None = None
    batch_header: EventBatchHeader | None = None
    supplementary_data: Supplementary | None = None


class Event(Struct, frozen=True):
    """What PayPal tells by itself."""

    id: str
    event_type: str
    resource: Resource


class Verdict(Struct, frozen=True):
    """Whether PayPal signed an event."""

    verification_status: str
