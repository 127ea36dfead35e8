"""What the store says when it cannot do as told. The edge translates these once, into problems."""

from pymongo.errors import ConnectionFailure, ExecutionTimeout, PyMongoError, WaitQueueTimeoutError


class StoreError(Exception):
    """The root of what the store raises itself."""


class Missing(StoreError):  # noqa: N818 - it names what happened
    """There is no such document."""


class Stale(StoreError):  # noqa: N818 - it names what happened
    """The document is no longer as it was read (another version, another state, or a guard does not hold)."""


class Duplicate(StoreError):  # noqa: N818 - it names what happened
    """A unique index refused a document."""


class Unavailable(StoreError):  # noqa: N818 - it names what happened
    """The database did not take the work in time. It may be repeated, with the same idempotency key."""


OUTAGES: tuple[type[PyMongoError], ...] = (ConnectionFailure, ExecutionTimeout, WaitQueueTimeoutError)
"""What the driver raises when the database cannot be reached in time."""
