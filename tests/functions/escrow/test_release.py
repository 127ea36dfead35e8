"""Releasing held money: whole, in parts, by the clock; blocked payouts; what is refused; the history that is left."""

import pytest
from msgspec import ValidationError

from freehold.documents import Journal, Milestone
from freehold.domain.escrow import Facts, take
from freehold.payments.sandbox import SandboxGateway
from freehold.store import Stale, now
from freehold.store.milestones import due_milestones, take_due_step, write_step
from tests.api import Api
from tests.escrow import Work, amounts, overdue, tick, usd
from tests.hiring import fields_at_fault

SWEEP = "escrow-release-due-milestones"


def release(work, milestone, *, status=202, key=None, **fields):
    return work.client.post("/api/escrow/release", {"milestone_id": milestone["id"], **fields}, status=status, key=key)


def keys_of(api, milestone):
    journals = api.run(api.store.find(Journal, {"milestone_id": milestone["id"]}, sort=(("milestone_version", 1), ("n", 1))))
    return [journal.key for journal in journals]


def test_releasing_here_and_approving_there_are_one_step_with_one_journal(api: Api):
    work = Work.begun(api)
    one, other = work.submitted(), work.submitted()
    release(work, one)
    work.take(work.client, other, "release")
    for milestone in (one, other):
        assert keys_of(api, milestone)[1:] == [f"release:{milestone['id']}:1"]
        work.take(work.client, work.read(milestone["id"]), "release", status=409)
        assert release(work, milestone, status=409)["code"] == "not_in_this_state"
    api.settle()
    assert [work.read(milestone["id"])["state"] for milestone in (one, other)] == ["released", "released"]


def test_a_part_is_released_and_the_rest_stays_held(api: Api):
    work = Work.begun(api)
    submitted = work.submitted(10_001)
    release(work, submitted, amount=usd(3_333), version=submitted["version"])
    api.settle()
    rest = work.read(submitted["id"])
    assert (rest["state"], rest["auto_release_at"]) == ("submitted", submitted["auto_release_at"])
    assert amounts(rest) == {"deposited": 10_001, "held": 6_668, "released": 3_000, "fees": 333}
    work.take(work.client, rest, "release", amount=usd(3_334))
    api.settle()
    work.take(work.client, work.read(submitted["id"]), "release")
    api.settle()
    done = work.read(submitted["id"])
    assert (done["state"], amounts(done)) == ("released", {"deposited": 10_001, "released": 9_001, "fees": 1_000})
    assert [leg["fee"]["amount"] for leg in done["legs"]] == [333, 334, 333]


@pytest.mark.parametrize("part", [0, -1, 19_006, 99, 18_906])
def test_a_part_that_is_not_covered_moves_nothing(api: Api, part):
    work = Work.begun(api)
    funded = work.funded()
    assert release(work, funded, amount=usd(part), version=funded["version"], status=409)["code"] == "part_not_covered"
    assert work.read(funded["id"]) == funded


def test_a_part_names_the_version_that_it_is_taken_from_and_the_agreed_currency(api: Api):
    work = Work.begun(api)
    funded = work.funded()
    assert fields_at_fault(release(work, funded, amount=usd(500), status=422)) == ["body.version"]
    euros = {"amount": 500, "currency": "EUR"}
    problem = release(work, funded, amount=euros, version=funded["version"], status=422)
    assert fields_at_fault(problem) == ["body.amount.currency"]
    assert work.read(funded["id"]) == funded


def test_nothing_is_released_of_what_is_not_held(api: Api):
    work = Work.begun(api)
    for milestone in (work.created(), work.funding()):
        assert release(work, milestone, status=409)["code"] == "not_in_this_state"
        assert amounts(work.read(milestone["id"])) == {}


def test_the_same_idempotency_key_releases_one_part_once(api: Api):
    work = Work.begun(api)
    funded = work.funded()
    first = release(work, funded, amount=usd(500), version=funded["version"], key="part-1")
    api.settle()
    assert release(work, funded, amount=usd(500), version=funded["version"], key="part-1") == first
    assert release(work, funded, amount=usd(600), version=funded["version"], key="part-1", status=422)["code"] == (
        "idempotency_key_reused"
    )
    assert len(work.read(funded["id"])["legs"]) == 1


def test_submitted_work_is_released_by_the_clock_once_its_time_has_passed_and_not_before(api: Api):
    work = Work.begun(api)
    submitted = work.submitted()
    overdue(api, submitted["id"], "auto_release_at", by_s=-60)
    tick(api, SWEEP)
    assert work.read(submitted["id"])["state"] == "submitted"
    overdue(api, submitted["id"], "auto_release_at")
    assert tick(api, SWEEP) == 1
    api.settle()
    done = work.read(submitted["id"])
    assert (done["state"], amounts(done)) == ("released", {"deposited": 19_005, "released": 17_104, "fees": 1_901})
    assert tick(api, SWEEP) == 0


@pytest.mark.parametrize(
    "damage",
    [
        {"auto_release_at": None},
        {"auto_release_at": 0},
        {"auto_release_at": "2001-01-01T00:00:00Z"},
        {"chargeback": "cbk_1"},
        {"state": "funded"},
    ],
    ids=["null", "a number", "a text", "a chargeback", "not submitted"],
)
def test_the_clock_releases_nothing_without_a_submission_a_date_and_a_clear_payment(api: Api, damage):
    api.drain(SWEEP)
    work = Work.begun(api)
    submitted = work.submitted()
    overdue(api, submitted["id"], "auto_release_at")
    milestones = api.store.database["milestones"]
    api.run(milestones.update_one({"_id": submitted["id"]}, {"$set": damage}))
    assert tick(api, SWEEP) == 0
    stored = api.run(milestones.find_one({"_id": submitted["id"]}))
    assert stored["holding"]["balances"]["escrow"] == 19_005
    api.run(milestones.update_one({"_id": submitted["id"]}, {"$unset": {"auto_release_at": 1}, "$set": {"state": "submitted"}}))
    assert tick(api, SWEEP) == 0
    api.run(milestones.delete_one({"_id": submitted["id"]}))


@pytest.mark.parametrize("deadline", ["later", None, 0])
def test_the_clocks_step_is_refused_by_the_database_unless_its_time_has_passed(api: Api, deadline):
    """Between finding what is due and taking it, changes may have been asked for, and new work submitted."""
    work = Work.begun(api)
    submitted = work.submitted()
    if deadline != "later":
        milestones = api.store.database["milestones"]
        api.run(milestones.update_one({"_id": submitted["id"]}, {"$set": {"auto_release_at": deadline}}))
    with pytest.raises((Stale, ValidationError)):
        api.run(transact(api, lambda unit: take_due_step(unit, submitted["id"], "auto_release_at", now=now())))
    stored = api.run(api.store.database["milestones"].find_one({"_id": submitted["id"]}))
    assert (stored["state"], stored["holding"]["balances"]["escrow"]) == ("submitted", 19_005)
    api.run(api.store.database["milestones"].delete_one({"_id": submitted["id"]}))


def test_what_is_charged_back_is_not_even_found_to_be_due(api: Api):
    work = Work.begun(api)
    submitted = work.submitted()
    overdue(api, submitted["id"], "auto_release_at")
    assert submitted["id"] in api.run(due_milestones(api.store, "auto_release_at"))
    milestones = api.store.database["milestones"]
    api.run(milestones.update_one({"_id": submitted["id"]}, {"$set": {"chargeback": "cbk_1"}}))
    assert submitted["id"] not in api.run(due_milestones(api.store, "auto_release_at"))


@pytest.mark.parametrize("seen", [{"state": "submitted"}, {"holding.balances.escrow": 500}, {"chargeback": "cbk_1"}])
def test_a_release_decided_on_what_is_not_so_any_more_is_refused_by_the_database(api: Api, seen):
    work = Work.begun(api)
    funded = work.funded()
    before = api.run(api.store.require(Milestone, funded["id"]))
    step = take(before.held(), "release", by="client", facts=Facts())
    api.run(api.store.database["milestones"].update_one({"_id": before.id, "version": before.version}, {"$set": seen}))
    with pytest.raises(Stale):
        api.run(transact(api, lambda unit: write_step(unit, before, step, now=now())))
    assert keys_of(api, funded)[1:] == []


def transact(api, work):
    return api.store.transact(work, deadline_s=5)


def test_requested_changes_keep_the_clock_from_releasing(api: Api):
    api.drain(SWEEP)
    work = Work.begun(api)
    submitted = work.submitted()
    overdue(api, submitted["id"], "auto_release_at")
    work.take(work.client, work.read(submitted["id"]), "request_changes", reason="Not yet.")
    assert tick(api, SWEEP) == 0
    assert work.read(submitted["id"])["state"] == "funded"


def test_a_refused_payout_is_tried_again_under_a_new_key_once_the_freelancer_has_acted(api: Api):
    work = Work.begun(api)
    sandbox = SandboxGateway(api.store)
    submitted = work.submitted()
    api.run(sandbox.block_payouts(work.freelancer.id, blocked=True))
    release(work, submitted)
    api.settle()
    blocked = work.read(submitted["id"], work.freelancer)
    assert (blocked["state"], blocked["actions"]) == ("payout_blocked", ["retry_payout"])
    assert amounts(blocked) == {"deposited": 19_005, "releasing": 17_104, "fees": 1_901}
    assert work.actions(submitted["id"], work.client) == []
    again = work.take(work.freelancer, blocked, "retry_payout")
    api.settle()
    still = work.read(submitted["id"], work.freelancer)
    assert still["state"] == "payout_blocked"
    api.run(sandbox.block_payouts(work.freelancer.id, blocked=False))
    work.take(work.freelancer, still, "retry_payout")
    api.settle()
    assert (again["state"], work.read(submitted["id"])["state"]) == ("releasing", "released")
    commands = api.run(api.store.database["commands"].find({"milestone_id": submitted["id"], "kind": "transfer"}).to_list())
    place = f"transfer:{submitted['id']}:1"
    assert sorted(command["_id"] for command in commands) == [place, f"{place}#2", f"{place}#3"]


def test_the_history_shows_every_movement_and_what_it_left(api: Api):
    work = Work.begun(api)
    funded = work.funded(10_000)
    release(work, funded, amount=usd(4_000), version=funded["version"])
    api.settle()
    release(work, funded)
    api.settle()
    for person in (work.client, work.freelancer):
        history = person.get(f"/api/escrow/{funded['id']}")
        assert (history["state"], history["agreed"]) == ("released", usd(10_000))
        assert history["money"]["released"] == usd(9_000)
        shown = [
            (each["kind"], each["leg"], each["amount"]["amount"], each["held"]["amount"], each["releasing"]["amount"])
            for each in history["movements"]
        ]
        assert shown == [
            ("deposit", None, 10_000, 10_000, 0),
            ("release", 1, 4_000, 6_000, 3_600),
            ("transfer", 1, 3_600, 6_000, 0),
            ("release", 2, 6_000, 0, 5_400),
            ("transfer", 2, 5_400, 0, 0),
        ]


def test_a_history_without_money_is_empty(api: Api):
    work = Work.begun(api)
    history = work.client.get(f"/api/escrow/{work.created()['id']}")
    assert (history["state"], history["movements"], amounts(history)) == ("created", [], {})
