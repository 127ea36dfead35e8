"""A payout or refund that is blocked holds up nothing else: what is left of the milestone is released or goes back."""

from freehold.payments.sandbox import SandboxGateway
from tests.api import Api
from tests.escrow import Work, amounts, overdue, tick, usd

RELEASES, HOLDINGS = "escrow-release-due-milestones", "escrow-end-holdings"


def blocked(api: Api, *, submitted: bool):
    """Release 40.00 of 100.00 to a freelancer whose payouts are blocked."""
    work = Work.begun(api)
    milestone = work.submitted(10_000) if submitted else work.funded(10_000)
    api.run(SandboxGateway(api.store).block_payouts(work.freelancer.id, blocked=True))
    work.take(work.client, milestone, "release", amount=usd(4_000))
    api.settle()
    milestone = work.read(milestone["id"])
    assert milestone["state"] == "payout_blocked"
    return work, milestone


def unblock(work, milestone):
    """Let the freelancer act and every blocked part be tried again; give the milestone afterwards."""
    work.api.run(SandboxGateway(work.api.store).block_payouts(work.freelancer.id, blocked=False))
    while milestone["state"] == "payout_blocked":
        work.take(work.freelancer, milestone, "retry_payout")
        work.api.settle()
        milestone = work.read(milestone["id"])
    return milestone


def timers(work, milestone):
    found = work.client.get(f"/api/milestones/{milestone['id']}/actions")["timers"]
    return [timer["transition"] for timer in found]


def test_the_clock_releases_the_rest_when_the_client_says_nothing(api: Api):
    work, milestone = blocked(api, submitted=True)
    assert "auto_release" in timers(work, milestone)
    api.drain(RELEASES)
    overdue(api, milestone["id"], "auto_release_at")
    assert tick(api, RELEASES) == 1
    api.settle()
    after = work.read(milestone["id"])
    assert (after["state"], amounts(after)["releasing"]) == ("payout_blocked", 9_000)
    assert (timers(work, after), tick(api, RELEASES)) == ([], 0)
    assert amounts(unblock(work, after)) == {"deposited": 10_000, "released": 9_000, "fees": 1_000}


def test_what_may_be_held_no_longer_goes_back_to_the_client(api: Api):
    work, milestone = blocked(api, submitted=False)
    api.drain(HOLDINGS)
    overdue(api, milestone["id"], "hold_expires_at")
    assert timers(work, milestone) == ["abandon"]
    assert tick(api, HOLDINGS) == 1
    api.settle()
    after = work.read(milestone["id"])
    assert (after["state"], amounts(after)["refunded"]) == ("payout_blocked", 6_000)
    assert tick(api, HOLDINGS) == 0
    assert amounts(unblock(work, after)) == {"deposited": 10_000, "released": 3_600, "fees": 400, "refunded": 6_000}


def test_the_client_releases_the_rest_and_the_freelancer_gives_it_back(api: Api):
    work, milestone = blocked(api, submitted=True)
    work.take(work.client, milestone, "release", amount=usd(1_000))
    api.settle()
    work.take(work.freelancer, work.read(milestone["id"]), "refund")
    api.settle()
    done = unblock(work, work.read(milestone["id"]))
    assert (done["state"], amounts(done)) == (
        "released",
        {"deposited": 10_000, "released": 4_500, "fees": 500, "refunded": 5_000},
    )


def test_before_its_time_the_clock_moves_nothing(api: Api):
    work, milestone = blocked(api, submitted=True)
    api.drain(RELEASES)
    api.drain(HOLDINGS)
    overdue(api, milestone["id"], "auto_release_at", by_s=-60)
    assert (tick(api, RELEASES), tick(api, HOLDINGS)) == (0, 0)
    assert amounts(work.read(milestone["id"]))["held"] == 6_000
