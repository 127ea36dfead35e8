"""`PUT /api/payout-accounts/{id}`."""

import msgspec
from msgspec import Struct

from freehold.documents import Version
from freehold.domain.errors import Fault, refuse_faults
from freehold.domain.money import EXPONENTS, Currency
from freehold.edge import Call, endpoint
from freehold.edge.problems import NotFound, StaleVersion, TooManyRequests, WrongPassword
from freehold.edge.step_up import OwnPassword, require_password
from freehold.ids import PayoutAccountPath
from freehold.store.payout_accounts import AccountNotReady, change_currency, own_profile, prefer_account
from freehold.views.payouts import PayeeView, view_payee


class PayoutAccountChange(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The currency to be paid in, or that this account is the preferred one (`true`).

    With `version` (of all your payout accounts), only if nothing has changed since.
    """

    password: OwnPassword
    currency: Currency | None = None
    is_default: bool = False
    version: Version | None = None


@endpoint(
    "PUT /api/payout-accounts/{id}",
    auth="freelancer",
    errors=[NotFound, StaleVersion, WrongPassword, TooManyRequests, AccountNotReady],
)
async def update_payout_account(call: Call, path: PayoutAccountPath, body: PayoutAccountChange) -> PayeeView:
    """Choose in which currency you are paid, or which account is preferred; the latter holds payouts for a while.

    Raises WrongPassword, AccountNotReady.
    """
    profile, account = await own_profile(call.unit, call.caller.user_id, path.id)
    if body.version not in (None, profile.version):
        raise StaleVersion(f"Your payout accounts are at version {profile.version}.")
    if body.currency is not None and body.currency not in EXPONENTS:
        refuse_faults(Fault("currency", "an ISO 4217 code of a currency that people are paid in"))
    await require_password(call, body.password)
    if body.currency is not None:
        account = msgspec.structs.replace(account, currency=body.currency)
        profile = await change_currency(call.unit, profile.id, account, now=call.now)
    if body.is_default and profile.default_account_id != account.id:
        hold_s = call.settings.payout_hold_s
        profile = await prefer_account(call.unit, profile.id, account, hold_s=hold_s, now=call.now)
    return view_payee(profile.id, profile)
