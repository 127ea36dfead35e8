"""The clockwork's health: it notices its own death, and a sweep that has not worked for three of its periods."""

import http.server
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from freehold.catalogue import InvalidCatalogue
from freehold.internal_calls import CallSigner
from jobs_scheduler import sweeps as sweeps_module
from jobs_scheduler.clockwork import Clockwork
from jobs_scheduler.sweeps import MOST_ROUNDS, Functions, Sweep
from tests.connector.world import eventually
from tests.jobs_scheduler.entries import sweep


class Answering(http.server.BaseHTTPRequestHandler):
    content = b'{"done": 0}'
    calls = 0

    def do_POST(self) -> None:
        type(self).calls += 1
        self.send_response(200)
        self.end_headers()
        self.wfile.write(self.content)

    def log_message(self, *_arguments: object) -> None:
        pass


@pytest.fixture
def functions(keys: Path) -> Iterator[Functions]:
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Answering)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    signer = CallSigner.from_jwk((keys / "scheduler-call-key").read_text())
    yield Functions(url=f"http://127.0.0.1:{server.server_port}/", profile="standard", signer=signer)
    server.shutdown()
    server.server_close()


def make(functions: Functions, *periods_s: float, timeout_s: float = 0.2) -> tuple[Clockwork, list[Sweep]]:
    stopping = threading.Event()
    sweeps = [Sweep(sweep(f"tests-{number}", every_s, timeout_s=timeout_s), functions, stopping)
              for number, every_s in enumerate(periods_s)]  # fmt: skip
    return Clockwork(sweeps, stopping), sweeps


def test_it_is_ready_once_a_sweep_has_worked(functions: Functions) -> None:
    clockwork, _ = make(functions, 0.1)
    assert clockwork.is_ready() == {"thread": False, "sweeps": False}
    clockwork.start()
    eventually(lambda: clockwork.is_ready() == {"thread": True, "sweeps": True})
    assert clockwork.stop(5.0)


def test_without_sweeps_it_is_ready(functions: Functions) -> None:
    clockwork, _ = make(functions)
    clockwork.start()
    assert clockwork.is_ready() == {"thread": True, "sweeps": True}
    assert clockwork.stop(5.0)


def test_late_ticks_are_kept_piled_up_ticks_are_one_and_no_sweep_runs_twice_at_once(functions: Functions) -> None:
    clockwork, _ = make(functions, 60.0, 90.0)
    clockwork.start()
    jobs = eventually(clockwork._scheduler.get_jobs)
    assert [(job.misfire_grace_time, job.coalesce, job.max_instances) for job in jobs] == [(None, True, 1)] * 2
    assert clockwork.stop(5.0)


def test_a_dead_thread_is_noticed(functions: Functions) -> None:
    clockwork, _ = make(functions, 0.1)
    clockwork.start()
    eventually(lambda: all(clockwork.is_ready().values()))
    clockwork._scheduler.shutdown(wait=False)
    eventually(lambda: clockwork.is_alive()["thread"] is False)
    assert clockwork.is_ready()["thread"] is False
    assert clockwork.stop(5.0)


def test_ticks_that_stay_away_are_noticed_even_if_the_thread_lives(functions: Functions) -> None:
    clockwork, _ = make(functions, 0.1)
    clockwork.start()
    eventually(lambda: all(clockwork.is_ready().values()))
    clockwork._scheduler.pause()
    eventually(lambda: clockwork.is_alive() == {"thread": True, "ticks": False})
    eventually(lambda: clockwork.is_ready() == {"thread": True, "sweeps": False})
    assert clockwork.stop(5.0)


def test_a_sweep_that_fails_for_three_periods_makes_it_not_ready_but_alive(functions: Functions) -> None:
    clockwork, sweeps = make(functions, 0.1, 0.1)
    clockwork.start()
    eventually(lambda: all(clockwork.is_ready().values()))
    sweeps[0]._functions = Functions(url="http://127.0.0.1:9", profile="standard", signer=functions._signer)
    eventually(lambda: clockwork.is_ready() == {"thread": True, "sweeps": False})
    eventually(lambda: clockwork.is_alive() == {"thread": True, "ticks": True})
    assert clockwork.stop(5.0)


@pytest.mark.parametrize("content", [b"", b"{}", b"[]", b'{"done": "one"}', b"\xff", b"done"])
def test_200_without_what_was_done_is_no_success(functions: Functions, content: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Answering, "content", content)
    _, (only,) = make(functions, 0.1)
    only.tick()
    assert only.has_worked is False


def test_a_sweep_that_always_has_more_to_do_ends_its_tick_some_time(
    functions: Functions, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Answering, "content", b'{"done": 1, "more": true}')
    monkeypatch.setattr(Answering, "calls", 0)
    _, (only,) = make(functions, 0.1, timeout_s=5.0)
    only.tick()
    assert Answering.calls == MOST_ROUNDS


def test_a_sweep_without_a_period_is_refused(functions: Functions) -> None:
    with pytest.raises(InvalidCatalogue, match="does not say how often tests-odd is due"):
        Sweep(sweep("tests-odd", None), functions, threading.Event())


def test_a_failed_sweep_whose_period_is_long_is_tried_again_long_before_it(
    functions: Functions, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sweeps_module, "TRIED_AGAIN_AFTER_S", 0.05)
    monkeypatch.setattr(Answering, "content", b"not yet")
    _, (only,) = make(functions, 3_600.0)
    ticking = threading.Thread(target=only.tick)
    ticking.start()
    eventually(lambda: only._fails is True)
    monkeypatch.setattr(Answering, "content", b'{"done": 0}')
    eventually(lambda: only.has_worked)
    ticking.join(timeout=30)
    assert not ticking.is_alive()
