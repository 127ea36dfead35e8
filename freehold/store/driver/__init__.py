"""PyMongo with shortcuts, for what costs most of a function's processor time: going to MongoDB and back.

- A transaction's commands go over one connection that is taken from the pool once; none of them chooses a server again.
- A command is asked over its connection directly (`wire.py`), and answers are read in one piece (`answers.py`);
  a read does without a cursor's bookkeeping.
- Who writes is chosen again only after something about the servers has changed.

They stand on what PyMongo keeps for itself, so its minor version is pinned in pyproject.toml, and
`tests/store/test_driver.py` holds what is relied on. Where anything is out of the ordinary (an error, the driver's own
monitoring, a deadline by `pymongo.timeout`) the driver's own way is taken. Why they exist, what they save and how each is taken
out again: docs/adr/0019-shortcuts-in-the-driver.md.
"""

from freehold.store.driver.client import READ_TIMEOUT_MS, Client, Database, SecondConnectionError, TransactionBroken

__all__ = ["READ_TIMEOUT_MS", "Client", "Database", "SecondConnectionError", "TransactionBroken"]
