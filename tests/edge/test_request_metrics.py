"""What a process that serves functions tells Prometheus."""

import asyncio
from pathlib import Path

import httpx
import pytest

from tests.api import Api
from tests.function_process import function_process, wait_for
from tests.scrape import Scrape, risen

PATH = "/_/metrics"
PAINTING = {"json": {"title": "Blue", "colours": []}}


def scrape(api: Api) -> Scrape:
    answer = api.call("GET", PATH)
    assert (answer.status_code, answer.headers["content-type"]) == (200, "text/plain; version=0.0.4; charset=utf-8")
    return Scrape(answer.text)


def test_each_answer_is_counted_by_function_and_status_with_its_duration(samples: Api):
    before = scrape(samples)
    for _ in range(2):
        assert samples.call("POST", "/sample/paintings", **PAINTING).status_code == 201
    assert samples.call("POST", "/sample/paintings", json={}).status_code == 422
    after = scrape(samples)
    paint = {"function": "sample-paint"}
    assert risen(before, after, "freehold_requests_total", {**paint, "status": "201"}) == 2
    assert risen(before, after, "freehold_requests_total", {**paint, "status": "422"}) == 1
    assert risen(before, after, "freehold_request_duration_seconds_count", paint) == 3
    assert 0 < risen(before, after, "freehold_request_duration_seconds_sum", paint) < 30


@pytest.mark.parametrize(
    ("request_line", "function", "status", "code"),
    [
        ("POST /sample/paintings", "sample-paint", "415", "unsupported_media_type"),
        ("GET /sample/broken", "sample-broken", "500", "internal_error"),
        ("GET /sample/notes", "sample-notes", "401", "unauthenticated"),
        ("GET /nowhere/at/all", "none", "404", "not_found"),
        ("DELETE /sample/notes", "none", "405", "method_not_allowed"),
        ("POST /sample-sweep-nothing", "sample-sweep-nothing", "401", "unauthenticated"),
    ],
)
def test_each_refusal_is_counted_by_its_code(samples: Api, request_line: str, function: str, status: str, code: str):
    before = scrape(samples)
    assert samples.call(*request_line.split()).status_code == int(status)
    after = scrape(samples)
    assert risen(before, after, "freehold_refusals_total", {"function": function, "code": code}) == 1
    assert risen(before, after, "freehold_requests_total", {"function": function, "status": status}) == 1


def test_ticks_and_a_failure_that_has_not_happened_are_counted_from_nothing(samples: Api):
    before = scrape(samples)
    sweep = {"function": "sample-sweep-nothing"}
    assert ("freehold_requests_total", frozenset({**sweep, "status": "500"}.items())) in before.samples
    assert samples.tick("sample-sweep-nothing").status_code == 200
    assert risen(before, scrape(samples), "freehold_requests_total", {**sweep, "status": "200"}) == 1


def test_a_full_process_still_answers_a_scrape_and_says_that_it_is_full(samples: Api):
    before = scrape(samples)

    async def storm():
        slow = [asyncio.create_task(samples.client.get("/sample/slow")) for _ in range(9)]
        turned_away, _ = await asyncio.wait(slow, return_when=asyncio.FIRST_COMPLETED)
        text = (await samples.client.get(PATH)).text
        await asyncio.gather(*slow)
        return len(turned_away), Scrape(text)

    turned_away, during = samples.run(storm())
    assert turned_away == 1
    assert during.value("freehold_requests_in_flight") == 8 == during.value("freehold_requests_in_flight_limit")
    assert risen(before, during, "freehold_refusals_total", {"function": "none", "code": "too_many_requests"}) == 1
    assert scrape(samples).value("freehold_requests_in_flight") == 0


def test_a_transaction_that_is_run_again_is_counted(samples: Api):
    before = scrape(samples)

    async def race():
        first_has_written, second_has_failed = asyncio.Event(), asyncio.Event()
        counters = samples.store.database["counters"]
        await counters.insert_one({"_id": "contended", "value": 0})

        async def first(unit):
            await unit.database["counters"].update_one({"_id": "contended"}, {"$inc": {"value": 1}}, session=unit.session)
            first_has_written.set()
            await second_has_failed.wait()

        async def second(unit):
            await first_has_written.wait()
            try:
                await unit.database["counters"].update_one({"_id": "contended"}, {"$inc": {"value": 1}}, session=unit.session)
            finally:
                second_has_failed.set()

        await asyncio.gather(*(samples.store.transact(work, deadline_s=10) for work in (first, second)))
        return (await counters.find_one_and_delete({"_id": "contended"}))["value"]

    assert samples.run(race()) == 2
    assert risen(before, scrape(samples), "freehold_transaction_retries_total", {}) >= 1


def test_a_real_process_says_also_what_it_takes_of_the_machine(keys: Path, database: str):
    with function_process(keys, database, "auth-list-keys") as (_, port):
        wait_for(port, "/_/ready", 200)
        httpx.get(f"http://127.0.0.1:{port}/api/auth/jwks.json").raise_for_status()
        found = Scrape(httpx.get(f"http://127.0.0.1:{port}{PATH}").text)
    assert found.value("freehold_requests_total", function="auth-list-keys", status="200") == 1
    assert found.value("process_resident_memory_bytes") > 2**20
    assert found.value("process_cpu_seconds_total") > 0
