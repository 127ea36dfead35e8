"""Milestones over the API: from plan to paid, with every event carried to every reaction."""

from tests.api import Api
from tests.escrow import Work, amounts


def test_a_milestone_is_planned_funded_submitted_and_released(api: Api):
    work = Work.begun(api)
    milestone = work.created()
    assert (milestone["state"], milestone["actions"], amounts(milestone)) == ("created", ["edit", "fund", "cancel"], {})
    asked = work.client.post("/api/escrow/deposit", {"milestone_id": milestone["id"]}, status=202)
    assert (asked["state"], asked["actions"]) == ("funding", ["cancel"])
    api.settle()
    funded = work.read(milestone["id"])
    assert (funded["state"], amounts(funded)) == ("funded", {"deposited": 19_005, "held": 19_005})
    submitted = work.take(work.freelancer, funded, "submit", note="Here it is.")
    assert submitted["auto_release_at"] > submitted["submitted_at"]
    released = work.take(work.client, submitted, "release")
    assert (released["state"], amounts(released)) == (
        "releasing",
        {"deposited": 19_005, "releasing": 17_104, "fees": 1_901},
    )
    api.settle()
    done = work.read(milestone["id"])
    assert (done["state"], done["actions"]) == ("released", [])
    assert amounts(done) == {"deposited": 19_005, "released": 17_104, "fees": 1_901}
