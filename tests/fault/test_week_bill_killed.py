"""R5 for hours: the process that bills a week is killed before each of its commands; nothing is billed twice, nothing lost."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from freehold.documents import Milestone
from tests.api import Api
from tests.escrow import usd
from tests.fault.test_kill_at_every_step import Doom, each_step, forking
from tests.hours import RATE, Hours, move_clock
from tests.ledgers import fresh_database

FUNCTION = "hours-update-week"


@pytest.fixture
def doom(mongodb_uri: str, keys: Path, tmp_path: Path) -> Iterator[Doom]:
    with (
        forking(tmp_path / "doomed.log") as forker,
        fresh_database(mongodb_uri) as name,
        Api.opened(mongodb_uri, name, keys) as api,
    ):
        yield Doom(forker, api, {"mongodb_uri": mongodb_uri, "database": name, "keys": str(keys)})


def reviewed(api: Api) -> Hours:
    """Bring a week with one segment that is objected to before its client."""
    hours = Hours.begun(api)
    hours.work(0, 60)
    entry = hours.work(60, 70)
    move_clock(api, hours.week()["id"], "edits_end_at", by_s=-3_600)
    hours.step(hours.freelancer, "submit")
    hours.take(hours.client, entry, "object", reason="No.")
    return hours


def test_billing_a_week_survives_a_kill_before_each_of_its_commands(doom: Doom):
    weeks: dict[int, tuple[Hours, dict, dict]] = {}

    def ask(dies_before: int) -> int:
        hours = reviewed(doom.api)
        week = hours.week()
        body = {"transition": "approve", "version": week["version"]}
        weeks[dies_before] = hours, week, body
        key = {"Idempotency-Key": f"approve-{dies_before}", "Content-Type": "application/json"}
        request = {"method": "PUT", "path": f"/api/work-weeks/{week['id']}", "headers": {**hours.client.headers, **key}}
        return doom.job(dies_before=dies_before, body=body, functions=[FUNCTION], **request)

    def after(dies_before: int, *, killed: bool) -> None:
        hours, week, body = weeks[dies_before]
        assert hours.week()["state"] in ({"review", "billing"} if killed else {"billing"})
        hours.client.put(f"/api/work-weeks/{week['id']}", body, key=f"approve-{dies_before}")
        doom.api.settle()
        assert (hours.week()["state"], hours.week()["amount"]) == ("funded", usd(RATE))
        (milestone,) = doom.api.run(doom.api.store.find(Milestone, {"project_id": hours.project["id"]}))
        assert (milestone.holding.deposited, milestone.state) == (RATE, "submitted")
        assert sorted(entry["state"] for entry in hours.entries()) == ["billed", "disputed"]

    assert each_step(ask, after) >= 15
    doom.check()
