"""A week of hours from its first entry to the freelancer's account, by a clock that is moved in the database."""

from freehold.documents import Milestone
from freehold.domain.holding import faults_of
from tests.api import Api
from tests.escrow import overdue, tick
from tests.hours import RATE, Hours


def test_a_week_goes_from_its_first_entry_to_the_freelancer_by_the_clock_alone(api: Api):
    hours = Hours.begun(api)
    hours.work(0, 61)
    hours.work(61, 100)
    assert (hours.week()["state"], hours.week()["minutes"]) == ("open", 100)
    assert hours.closed()["state"] == "review"
    billed = hours.billed()
    assert (billed["state"], billed["amount"]["amount"]) == ("billing", 100 * RATE // 60)
    api.settle()
    assert hours.week()["state"] == "funded"
    milestone = api.run(api.store.require(Milestone, billed["milestone_id"]))
    assert (milestone.state, milestone.holding.balances.escrow, faults_of(milestone.held())) == ("submitted", 7_500, ())
    overdue(api, milestone.id, "auto_release_at")
    assert tick(api, "escrow-release-due-milestones") >= 1
    api.settle()
    assert hours.week()["state"] == "released"
    assert api.run(api.store.require(Milestone, milestone.id)).holding.paid_out == 6_750
    assert hours.client.get(f"/api/projects/{hours.project['id']}")["paid_at"] is not None
