"""Razorpay: Orders, Route, refunds, disputes, webhooks. Public: the gateway and the keys it needs."""

from freehold.payments.razorpay.gateway import RazorpayGateway
from freehold.payments.razorpay.line import RazorpayKeys

__all__ = ["RazorpayGateway", "RazorpayKeys"]
