"""Stripe: Connect with separate charges and transfers. The platform collects, holds, and pays out of each payment.

Only `line` knows the library `stripe`, and imports it when the first request is made.
"""

from freehold.payments.stripe.gateway import StripeGateway, StripeKeys

__all__ = ["StripeGateway", "StripeKeys"]
