"""The sandbox gateway: a payment provider that needs no account and moves no real money. Production refuses it.

It keeps its own books in collections of its own, acts once per key, remembers refusals, and never pays out more of a payment
than was paid in. It can be told to fail: `scenarios` is the table. What happens there by itself, in its own time, is told by
signed webhooks, which a sweep hands in at the same door as everybody's.
"""

from freehold.payments.sandbox.gateway import SANDBOX_OFFER, SandboxFee, SandboxGateway

__all__ = ["SANDBOX_OFFER", "SandboxFee", "SandboxGateway"]
