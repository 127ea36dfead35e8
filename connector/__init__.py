"""Carries events: from the outbox to the functions that react to them (events.md in words). Holds no business rule.

It runs in a process of its own, `python -m connector`, because nameko stands on eventlet, and eventlet changes the
standard library under everything else. It touches three collections: `outbox`, `deliveries` and `leases`.
"""
