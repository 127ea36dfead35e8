"""The composition root: what the settings make of the connector's parts. nameko's services find them in their config."""

import os
import random
import socket
from collections.abc import Callable
from typing import Final

from msgspec import Struct
from pymongo.database import Database

from connector.calls import Functions
from connector.database import Row, connect
from connector.deliveries import Deliveries
from connector.dispatcher import Dispatcher, Route
from connector.lanes import Lanes
from connector.lease import Leadership
from connector.loops import Loop
from connector.outbox import Outbox
from connector.reconciler import Reconciler
from connector.verdicts import Patience
from freehold.catalogue import Catalogue
from freehold.documents import Lease
from freehold.internal_calls import CallSigner
from freehold.settings import ConnectorSettings

PARTS: Final = "parts"
"""Where nameko's config holds the Parts."""

ROLE: Final = "dispatcher"

TURNS_PER_WAIT: Final = 5
"""How many turns the reconciler takes in the time that it gives a delivery."""


class Parts(Struct, frozen=True, kw_only=True):
    """Everything, wired."""

    settings: ConnectorSettings
    database: Database[Row]
    leadership: Leadership
    dispatcher: Dispatcher
    reconciler: Reconciler
    deliveries: Deliveries
    functions: Functions
    lanes: Lanes
    patience: Patience
    loops: dict[str, Loop]
    jitter: Callable[[], float] = random.random

    def checks(self) -> dict[str, bool]:
        """Say which parts work, for the health server."""
        return {
            "database": all(loop.reached for loop in self.loops.values()),
            "dispatch": self.loops["dispatch"].turns,
            "deliver": self.loops["deliver"].turns,
        }


def build(settings: ConnectorSettings) -> Parts:
    """Wire the parts. Nothing is connected yet, and nothing runs."""
    database = connect(settings)
    catalogue = Catalogue.load(settings.catalogue_file)
    deliveries = Deliveries(database)
    route = Route(
        outbox=Outbox(database),
        transport=deliveries,
        catalogue=catalogue,
        leadership=Leadership(
            database.get_collection(Lease.collection), role=ROLE, holder=_process_name(), lease_s=settings.lease_s
        ),
    )
    return Parts(
        settings=settings,
        database=database,
        leadership=route.leadership,
        dispatcher=Dispatcher(route, parking=deliveries, batch=settings.dispatch_batch),
        reconciler=Reconciler(route, database, after_s=settings.reconcile_after_s),
        deliveries=deliveries,
        functions=_functions(settings, catalogue),
        lanes=Lanes(limit=settings.concurrency, limit_per_reaction=settings.concurrency_per_reaction),
        patience=Patience(
            max_attempts=settings.max_attempts,
            backoff_base_s=settings.backoff_base_s,
            backoff_max_s=settings.backoff_max_s,
        ),
        loops={
            "dispatch": Loop("dispatch", interval_s=settings.poll_s),
            "reconcile": Loop("reconcile", interval_s=max(settings.reconcile_after_s / TURNS_PER_WAIT, settings.poll_s)),
            "deliver": Loop("deliver", interval_s=settings.poll_s),
        },
    )


def _functions(settings: ConnectorSettings, catalogue: Catalogue) -> Functions:
    return Functions(
        url=settings.functions_url,
        profile=settings.profile,
        signer=CallSigner.from_jwk(settings.connector_call_key),
        entries={entry.name: entry for entry in catalogue.functions if entry.kind == "reaction"},
        connections=settings.concurrency,
    )


def _process_name() -> str:
    """Name this process like no other, past ones included."""
    return f"{socket.gethostname()}:{os.getpid()}:{os.urandom(4).hex()}"
