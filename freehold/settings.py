"""Settings: one frozen struct per kind of process, parsed once at its start.

A plain setting is an environment variable, `FREEHOLD_` and the field's name in capitals. A secret is a file of the
field's name with dashes, in `FREEHOLD_SECRETS` (OpenFaaS mounts them at /var/openfaas/secrets); a secret has no default.
Every missing or wrong setting is named at once. Production refuses development keys and the sandbox gateway.
"""

import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Annotated, Final, Literal, TypeVar, get_type_hints

import msgspec
from msgspec import Meta, Struct

DEVELOPMENT_MARK: Final = "freehold-development-key"
"""Stands in the key files that the local run makes; production refuses a secret that holds it."""

DEFAULT_SECRETS: Final = "/var/openfaas/secrets"

ALSO_IN_ENVIRONMENT: Final = {"amqp_uri": "AMQP_URI"}
"""Secrets that may stand in an environment variable as well. The file is read first; the variable only if there is none."""

GATEWAY_SECRETS: Final = (
    "stripe_publishable_key", "stripe_secret_key", "stripe_webhook_key", "paypal_keys", "razorpay_keys",
)  # fmt: skip
"""What payment gateways gave the operator. `none`, or an empty file, says that there is no such gateway here."""

Seconds = Annotated[float, Meta(gt=0)]
Count = Annotated[int, Meta(ge=1)]
Environment = Literal["sandbox", "production"]
Port = Annotated[int, Meta(ge=0, le=65535)]
Host = Annotated[str, Meta(min_length=1)]
"""Where a port listens: 127.0.0.1 for this machine alone, 0.0.0.0 in a container, which has an address of its own."""
Address = Annotated[str, Meta(pattern="^https?://[^/?#]+/?$")]
Origins = Annotated[str, Meta(pattern=r"^(https?://[^/?#,\s]+(,https?://[^/?#,\s]+)*)?$")]
"""Web origins (`https://app.example.org`), with commas between them; empty for none."""
LogName = Annotated[str, Meta(pattern=r"^[A-Za-z0-9.-]{1,100}(/[A-Za-z0-9._-]{1,50}){0,3}$(?!\n)")]
"""What the ledger's log is called for ever, like an address without its scheme: `pay.example.org/ledger`."""
HostAndPort = Annotated[str, Meta(pattern=r"^([A-Za-z0-9._-]{1,253}:[0-9]{1,5})?$(?!\n)")]
"""A service in our own network (`clamav:3310`); empty for none."""
LogLevel = Literal["debug", "info", "warning", "error"]
Profile = Literal["standard", "ce"]


class InvalidSettings(Exception):  # noqa: N818 - it names what is wrong
    """Settings are missing or wrong; the message has a line for each of them."""


class Secret(str):
    """A secret's text. Its `repr` never shows it."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "Secret(...)"


class Database(Struct, frozen=True, kw_only=True):
    """Where MongoDB is."""

    mongodb_uri: Secret
    mongodb_database: str = "freehold"


class FunctionSettings(Database, frozen=True, kw_only=True):
    """What a process that serves functions knows. Its private secrets come beside it (`load_secrets`).

    After SIGTERM it says for `drain_delay_s` that it is not ready, and still answers; then it takes no more connections, and
    what is in flight has `drain_timeout_s` to end. A week of hours whose charge is refused is charged again
    `second_charge_after_s` later, and `third_charge_after_s` after that; once paid it is held for `security_hold_s`. A client
    who lets go more than `release_password_above_eur` of a milestone gives their password once more; 0 asks each time.
    """

    environment: Environment
    access_token_jwks: Secret
    door_jwks: Secret
    port: Port = 8080
    concurrency_limit: Count = 64
    request_timeout_s: Seconds = 10.0
    transaction_deadline_s: Seconds = 5.0
    drain_delay_s: Annotated[float, Meta(ge=0)] = 3.0
    drain_timeout_s: Seconds = 10.0
    body_limit_bytes: Count = 65_536
    large_bodies_at_once: Count = 2
    events_body_limit_bytes: Count = 4_194_304
    rate_read_per_minute: Count = 600
    rate_write_per_minute: Count = 120
    rate_auth_per_minute: Count = 10
    password_threads: Count = 2
    password_queue: Count = 32
    inspection_floor_s: Count = 86_400
    inspection_default_s: Count = 14 * 86_400
    review_window_s: Count = 14 * 86_400
    funding_window_s: Count = 3 * 86_400
    open_jobs_limit: Count = 50
    timer_limit_minutes: Annotated[int, Meta(ge=1, le=720)] = 720
    second_charge_after_s: Count = 86_400
    third_charge_after_s: Count = 2 * 86_400
    week_funding_window_s: Count = 30 * 86_400
    security_hold_s: Count = 5 * 86_400
    payment_methods_limit: Count = 20
    payout_hold_s: Count = 3 * 86_400
    release_password_above_eur: Annotated[int, Meta(ge=0)] = 5_000
    fx_rates_file: str = ""
    fx_rate_max_age_days: Count = 7
    fx_spread_basis_points: Annotated[int, Meta(ge=0, le=1_000)] = 100
    web_url: Address = "http://127.0.0.1:8000"
    relay_url: Address = "http://127.0.0.1:8001"
    ledger_origin: LogName = "freehold.invalid/ledger"
    scanner_address: HostAndPort = ""
    log_level: LogLevel = "info"


class ConnectorSettings(Database, frozen=True, kw_only=True):
    """What the connector knows (events.md in words). Its times hold by the database's clock, or by a monotonic one.

    `amqp_uri` makes RabbitMQ carry the events, else MongoDB does; `amqp_ca_file` is who signs its certificate when it is
    `amqps://`, empty for whom the system trusts. What nobody has taken out of a queue for `queue_time_s` leaves it.
    """

    environment: Environment
    amqp_uri: Secret = Secret("")
    amqp_ca_file: str = ""
    amqp_heartbeat_s: Seconds = 10.0
    confirm_timeout_s: Seconds = 5.0
    queue_time_s: Seconds = 86_400.0
    connector_call_key: Secret
    functions_url: Address
    profile: Profile = "standard"
    catalogue_file: str = ""
    health_host: Host = "127.0.0.1"
    health_port: Port = 8080
    concurrency: Count = 32
    concurrency_per_reaction: Count = 8
    dispatch_batch: Annotated[int, Meta(ge=1, le=200)] = 128
    poll_s: Seconds = 1.0
    lease_s: Seconds = 10.0
    claim_margin_s: Seconds = 5.0
    backoff_base_s: Seconds = 0.5
    backoff_max_s: Seconds = 600.0
    max_attempts: Count = 40
    reconcile_after_s: Seconds = 300.0
    drain_timeout_s: Seconds = 10.0
    log_level: LogLevel = "info"


class SchedulerSettings(Struct, frozen=True, kw_only=True):
    """What the scheduler knows: where the functions are, and its own key. It has no database."""

    environment: Environment
    scheduler_call_key: Secret
    functions_url: Address
    profile: Profile = "standard"
    catalogue_file: str = ""
    health_host: Host = "127.0.0.1"
    health_port: Port = 8080
    drain_timeout_s: Seconds = 10.0
    log_level: LogLevel = "info"


class RelaySettings(Database, frozen=True, kw_only=True):
    """What the relay knows (realtime.md in words).

    A browser connects only from one of `relay_origins`; a client that is no browser sends no origin. Each process serves at
    most `connection_limit` sockets, `connections_per_person` of one person. `relay_node` is what the gateway calls this
    process; the ids of its sessions begin with it.
    """

    environment: Environment
    relay_node: Annotated[str, Meta(pattern=r"^[a-z0-9-]{0,32}$(?!\n)")] = ""
    relay_host: Host = "127.0.0.1"
    relay_port: Port = 8001
    relay_origins: Origins = ""
    connection_limit: Count = 10_000
    connections_per_person: Count = 20
    unsent_limit_bytes: Count = 262_144
    frames_per_second: Count = 200
    session_check_s: Annotated[float, Meta(gt=0, le=2.5)] = 2.0
    ping_interval_s: Seconds = 25.0
    ping_timeout_s: Seconds = 20.0
    connect_timeout_s: Seconds = 10.0
    drain_timeout_s: Seconds = 10.0
    log_level: LogLevel = "info"


class GatewayTelemetrySettings(Struct, frozen=True, kw_only=True):
    """What the program knows that listens to nginx: where datagrams come in, and where a scrape is answered."""

    syslog_host: Host = "127.0.0.1"
    syslog_port: Port = 5514
    health_host: Host = "127.0.0.1"
    health_port: Port = 8080
    log_level: LogLevel = "info"


_PROTOCOL: Final = ("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "OTEL_EXPORTER_OTLP_PROTOCOL")
_BACKEND: Final = ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT")

S = TypeVar("S", bound=Struct)


def load(kind: type[S], environ: Mapping[str, str] = os.environ) -> S:
    """Read the settings that `kind` names. Raises InvalidSettings with a line for each missing or wrong one."""
    secrets_folder = Path(environ.get("FREEHOLD_SECRETS", DEFAULT_SECRETS))
    hints = get_type_hints(kind, include_extras=True)
    faults: list[str] = []
    values: dict[str, object] = {}
    for field in msgspec.structs.fields(kind):
        is_secret = hints[field.name] is Secret
        place = str(_secret_file(secrets_folder, field.name)) if is_secret else f"FREEHOLD_{field.name.upper()}"
        text = _read_secret(Path(place)) if is_secret else environ.get(place)
        if text is None and field.name in ALSO_IN_ENVIRONMENT:
            text = environ.get(ALSO_IN_ENVIRONMENT[field.name])
        if text is None:
            if field.required:
                faults.append(f"missing {'secret file' if is_secret else 'setting'} {place}")
            continue
        try:
            values[field.name] = Secret(text) if is_secret else msgspec.convert(text, hints[field.name], strict=False)
        except msgspec.ValidationError as error:
            faults.append(f"{place}: {error}")
    faults += _unfit_for_production(values)
    if faults:
        raise InvalidSettings("\n".join(faults))
    return kind(**values)


def load_database(environ: Mapping[str, str] = os.environ) -> Database:
    """Say where MongoDB is, for an operator's programs: `MONGODB_URI`, else the secret file. Raises InvalidSettings."""
    if given := environ.get("MONGODB_URI"):
        named = environ.get("FREEHOLD_MONGODB_DATABASE")
        return Database(mongodb_uri=Secret(given), **({"mongodb_database": named} if named else {}))
    return load(Database, environ)


def load_secrets(names: Iterable[str], environ: Mapping[str, str] = os.environ) -> dict[str, Secret]:
    """Read these secrets and no others. Raises InvalidSettings that names every missing file."""
    folder = Path(environ.get("FREEHOLD_SECRETS", DEFAULT_SECRETS))
    found = {name: _read_secret(_secret_file(folder, name)) for name in names}
    faults = [f"missing secret file {_secret_file(folder, name)}" for name, text in found.items() if text is None]
    secrets = {name: Secret(text) for name, text in found.items() if text is not None}
    faults += _unfit_for_production({"environment": environ.get("FREEHOLD_ENVIRONMENT"), **secrets})
    if faults:
        raise InvalidSettings("\n".join(faults))
    return secrets


def wants_traces(environ: Mapping[str, str] = os.environ) -> bool:
    """Say whether OpenTelemetry's standard variables name a backend for spans, and do not turn them off.

    Raises InvalidSettings when they ask for a protocol that is not spoken here.
    """
    is_off = environ.get("OTEL_SDK_DISABLED", "").lower() == "true" or environ.get("OTEL_TRACES_EXPORTER", "otlp") == "none"
    if is_off or not any(environ.get(name) for name in _BACKEND):
        return False
    if {environ.get(name) for name in _PROTOCOL} - {None, "", "http/protobuf"}:
        raise InvalidSettings(f"{' and '.join(_PROTOCOL)}: only http/protobuf is spoken (port 4318)")
    return True


def _secret_file(folder: Path, name: str) -> Path:
    return folder / name.replace("_", "-")


def _read_secret(file: Path) -> str | None:
    try:
        return file.read_text(encoding="utf-8").strip()
    except (FileNotFoundError, NotADirectoryError):
        return None


def _unfit_for_production(values: Mapping[str, object]) -> list[str]:
    if values.get("environment") != "production":
        return []
    return [
        f"{name} is a development key; production needs one of its own"
        for name, value in values.items()
        if isinstance(value, Secret) and DEVELOPMENT_MARK in value
    ]
