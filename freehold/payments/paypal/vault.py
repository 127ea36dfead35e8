"""Ways to pay that are saved at PayPal: their owner approves a setup token, and we change it into a payment token.

Nothing is written down here: no money moves, and PayPal answers the same key with the same token for three hours. Who comes
back later approves once more.
"""

from typing import Any

from freehold.payments.book import redirect
from freehold.payments.gateway import SavedMethod, SaveMethodRequest
from freehold.payments.paypal.line import Declined, Line, PayPalKeys
from freehold.payments.paypal.wire import PaymentToken, SetupToken

METHOD = "paypal"


async def save_method(line: Line, keys: PayPalKeys, request: SaveMethodRequest) -> SavedMethod:
    """Begin to save somebody's PayPal account, or say how that stands. Raises GatewayUnavailable."""
    if request.method != METHOD:
        return SavedMethod(state="refused", reference="", reason="unknown_method")
    try:
        begun = await _setup(line, keys, request)
        if begun.status == "PAYER_ACTION_REQUIRED":
            begun = await line.ask(lambda client: client.vault.get_setup_token(begun.id), SetupToken)
        if begun.status not in ("APPROVED", "VAULTED"):
            return _pending(begun)
        saved = await _exchange(line, request, begun.id)
    except Declined as declined:
        return SavedMethod(state="refused", reference="", reason=declined.issue.lower())
    wallet = saved.payment_source.paypal if saved.payment_source else None
    return SavedMethod(state="ready", reference=saved.id, label=_masked(wallet.email_address if wallet else ""))


def _pending(begun: SetupToken) -> SavedMethod:
    return SavedMethod(state="pending", reference=begun.id, action=redirect(begun.approve_url))


async def _setup(line: Line, keys: PayPalKeys, request: SaveMethodRequest) -> SetupToken:
    def call(client: Any) -> Any:  # noqa: ANN401 - the SDK has no types
        from paypalserversdk.models.setup_token_request import SetupTokenRequest  # noqa: PLC0415
        from paypalserversdk.models.setup_token_request_payment_source import SetupTokenRequestPaymentSource  # noqa: PLC0415
        from paypalserversdk.models.vault_experience_context import VaultExperienceContext  # noqa: PLC0415
        from paypalserversdk.models.vault_paypal_wallet_request import VaultPaypalWalletRequest  # noqa: PLC0415

        pages = VaultExperienceContext(
            return_url=keys.return_url, cancel_url=keys.return_url, shipping_preference="NO_SHIPPING"
        )
        wallet = VaultPaypalWalletRequest(usage_type="MERCHANT", usage_pattern="DEFERRED", experience_context=pages)
        body = SetupTokenRequest(payment_source=SetupTokenRequestPaymentSource(paypal=wallet))
        return client.vault.create_setup_token({"body": body, "paypal_request_id": request.key})

    return await line.ask(call, SetupToken)


async def _exchange(line: Line, request: SaveMethodRequest, setup_token: str) -> PaymentToken:
    def call(client: Any) -> Any:  # noqa: ANN401 - the SDK has no types
        from paypalserversdk.models.payment_token_request import PaymentTokenRequest  # noqa: PLC0415
        from paypalserversdk.models.payment_token_request_payment_source import PaymentTokenRequestPaymentSource  # noqa: PLC0415
        from paypalserversdk.models.vault_token_request import VaultTokenRequest  # noqa: PLC0415

        source = PaymentTokenRequestPaymentSource(token=VaultTokenRequest(id=setup_token, mtype="SETUP_TOKEN"))
        body = PaymentTokenRequest(payment_source=source)
        return client.vault.create_payment_token({"body": body, "paypal_request_id": f"{request.key}:token"})

    return await line.ask(call, PaymentToken)


def _masked(address: str) -> str:
    """Show of an address what its owner knows it by, and nobody else."""
    name, at, host = address.partition("@")
    return f"{name[:1]}***{at}{host}" if at else METHOD
