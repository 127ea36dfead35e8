"""`POST /api/payout-accounts`."""

from typing import Annotated

from msgspec import Meta, Struct

from freehold.documents import PayoutAccount
from freehold.documents.payouts import CountryCode
from freehold.domain.errors import Fault, refuse_faults
from freehold.domain.money import EXPONENTS, Currency, Money
from freehold.edge import Call, endpoint
from freehold.edge.problems import TooManyRequests, WrongPassword
from freehold.edge.signing_in import EmailAddress, fold_email
from freehold.edge.step_up import OwnPassword, require_password
from freehold.payments import AmountNotSendable, GatewayNotAvailable
from freehold.payments.exponents import require_sendable
from freehold.payments.offers import offer_of
from freehold.store.payout_accounts import open_account
from freehold.views.payouts import PayeeView, view_payee

A_USUAL_AMOUNT = 100_000


class NewPayoutAccount(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where you want to be paid. `address` is where the gateway writes to you; your own e-mail address if left out."""

    password: OwnPassword
    country: CountryCode
    currency: Currency
    gateway: Annotated[str, Meta(pattern=r"^[a-z]{1,20}$(?!\n)")] = "sandbox"
    address: EmailAddress | None = None


@endpoint(
    "POST /api/payout-accounts",
    auth="freelancer",
    status=202,
    errors=[WrongPassword, TooManyRequests, GatewayNotAvailable, AmountNotSendable],
)
async def open_payout_account(call: Call, body: NewPayoutAccount) -> PayeeView:
    """Open an account to be paid into, in the place of the one that you have at this gateway.

    The gateway is asked at once and answers soon: the account is then ready, or pending until you have done what its `action`
    says. If you had an account already, anywhere, payouts are held for a while, and you are told. Raises WrongPassword,
    GatewayNotAvailable, and AmountNotSendable when the gateway does not pay in this currency.
    """
    await offer_of(call.unit, body.gateway, environment=call.settings.environment)
    if body.currency not in EXPONENTS:
        refuse_faults(Fault("currency", "an ISO 4217 code of a currency that people are paid in"))
    require_sendable(body.gateway, Money(A_USUAL_AMOUNT, body.currency))
    owner = await require_password(call, body.password)
    account = PayoutAccount(
        id=call.new_id("poa"),
        gateway=body.gateway,
        country=body.country,
        currency=body.currency,
        address=fold_email(body.address) if body.address else owner.email,
        opened_at=call.now,
    )
    user_id = call.caller.user_id
    profile = await open_account(call.unit, user_id, account, hold_s=call.settings.payout_hold_s, now=call.now)
    return view_payee(user_id, profile)
