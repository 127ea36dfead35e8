"""A run of little parts, for tests of the supervisor alone: `python -m tests.local.little_run PART...`.

A PART is `name:behaviour`: `steady` answers on its port; `failing` ends at once; `stubborn` does not hear SIGTERM. Each
writes a line to FREEHOLD_HOME/notes when it starts and when it ends by SIGTERM.
"""

import asyncio
import os
import signal
import sys
from pathlib import Path

from infra.local.console import complain, say
from infra.local.home import open_home
from infra.local.ports import free_port
from infra.local.process import Part
from infra.local.supervisor import Supervisor
from infra.local.trouble import Trouble

PROGRAM = """
import os, signal, socket, sys, time
name, behaviour, port = sys.argv[1], sys.argv[2], int(sys.argv[3])
def note(what):
    with open(os.path.join(os.environ["FREEHOLD_HOME"], "notes"), "a") as notes:
        notes.write(f"{name} {what}\\n")
def end(*_):
    note("asked to end")
    if behaviour != "stubborn":
        sys.exit(0)
signal.signal(signal.SIGTERM, end)
note("started")
if behaviour == "failing":
    sys.exit("this cannot work: the frobnicator is missing")
listener = socket.create_server(("127.0.0.1", port))
note("listens")
while True:
    time.sleep(0.1)
"""


async def run(home_folder: Path, parts: list[str]) -> None:
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    with open_home(home_folder) as home:
        for name in home.stop_leftovers():
            say(f"left behind: {name}")
        supervisor = Supervisor(home)
        try:
            for name, behaviour in (part.split(":") for part in parts):
                port = free_port()
                argv = (sys.executable, "-c", PROGRAM, name, behaviour, str(port))
                part = Part(name=name, argv=argv, environ={}, port=port, stop_limit_s=1.0)
                supervisor.start(part)
                await supervisor.until_ready(part)
            say("all ready")
            await asyncio.wait([asyncio.create_task(stop.wait()), supervisor.failed], return_when=asyncio.FIRST_COMPLETED)
            if supervisor.failed.done():
                supervisor.failed.result()
        finally:
            await supervisor.stop()


if __name__ == "__main__":
    try:
        asyncio.run(run(Path(os.environ["FREEHOLD_HOME"]), sys.argv[1:]))
    except Trouble as trouble:
        complain(trouble)
        sys.exit(1)
