"""MongoDB, asynchronous: reads, the unit of work, the schema. Beside these, one module for each collection's own questions."""

from freehold.store.connection import NotAReplicaSet, Store, Work
from freehold.store.errors import OUTAGES, Duplicate, Missing, Stale, StoreError, Unavailable
from freehold.store.reads import NEWEST_FIRST, Filter, Reads, Sort
from freehold.store.schema import apply_schema
from freehold.store.unit import Unit, now

__all__ = [
    "NEWEST_FIRST",
    "OUTAGES",
    "Duplicate",
    "Filter",
    "Missing",
    "NotAReplicaSet",
    "Reads",
    "Sort",
    "Stale",
    "Store",
    "StoreError",
    "Unavailable",
    "Unit",
    "Work",
    "apply_schema",
    "now",
]
