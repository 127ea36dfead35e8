"""`python -m infra.compose.make_secrets`: make every secret once, and hand each container a copy of its own ones.

Runs as root with no capability but CHOWN and DAC_OVERRIDE, so that what it writes belongs to the user that reads it.
"""

import base64
import os
import secrets
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Final

from freehold.store.local_admin import Login
from infra.keys import GIVEN, UnusableKeys, make_keys, write_secret

MADE: Final = Path("/secrets")
OURS: Final = 10001
"""The user of our own images."""
THEIRS: Final = 999
"""The user of the official images of MongoDB and RabbitMQ."""
GRAFANAS: Final = 472

ROOT: Final = "freehold"
"""MongoDB's user that may do everything: for the one-shots."""
APPLICATION: Final = "freehold-application"
"""MongoDB's user that reads and writes one database: for all that strangers can reach."""

_BASE: Final = ("mongodb-uri", "access-token-jwks", "door-jwks")
CONSUMERS: Final[dict[str, tuple[int, tuple[str, ...]]]] = {
    "auth": (OURS, (*_BASE, "access-token-key", "refresh-token-key")),
    "functions": (OURS, _BASE),
    "payments": (OURS, (*_BASE, *GIVEN)),
    "papers": (OURS, (*_BASE, "smtp-url")),
    "ledger": (OURS, (*_BASE, "ledger-key")),
    "relay": (OURS, ("mongodb-uri",)),
    "connector": (OURS, ("mongodb-uri", "amqp-uri", "connector-call-key")),
    "scheduler": (OURS, ("scheduler-call-key",)),
    "setup": (OURS, ("mongodb-root-uri", "mongodb-password", "application-password", "operator-password")),
    "mongodb": (THEIRS, ("mongodb-key",)),
    "rabbitmq": (THEIRS, ("rabbitmq.conf",)),
    "grafana": (GRAFANAS, ("grafana-password",)),
}
"""Who reads what, and as which user. `all` holds the originals, for this program alone."""
_SEEN_AS: Final = {"mongodb-root-uri": "mongodb-uri"}
"""What has another name where it is mounted: each process finds MongoDB by `mongodb-uri`, as whoever it is."""


def make_all(folder: Path, *, development: bool) -> None:
    """Complete the secrets in `folder`: what is there stays as it is, addresses of MongoDB follow. Raises UnusableKeys."""
    make_keys(folder, development=development)
    root = Login(ROOT, _once(folder / "mongodb-password", lambda: secrets.token_urlsafe(24)))
    application = Login(APPLICATION, _once(folder / "application-password", lambda: secrets.token_urlsafe(24)))
    rabbitmq = _once(folder / "rabbitmq-password", lambda: secrets.token_urlsafe(24))
    _once(folder / "mongodb-key", lambda: base64.b64encode(os.urandom(48)).decode())
    for person in ("operator", "grafana"):
        _once(folder / f"{person}-password", lambda: secrets.token_urlsafe(18))
    write_secret(folder / "mongodb-root-uri", root.uri("mongodb:27017"))
    write_secret(folder / "mongodb-uri", application.uri("mongodb:27017"))
    _once(folder / "amqp-uri", lambda: f"amqp://freehold:{rabbitmq}@rabbitmq:5672/%2F")
    _once(folder / "rabbitmq.conf", lambda: f"default_user = freehold\ndefault_pass = {rabbitmq}\nloopback_users = none\n")


def hand_out(originals: Path, place: Path, names: tuple[str, ...], owner: int) -> None:
    """Put copies of these secrets, and nothing else, where one container mounts them."""
    seen = {_SEEN_AS.get(name, name): originals / name for name in names}
    for file in place.iterdir():
        if file.name not in seen:
            file.unlink()
    for name, original in seen.items():
        draft = place / f".{name}"
        shutil.copyfile(original, draft)
        draft.chmod(0o400)
        os.chown(draft, owner, owner)
        draft.replace(place / name)


def main() -> int:
    """Run the command; 0 when every container's secrets are in their place."""
    try:
        make_all(MADE / "all", development=os.environ.get("FREEHOLD_ENVIRONMENT", "sandbox") != "production")
        for consumer, (owner, names) in CONSUMERS.items():
            hand_out(MADE / "all", MADE / consumer, names, owner)
    except (UnusableKeys, OSError) as error:
        print(error, file=sys.stderr)
        return 1
    return 0


def _once(file: Path, make: Callable[[], str]) -> str:
    if not file.exists():
        write_secret(file, make())
    return file.read_text(encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
