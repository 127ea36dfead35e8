"""A client who lets a large amount go gives their password once more, whichever way the money would take."""

import pytest

from freehold.documents import IdempotencyRecord
from tests.api import PASSWORD, Api
from tests.escrow import Work, usd
from tests.quarrels import Quarrel, complaint

LARGE = 600_000
RELEASE = "/api/escrow/release"
RIGHT, WRONG, NONE = {"password": PASSWORD}, {"password": "wrong horse battery staple"}, {}


@pytest.fixture(scope="module")
def api(mongodb_uri, database, keys):
    """Give an API whose limit is 4,000 euros: less than 6,000 dollars at any rate, more than 3,000."""
    with Api.opened(mongodb_uri, database, keys, release_password_above_eur="4000", fx_rate_max_age_days="400") as opened:
        yield opened


@pytest.fixture
def work(api: Api) -> Work:
    return Work.begun(api, agreed=2 * LARGE)


def refused(answer, code):
    assert answer["code"] == code


def test_all_of_a_large_amount_takes_the_password_and_nothing_moves_without(work):
    milestone = work.funded(LARGE)
    body = {"milestone_id": milestone["id"]}
    refused(work.client.post(RELEASE, body, status=403), "password_needed")
    refused(work.client.post(RELEASE, {**body, **WRONG}, status=403), "wrong_password")
    refused(work.take(work.client, milestone, "release", status=403), "password_needed")
    refused(work.take(work.client, milestone, "release", status=403, **WRONG), "wrong_password")
    assert work.read(milestone["id"]) == milestone
    assert work.client.post(RELEASE, {**body, **RIGHT}, status=202)["state"] == "releasing"


def test_the_other_way_to_release_takes_it_too(work):
    assert work.take(work.client, work.funded(LARGE), "release", **RIGHT)["state"] == "releasing"


def test_a_small_part_needs_none_and_many_small_parts_do_not_get_around_it(work):
    milestone = work.funded(LARGE)
    work.take(work.client, milestone, "release", amount=usd(LARGE // 2))
    work.api.settle()
    milestone = work.read(milestone["id"])
    refused(work.take(work.client, milestone, "release", status=403, amount=usd(LARGE // 2)), "password_needed")
    work.take(work.client, milestone, "release", amount=usd(LARGE // 2), **RIGHT)


def test_a_split_takes_it_whether_the_client_proposes_or_accepts(work):
    milestone = work.funded(LARGE)
    refused(work.take(work.client, milestone, "propose_split", status=403, amount=usd(LARGE - 100)), "password_needed")
    proposed = work.take(work.freelancer, milestone, "propose_split", amount=usd(LARGE - 100))
    refused(work.take(work.client, proposed, "accept_split", status=403), "password_needed")
    refused(work.take(work.client, proposed, "accept_split", status=403, **WRONG), "wrong_password")
    assert work.take(work.client, proposed, "accept_split", **RIGHT)["state"] == "settling"


def test_a_split_that_gives_the_freelancer_little_takes_none(work):
    milestone = work.funded(LARGE)
    proposed = work.take(work.client, milestone, "propose_split", amount=usd(1_000))
    assert work.take(work.freelancer, proposed, "accept_split")["state"] == "settling"


def test_an_agreement_in_a_dispute_takes_it(work):
    milestone = work.take(work.freelancer, work.funded(LARGE), "submit", note="Here it is.")
    dispute = work.freelancer.post("/api/disputes", complaint(milestone, LARGE, claim=usd(LARGE)))
    quarrel = Quarrel(work, milestone, dispute, work.api.admin())
    refused(quarrel.take(work.client, "accept_claim", status=403), "password_needed")
    quarrel.negotiating()
    much, little = {"to_freelancer": usd(LARGE - 100)}, {"to_freelancer": usd(100)}
    refused(quarrel.take(work.client, "offer", status=403, **much), "password_needed")
    refused(quarrel.take(work.client, "offer", status=403, **much, **WRONG), "wrong_password")
    quarrel.take(work.client, "offer", **little)
    quarrel.take(work.freelancer, "offer", **much)
    refused(quarrel.take(work.client, "accept_offer", status=403, offer=2), "password_needed")
    assert quarrel.take(work.client, "accept_offer", offer=2, **RIGHT)["outcome"] is not None


def test_what_was_released_before_counts_in_a_dispute_too(work):
    work.take(work.client, work.funded(LARGE), "release", amount=usd(LARGE // 2))
    work.api.settle()
    (milestone,) = work.client.get(f"/api/milestones/{work.project['id']}")["items"]
    claim = complaint(milestone, LARGE // 2, claim=usd(LARGE // 2))
    quarrel = Quarrel(work, milestone, work.freelancer.post("/api/disputes", claim), work.api.admin())
    refused(quarrel.take(work.client, "accept_claim", status=403), "password_needed")
    assert quarrel.take(work.client, "accept_claim", **RIGHT)["outcome"] is not None


def test_a_mediators_proposal_takes_it_also_before_the_freelancer_has_accepted(work):
    milestone = work.take(work.freelancer, work.funded(LARGE), "submit", note="Here it is.")
    dispute = work.client.post("/api/disputes", complaint(milestone, LARGE))
    quarrel = Quarrel(work, milestone, dispute, work.api.admin()).mediated()
    quarrel.take(quarrel.mediator, "propose", to_freelancer=usd(LARGE - 100), reasons="It is good.")
    refused(quarrel.take(work.client, "accept_proposal", status=403), "password_needed")
    quarrel.take(work.client, "accept_proposal", **RIGHT)
    assert quarrel.take(work.freelancer, "accept_proposal")["outcome"] is not None


def test_the_freelancer_gives_back_without_one_and_the_clock_has_none(work):
    given_back = work.take(work.freelancer, work.funded(LARGE), "refund")
    assert given_back["state"] == "refunding"
    refused(work.client.post(RELEASE, {"milestone_id": work.created(1_000)["id"], **RIGHT}, status=409), "not_in_this_state")


def test_the_actions_say_what_will_need_it(work):
    def needing(milestone, person):
        found = person.get(f"/api/milestones/{milestone['id']}/actions")
        return {side: {a["transition"] for a in found[side] if a["needs_password"]} for side in ("yours", "theirs")}

    large, small = work.funded(LARGE), work.funded(LARGE // 2)
    assert needing(large, work.client) == {"yours": {"release", "propose_split"}, "theirs": set()}
    assert needing(large, work.freelancer) == {"yours": set(), "theirs": {"release", "propose_split"}}
    assert needing(small, work.client) == {"yours": set(), "theirs": set()}


def test_beside_other_steps_stands_no_password(work):
    milestone = work.funded(1_000)
    problem = work.take(work.freelancer, milestone, "refund", status=422, **RIGHT)
    assert [fault["field"] for fault in problem["faults"]] == ["body.password"]


def test_what_is_kept_of_a_keyed_call_is_the_same_for_every_password(work):
    milestone = work.funded(LARGE)
    body = {"milestone_id": milestone["id"]}
    first = work.client.post(RELEASE, {**body, **RIGHT}, status=202, key="once")
    assert work.client.post(RELEASE, {**body, **WRONG}, status=202, key="once") == first
    refused(work.client.post(RELEASE, {**body, "quote_id": None}, status=422, key="once"), "idempotency_key_reused")
    step = {"transition": "release", "version": work.funded(LARGE)["version"]}
    path = f"/api/milestones/{work.funded(LARGE)['id']}"
    done = work.client.put(path, {**step, **RIGHT}, key="again")
    assert work.client.put(path, {**step, **WRONG}, key="again") == done
    store = work.api.store
    record = work.api.run(store.get(IdempotencyRecord, f"{work.client.id}:escrow-release:once"))
    assert record is not None
    assert PASSWORD.encode() not in record.answer
