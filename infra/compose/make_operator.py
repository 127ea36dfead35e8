"""`python -m infra.compose.make_operator`: apply the schema, and make the operator's account if it is not there yet."""

import os
import sys
from pathlib import Path
from typing import Final

from freehold.store.__main__ import main as apply_schema
from infra import admin

PASSWORD: Final = Path("/var/openfaas/secrets/operator-password")


def main() -> int:
    """Run the command; 0 when both are as they should be."""
    if apply_schema():
        return 1
    email = os.environ["FREEHOLD_OPERATOR_EMAIL"]
    return admin.main(["create", email, "--name", "Operator", "--password-file", str(PASSWORD), "--unless-there"])


if __name__ == "__main__":
    sys.exit(main())
