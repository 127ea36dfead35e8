"""Keep one `mongod` for a test run: started by the first worker that needs it, ended with the run, however that ends.

`python -m tests.keep_mongod FOLDER OWNER_PID`: writes FOLDER/uri once the server can be used (or FOLDER/trouble), and
stops it on SIGTERM, or when the process OWNER_PID (the test run itself) is gone.
"""

import shutil
import signal
import sys
import threading
from pathlib import Path

from infra.local import mongod
from tests.keeping import lives, publish


def keep(folder: Path, owner_pid: int) -> None:
    asked_to_stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: asked_to_stop.set())
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        with mongod.running(folder / "mongod") as place:
            publish(folder / "uri", place.uri)
            while not asked_to_stop.wait(0.3) and lives(owner_pid):
                pass
    except mongod.MongodTrouble as trouble:
        publish(folder / "trouble", str(trouble))
        raise SystemExit(1) from trouble
    finally:
        shutil.rmtree(folder / "mongod", ignore_errors=True)


if __name__ == "__main__":
    keep(Path(sys.argv[1]), int(sys.argv[2]))
