"""Limits that a world full of requests would reach: the same in its own app and in the processes that are killed."""

from typing import Final

LIMITS: Final = {
    "open_jobs_limit": "100000",
    "large_bodies_at_once": "100",
    "payment_methods_limit": "100000",
    "fx_rate_max_age_days": "400",
}
