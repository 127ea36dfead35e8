"""The composition root: what the settings make of the connector's parts. nameko's services find them in their config."""

import os
import random
import socket
from typing import Any, Final

from msgspec import Struct
from pymongo.database import Database

from connector.broker import Link, check_address
from connector.calls import Functions
from connector.database import Row, connect
from connector.deliveries import Deliveries
from connector.dispatcher import Dispatcher, Route
from connector.exchange import Exchange
from connector.lanes import Lanes
from connector.lease import Leadership
from connector.loops import Loop
from connector.measuring import Measuring
from connector.outbox import Outbox
from connector.publishing import Publisher
from connector.reconciler import Reconciler
from connector.resender import Resender
from connector.settling import Settling
from connector.topology import Topology
from connector.transport import Transport
from connector.verdicts import Patience
from freehold.catalogue import Catalogue
from freehold.documents import Lease
from freehold.internal_calls import CallSigner
from freehold.settings import ConnectorSettings
from freehold.telemetry.readings import NewestReadings

PARTS: Final = "parts"
"""Where nameko's config holds the Parts."""

ROLE: Final = "dispatcher"

MEASURED_EVERY_S: Final = 5.0

TURNS_PER_WAIT: Final = 5
"""How many turns the reconciler takes in the time that it gives a delivery."""


class Broker(Struct, frozen=True, kw_only=True):
    """What is there only with RabbitMQ."""

    topology: Topology
    publisher: Publisher
    consuming: Link
    resender: Resender


class Parts(Struct, frozen=True, kw_only=True):
    """Everything, wired. Without a `broker`, MongoDB carries the events."""

    settings: ConnectorSettings
    database: Database[Row]
    leadership: Leadership
    dispatcher: Dispatcher
    measuring: Measuring
    reconciler: Reconciler
    deliveries: Deliveries
    functions: Functions
    lanes: Lanes[Any]
    settling: Settling
    loops: dict[str, Loop]
    broker: Broker | None = None

    def checks(self) -> dict[str, bool]:
        """Say which parts work, for the health server."""
        found = {"database": all(loop.reached for loop in self.loops.values()), "dispatch": self.loops["dispatch"].turns}
        if self.broker is None:
            return {**found, "deliver": self.loops["deliver"].turns}
        publishes = self.leadership.held is None or not self.broker.publisher.link.fails  # only the leader publishes
        return {**found, "broker": self.broker.consuming.works and publishes}


def build(settings: ConnectorSettings) -> Parts:
    """Wire the parts. Nothing is connected yet, and nothing runs."""
    database = connect(settings)
    catalogue = Catalogue.load(settings.catalogue_file)
    deliveries = Deliveries(database)
    leadership = Leadership(
        database.get_collection(Lease.collection), role=ROLE, holder=_process_name(), lease_s=settings.lease_s
    )
    settling = Settling(deliveries=deliveries, patience=_patience(settings), jitter=random.random)
    functions = _functions(settings, catalogue)
    transport: Transport = deliveries
    broker = None
    if settings.amqp_uri:
        transport, broker = _broker(settings, catalogue, leadership, settling, functions)
    route = Route(outbox=Outbox(database), transport=transport, catalogue=catalogue, leadership=leadership)
    return Parts(
        settings=settings,
        database=database,
        leadership=leadership,
        dispatcher=Dispatcher(route, parking=deliveries, batch=settings.dispatch_batch),
        measuring=Measuring(database, leadership, NewestReadings()),
        reconciler=Reconciler(route, database, after_s=settings.reconcile_after_s),
        deliveries=deliveries,
        functions=functions,
        lanes=Lanes(limit=settings.concurrency, limit_per_reaction=settings.concurrency_per_reaction),
        settling=settling,
        loops=_loops(settings),
        broker=broker,
    )


def _broker(
    settings: ConnectorSettings, catalogue: Catalogue, leadership: Leadership, settling: Settling, functions: Functions
) -> tuple[Exchange, Broker]:
    check_address(settings.amqp_uri)
    topology = Topology(settings.mongodb_database, catalogue)
    publishing = Link(settings, topology, purpose="publish", heartbeat_s=0)
    publisher = Publisher(publishing, timeout_s=settings.confirm_timeout_s, keep_s=settings.queue_time_s)
    exchange = Exchange(publisher, topology, settling.deliveries)
    resender = Resender(exchange, leadership, settling, functions, settings)
    consuming = Link(settings, topology, purpose="consume", heartbeat_s=settings.amqp_heartbeat_s)
    return exchange, Broker(topology=topology, publisher=publisher, consuming=consuming, resender=resender)


def _loops(settings: ConnectorSettings) -> dict[str, Loop]:
    reconcile_s = max(settings.reconcile_after_s / TURNS_PER_WAIT, settings.poll_s)
    return {
        "dispatch": Loop("dispatch", interval_s=settings.poll_s),
        "reconcile": Loop("reconcile", interval_s=reconcile_s),
        "measure": Loop("measure", interval_s=MEASURED_EVERY_S),
        "resend" if settings.amqp_uri else "deliver": Loop("deliver", interval_s=settings.poll_s),
    }


def _patience(settings: ConnectorSettings) -> Patience:
    return Patience(
        max_attempts=settings.max_attempts, backoff_base_s=settings.backoff_base_s, backoff_max_s=settings.backoff_max_s
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
