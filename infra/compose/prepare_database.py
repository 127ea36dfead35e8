"""`python -m infra.compose.prepare_database`: make the `mongodb` container's server a replica set of one, with our user.

Runs in that container's network, because MongoDB lets nobody but 127.0.0.1 make the first user.
"""

import sys
import time
from pathlib import Path
from typing import Final

from freehold.store import OUTAGES, local_admin

PASSWORD: Final = Path("/var/openfaas/secrets/mongodb-password")
LIMIT_S: Final = 120.0
PAUSE_S: Final = 0.5


def main() -> int:
    """Run the command; 0 when the database can be used."""
    give_up_at = time.monotonic() + LIMIT_S
    while True:
        try:
            local_admin.set_up(
                port=27017, user="freehold", password=PASSWORD.read_text().strip(), deadline_s=LIMIT_S, host="mongodb"
            )
        except (local_admin.NotOurDatabase, TimeoutError) as error:
            print(f"The database cannot be used: {error}", file=sys.stderr)
            return 1
        except OUTAGES as error:
            if time.monotonic() > give_up_at:
                print(f"The database cannot be reached: {error}", file=sys.stderr)
                return 1
            time.sleep(PAUSE_S)
        else:
            return 0


if __name__ == "__main__":
    sys.exit(main())
