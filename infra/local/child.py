"""Become a part of the local run that dies with its supervisor: `child.py PARENT_PID PROGRAM ARGUMENT...`.

On Linux the kernel is asked to kill this process when its parent ends, however that ends. Started by `infra.local.process`
with a bare interpreter, so only the standard library may be used here.
"""

import ctypes
import os
import signal
import sys

PR_SET_PDEATHSIG = 1


def main() -> None:
    """Tie this process to its parent, then become the program."""
    parent_pid, program = int(sys.argv[1]), sys.argv[2]
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent_pid:
        sys.exit("the supervisor ended before this part began")
    os.execv(program, sys.argv[2:])  # noqa: S606 - the supervisor's own list of programs


if __name__ == "__main__":
    main()
