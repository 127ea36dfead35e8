"""A function process that dies: `python -m tests.fault.doomed` reads jobs, one JSON line each, and forks a process for each.

The process serves functions as any other does; before its n-th command to MongoDB it kills itself (SIGKILL), with no more to
say to anybody. The answer, one line of JSON on standard output, is an `End`.
"""

import os
import signal
import sys
from pathlib import Path

import msgspec
from pymongo import monitoring

from freehold.edge.discovery import find_all
from freehold.events import EventEnvelope
from tests.api import Api
from tests.listening import listening


class Job(msgspec.Struct):
    """A request (`method`, `path`, `headers`, `body`), events for a reaction, or a sweep; `dies_before` counts from 1."""

    mongodb_uri: str
    database: str
    keys: str
    functions: list[str]
    dies_before: int
    method: str = ""
    path: str = ""
    headers: dict[str, str] = {}
    body: msgspec.Raw = msgspec.Raw(b"{}")
    reaction: str = ""
    sweep: str = ""
    events: list[EventEnvelope] = []


class End(msgspec.Struct):
    """How a process ended: -9 when it died, 0 when it was done, 1 on an error; and the sessions that it left behind."""

    status: int
    sessions: list[str]


class Fate(monitoring.CommandListener):
    """Counts commands once it is armed, and kills the process before the n-th is sent."""

    def __init__(self, dies_before: int, will: int) -> None:
        self.left = dies_before
        self.will = will
        self.armed = False
        self.sessions: set[str] = set()

    def started(self, event: monitoring.CommandStartedEvent) -> None:
        """Count down."""
        if not self.armed:
            return
        self.left -= 1
        if self.left == 0:
            os.write(self.will, msgspec.json.encode(sorted(self.sessions)))
            os.kill(os.getpid(), signal.SIGKILL)
        if "lsid" in event.command:
            self.sessions.add(bytes(event.command["lsid"]["id"]).hex())

    def succeeded(self, _: monitoring.CommandSucceededEvent) -> None:
        """Nothing to count."""

    def failed(self, _: monitoring.CommandFailedEvent) -> None:
        """Nothing to count."""


def run(job: Job, will: int) -> None:
    """Do the job and leave: with 0 when it was done, with 1 when the answer was an error. `will` takes what death leaves."""
    fate = Fate(job.dies_before, will)
    with listening(fate), Api.opened(job.mongodb_uri, job.database, Path(job.keys), names=job.functions) as api:
        fate.armed = True
        if job.sweep:
            answers = [api.tick(job.sweep)]
        elif job.reaction:
            answers = [api.deliver(job.reaction, event) for event in job.events]
        else:
            answers = [api.call(job.method, job.path, headers=job.headers, content=bytes(job.body))]
        for answer in answers:
            sys.stderr.write(f"{answer.status_code} {answer.text}\n")
        sys.stderr.flush()
        os._exit(0 if all(answer.is_success for answer in answers) else 1)


def main() -> None:
    """Fork a process for each job and say how it ended."""
    find_all()
    for line in sys.stdin:
        read, will = os.pipe()
        pid = os.fork()
        if pid == 0:
            os.dup2(2, 1)
            run(msgspec.json.decode(line, type=Job), will)
        os.close(will)
        _, status = os.waitpid(pid, 0)
        with os.fdopen(read, "rb") as left:
            sessions = msgspec.json.decode(left.read() or b"[]", type=list[str])
        end = End(status=os.waitstatus_to_exitcode(status), sessions=sessions)
        sys.stdout.write(msgspec.json.encode(end).decode() + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
