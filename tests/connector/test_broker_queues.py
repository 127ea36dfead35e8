"""What the connector does with its queues: what does not fit, what is foreign, what nobody takes, what kills its caller."""

import secrets
import signal
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import amqp
import msgspec
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from freehold.catalogue import Catalogue
from tests.connector.world import World, eventually
from tests.rabbitmq import HALF_BLIND, USER, Broker, connected

HOSTILE = {
    "no JSON": amqp.Message(b"\xff\xfe"),
    "another's JSON": amqp.Message(b'{"id": 5}'),
    "empty": amqp.Message(b""),
    "nested without end": amqp.Message(b"[" * 100_000),
    "packed": amqp.Message(b"x", application_headers={"compression": "application/x-gzip"}, content_encoding="rot13"),
    "pickled": amqp.Message(b"cos\nsystem\n(S'true'\ntR.", content_type="application/x-python-serialize"),
    "too large a number": amqp.Message(
        b'{"id": "e", "type": "t", "aggregate": "a", "aggregate_version": 1, "n": 0, "body": {"x": 9223372036854775808}}'
    ),
    "strange headers": amqp.Message(b"{}", application_headers={"freehold-fence": -1, "x-death": "x", "x-delivery-count": "y"}),
}

DOUBTS = """
import connector.green
import json
from connector.database import LONG_AGO
from connector.messages import Letter
from connector.parts import build
from freehold.events import EventEnvelope
from freehold.settings import ConnectorSettings, load

parts = build(load(ConnectorSettings))
exchange, publisher = parts.broker.resender._exchange, parts.broker.publisher

def epoch_after(queue):
    event = EventEnvelope(id="evt_1", type="thing.rushed", aggregate="a", aggregate_version=1, n=0, body={})
    assert not publisher.publish([Letter(id="evt_1", event=event, queue=queue)], LONG_AGO)
    assert exchange.is_reachable()
    return exchange.epoch

assert exchange.is_reachable()
seen = [exchange.epoch, epoch_after("DATABASE.full"), epoch_after("DATABASE.full"), epoch_after("DATABASE.gone")]
assert publisher.depth("DATABASE.gone") is None
while not exchange.is_reachable():
    pass
print(json.dumps({"event": "seen", "epochs": [*seen, exchange.epoch]}), flush=True)
"""


@pytest.fixture
def world(mongodb_uri: str, keys: Path, tmp_path: Path, amqp_uri: str) -> Iterator[World]:
    """Give a world on the run's broker, in which the functions run."""
    made = World(mongodb_uri, f"test_queues_{secrets.token_hex(4)}", keys, tmp_path, amqp_uri=amqp_uri)
    made.start_functions()
    yield made
    made.close()


def queue(world: World, name: str = "tests-first") -> str:
    return f"{world.database.name}.{name}"


def depth(world: World, name: str = "tests-first") -> int:
    with connected(world.amqp_uri) as channel:
        return int(channel.queue_declare(queue(world, name), passive=True).message_count)


def unsent(world: World) -> int:
    return world.database.outbox.count_documents({"sent": None})


def test_what_is_no_event_is_parked_and_holds_up_nobody(world: World) -> None:
    connector = world.start_connector()
    with connected(world.amqp_uri) as channel:
        for message in HOSTILE.values():
            channel.basic_publish(message, "", queue(world))
        channel.basic_publish(amqp.Message(b"to the dead"), "", queue(world, "dead"))
    parked = {"state": "parked", "error": {"$regex": "^the message is no event"}}
    eventually(lambda: world.database.deliveries.count_documents(parked) == len(HOSTILE) + 1)
    after = world.emit("thing.grew")
    eventually(lambda: world.state(after) == "done")
    assert connector.stop() == 0
    assert depth(world) == depth(world, "dead") == 0, "and nothing comes again"


def test_an_event_that_kills_its_caller_ends_in_parking(world: World) -> None:
    killed = 0
    event = world.emit("thing.grew", script={"tests-first": {"pauses_s": [60.0]}})
    while not world.state(event):
        connector = world.start("-m", "connector", max_attempts=2)
        eventually(lambda killed=killed: world.calls(event) > killed or world.state(event))
        killed = world.calls(event)
        connector.stop(signal.SIGKILL)
    assert (killed, world.state(event)) == (2, "parked")
    assert world.delivery(event)["error"] == "given up: 2 attempts, of which the last never ended"


def test_what_always_comes_back_is_given_up_by_its_queue_and_parked(world: World) -> None:
    world.start_connector().stop()
    event = world.emit("thing.grew")
    with connected(world.amqp_uri) as channel:
        row = {**world.row("thing.grew", id=event), "id": event}
        body = msgspec.json.encode({name: value for name, value in row.items() if name not in {"_id", "created_at", "sent"}})
        world.database.outbox.delete_one({"_id": event})
        channel.basic_publish(amqp.Message(body, delivery_mode=2), "", queue(world))
        while (message := eventually(lambda: channel.basic_get(queue(world)) or depth(world, "dead"))) != 1:
            channel.basic_reject(message.delivery_tag, requeue=True)
    world.start_connector()
    eventually(lambda: world.state(event) == "parked")
    assert "given up by its queue" in world.delivery(event)["error"]
    assert world.calls(event) == 0


def test_what_fits_no_queue_or_is_refused_stays_in_the_outbox_and_holds_up_nobody(world: World) -> None:
    connector = world.start_connector()
    with connected(world.amqp_uri) as channel:
        emitted = []

        def comes_back() -> bool:  # a connection of the connector's that opens just now declares the binding again
            channel.queue_unbind(queue(world), f"{world.database.name}.events", "thing.grew")
            emitted.append(world.emit("thing.grew"))
            return any(line["unroutable"] for line in connector.lines("events_refused"))

        eventually(comes_back)
        eventually(lambda: all(world.state(event) == "done" for event in emitted), what="the binding to be made again")
        full = f"{world.database.name}.full"
        channel.queue_declare(full, auto_delete=False, arguments={"x-max-length": 0, "x-overflow": "reject-publish"})
        channel.queue_bind(full, f"{world.database.name}.events", "thing.rushed")
        refused = world.emit("thing.rushed")
        eventually(lambda: [line for line in connector.lines("events_refused") if line["refused"] == 1])
        many = [world.emit("thing.rushed") for _ in range(150)]
        good = world.emit("thing.stuck")
        eventually(lambda: world.state(good, "tests-stuck") == "done")
        assert [row["_id"] for row in world.database.outbox.find({"sent": None})] == [refused, *many]
        channel.queue_delete(full)
    eventually(lambda: unsent(world) == 0 and world.state(refused, "tests-hasty") == "done")


def test_a_refusal_gives_no_reason_to_doubt_what_the_broker_holds_but_a_missing_queue_and_a_fault_do(world: World) -> None:
    with connected(world.amqp_uri) as channel:
        full = queue(world, "full")
        channel.queue_declare(full, auto_delete=False, arguments={"x-max-length": 0, "x-overflow": "reject-publish"})
        door = world.start("-c", DOUBTS.replace("DATABASE", world.database.name))
        door.process.wait(60)
        channel.queue_delete(full)
    assert [line["epochs"] for line in door.lines("seen")] == [[0, 0, 0, 1, 2]], door.output.read_text()


def test_a_queue_that_cannot_be_consumed_holds_up_no_other(world: World) -> None:
    world.start_connector().stop()
    world.amqp_uri = world.amqp_uri.replace(f"//{USER}:", f"//{HALF_BLIND}:")
    connector = world.start("-m", "connector")
    (unusable,) = eventually(lambda: connector.lines("queue_unusable"))
    event = world.emit("thing.grew")
    eventually(lambda: world.state(event) == "done")
    assert unusable["queue"] == queue(world, "tests-stuck")


def test_a_queue_whose_reaction_left_the_catalogue_is_emptied_and_gets_nothing_more(world: World) -> None:
    world.start_connector().stop()
    whole = world.catalogue()
    world.know(Catalogue(functions=tuple(entry for entry in whole.functions if entry.name != "tests-second")))
    connector = world.start_connector(queue_time_s=0.5)
    event = world.emit("thing.happened")
    eventually(lambda: connector.lines("queue_abandoned"), what="the queue's message to expire")
    eventually(lambda: world.state(event, "tests-second") == "parked")
    assert "the catalogue does not know this reaction" in world.delivery(event, "tests-second")["error"]
    later = world.emit("thing.happened")
    eventually(lambda: world.state(later) == "done")
    assert (depth(world, "tests-second"), world.state(later, "tests-second")) == (0, None)


def test_what_waited_too_long_in_a_queue_is_delivered_all_the_same(world: World) -> None:
    held = world.start_connector(queue_time_s=1.0, concurrency=1, concurrency_per_reaction=1, reconcile_after_s=600)
    events = [world.emit("thing.grew", script={"tests-first": {"pauses_s": [0.4]}}) for _ in range(8)]
    eventually(lambda: all(world.state(event) == "done" for event in events))
    assert held.lines("delivery_dead"), "some left the queue before they were taken"
    assert [world.effects(event) for event in events] == [1] * 8


def test_an_encrypted_connection_is_made_only_to_whom_the_ca_knows(mongodb_uri: str, keys: Path, tmp_path: Path) -> None:
    authority = tmp_path / "tls"
    make_certificates(authority)
    broker = Broker(tmp_path / "broker", tls=authority)
    broker.start()
    uri = f"amqps://freehold:{broker.password}@localhost:{broker.tls_port}/%2F"
    encrypted = World(mongodb_uri, f"test_tls_{secrets.token_hex(4)}", keys, tmp_path, amqp_uri=uri)
    try:
        encrypted.start_functions()
        stranger = encrypted.start("-m", "connector")
        assert eventually(lambda: stranger.lines("broker_fails"))[0]["error"] == "SSLCertVerificationError"
        stranger.stop()
        encrypted.start_connector(amqp_ca_file=authority / "cacertfile.pem")
        event = encrypted.emit("thing.grew")
        eventually(lambda: encrypted.state(event) == "done")
    finally:
        encrypted.amqp_uri = ""
        encrypted.close()
        broker.kill()


def make_certificates(folder: Path) -> None:
    """Make a certificate for localhost that is its own authority, as the broker's settings name the files."""
    folder.mkdir()
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now, day = datetime.now(UTC), timedelta(days=1)
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number(), now - day, now + day)
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    for part in ("cacertfile", "certfile"):
        (folder / f"{part}.pem").write_bytes(made.public_bytes(Encoding.PEM))
    (folder / "keyfile.pem").write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
