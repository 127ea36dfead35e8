"""Who hears of a milestone and of its money: those whom the process table names."""

from tests.api import Api
from tests.escrow import Work


def heard(person):
    items = reversed(person.get("/api/notifications?limit=100")["items"])
    named = (("milestoneUpdate", "state"), ("escrowUpdate", "movement"))
    return [item["data"][field] for item in items for kind, field in named if item["kind"] == kind]


def test_both_parties_hear_of_the_money_and_the_freelancer_of_the_plan(api: Api):
    work = Work.begun(api)
    milestone = work.created()
    api.settle()
    assert (heard(work.client), heard(work.freelancer)) == ([], ["created"])
    work.client.post("/api/escrow/deposit", {"milestone_id": milestone["id"]}, status=202)
    api.settle()
    assert sorted(heard(work.client)) == sorted(["funding", "funded", "deposited"])
    assert sorted(heard(work.freelancer)) == sorted(["created", "funded", "deposited"])
    submitted = work.take(work.freelancer, work.read(milestone["id"]), "submit", note="Done.")
    api.settle()
    assert heard(work.client)[-1] == heard(work.freelancer)[-1] == "submitted"
    items = work.client.get("/api/notifications")["items"]
    assert items[0]["data"]["auto_release_at"] == submitted["auto_release_at"]
    work.take(work.client, submitted, "release")
    api.settle()
    for person in (work.client, work.freelancer):
        assert sorted(heard(person)[-3:]) == sorted(["releasing", "released", "released"])


def test_a_cancelled_plan_is_told_to_the_freelancer_and_a_cancelled_payment_to_both(api: Api):
    work = Work.begun(api)
    work.take(work.client, work.created(), "cancel")
    api.settle()
    assert (heard(work.client), heard(work.freelancer)) == ([], ["created", "cancelled"])
    work.take(work.client, work.funding(), "cancel")
    api.settle()
    assert heard(work.client)[-1] == heard(work.freelancer)[-1] == "cancelled"
