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

from infra.keys import UnusableKeys, make_keys, write_secret

MADE: Final = Path("/secrets")
OURS: Final = 10001
"""The user of our own images."""
THEIRS: Final = 999
"""The user of the official images of MongoDB and RabbitMQ."""
GRAFANAS: Final = 472

_BASE: Final = ("mongodb-uri", "access-token-jwks", "door-jwks")
CONSUMERS: Final[dict[str, tuple[int, tuple[str, ...]]]] = {
    "auth": (OURS, (*_BASE, "access-token-key", "refresh-token-key")),
    "functions": (OURS, _BASE),
    "payments": (OURS, _BASE),
    "relay": (OURS, ("mongodb-uri",)),
    "connector": (OURS, ("mongodb-uri", "amqp-uri", "connector-call-key")),
    "scheduler": (OURS, ("scheduler-call-key",)),
    "setup": (OURS, ("mongodb-uri", "mongodb-password", "operator-password")),
    "mongodb": (THEIRS, ("mongodb-key",)),
    "rabbitmq": (THEIRS, ("rabbitmq.conf",)),
    "grafana": (GRAFANAS, ("grafana-password",)),
}
"""Who reads what, and as which user. `all` holds the originals, for this program alone."""


def make_all(folder: Path, *, development: bool) -> None:
    """Complete the secrets in `folder`; what is there stays as it is. Raises UnusableKeys."""
    make_keys(folder, development=development)
    mongodb = _once(folder / "mongodb-password", lambda: secrets.token_urlsafe(24))
    rabbitmq = _once(folder / "rabbitmq-password", lambda: secrets.token_urlsafe(24))
    _once(folder / "mongodb-key", lambda: base64.b64encode(os.urandom(48)).decode())
    for person in ("operator", "grafana"):
        _once(folder / f"{person}-password", lambda: secrets.token_urlsafe(18))
    _once(folder / "mongodb-uri", lambda: f"mongodb://freehold:{mongodb}@mongodb:27017/?replicaSet=rs0")
    _once(folder / "amqp-uri", lambda: f"amqp://freehold:{rabbitmq}@rabbitmq:5672/%2F")
    _once(folder / "rabbitmq.conf", lambda: f"default_user = freehold\ndefault_pass = {rabbitmq}\nloopback_users = none\n")


def hand_out(originals: Path, place: Path, names: tuple[str, ...], owner: int) -> None:
    """Put copies of these secrets, and nothing else, where one container mounts them."""
    for file in place.iterdir():
        if file.name not in names:
            file.unlink()
    for name in names:
        draft = place / f".{name}"
        shutil.copyfile(originals / name, draft)
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
