"""`python -m infra.local`: run Freehold on this machine until ctrl-C."""

import signal
import sys

if __name__ == "__main__":
    for number in (signal.SIGINT, signal.SIGTERM):  # before anything is started, the end is plain and silent
        signal.signal(number, signal.SIG_DFL)

    from infra.local.command import main

    sys.exit(main())
