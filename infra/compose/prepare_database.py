"""`python -m infra.compose.prepare_database`: make the `mongodb` container's server a replica set of one, with our users.

The first may do everything, and the one-shots alone know it; the second reads and writes the application's database. Runs in
that container's network, because MongoDB lets nobody but 127.0.0.1 make the first user.
"""

import sys
import time
from pathlib import Path
from typing import Final

from freehold import settings
from freehold.store import OUTAGES, local_admin
from freehold.store.local_admin import Login
from infra.compose.make_secrets import APPLICATION, ROOT

SECRETS: Final = Path("/var/openfaas/secrets")
PORT: Final = 27017
LIMIT_S: Final = 120.0
PAUSE_S: Final = 0.5


def main() -> int:
    """Run the command; 0 when the database can be used."""
    give_up_at = time.monotonic() + LIMIT_S
    while True:
        try:
            _prepare()
        except (local_admin.NotOurDatabase, TimeoutError, settings.InvalidSettings) as error:
            print(f"The database cannot be used: {error}", file=sys.stderr)
            return 1
        except OUTAGES as error:
            if time.monotonic() > give_up_at:
                print(f"The database cannot be reached: {error}", file=sys.stderr)
                return 1
            time.sleep(PAUSE_S)
        else:
            return 0


def _prepare() -> None:
    root = Login(ROOT, (SECRETS / "mongodb-password").read_text())
    application = Login(APPLICATION, (SECRETS / "application-password").read_text())
    local_admin.set_up(port=PORT, user=root.user, password=root.password, deadline_s=LIMIT_S, host="mongodb")
    local_admin.make_application_user(PORT, root, application, settings.load_database().mongodb_database)


if __name__ == "__main__":
    sys.exit(main())
