"""What the functions about payees ask is answered from an index: no collection is scanned, nothing is sorted."""

import pytest

from freehold.store.fees import IN_FORCE
from freehold.store.payees import ENDED_HOLDS
from freehold.store.payment_methods import DUE
from freehold.store.refunds import UNDECIDED
from tests.api import Api
from tests.store.test_plans import NEWEST, stages_of

QUESTIONS = {
    "own payouts": ("milestones", {"freelancer_id": "x", "holding.legs.kind": "release", "_id": {"$lte": "m"}}, NEWEST),
    "payouts that wait": ("milestones", {"state": "payout_blocked"}, NEWEST),
    "own payment methods": ("payment_methods", {"user_id": "x", "state": {"$ne": "removed"}}, NEWEST),
    "the default method": ("payment_methods", {"user_id": "x", "is_default": True}, {}),
    "methods to ask about": ("payment_methods", DUE, {"check_at": 1}),
    "accounts to ask about": ("payees", DUE, {"check_at": 1}),
    "holds that are over": ("payees", ENDED_HOLDS, {"hold_ends_at": 1}),
    "whose hold it is": ("payees", {"holds.id": "x"}, {}),
    "whose account it is": ("payees", {"accounts": {"$elemMatch": {"gateway": "g", "account": "x"}}}, {}),
    "the fees in force": ("fee_schedules", IN_FORCE, {"effective_at": -1, "number": -1}),
    "refunds that wait": ("milestones", {"state": "refund_blocked"}, NEWEST),
    "refunds by hand that wait": ("hand_refunds", {"state": "proposed"}, NEWEST),
    "whether a refund is paid by hand": ("hand_refunds", {"milestone_id": "x", **UNDECIDED}, {}),
    "webhooks of a gateway": ("webhook_inbox", {"gateway": "x"}, NEWEST),
    "webhooks of a gateway that match nothing": ("webhook_inbox", {"gateway": "x", "state": "unmatched"}, NEWEST),
    "adjustments that wait": ("adjustments", {"state": "proposed"}, NEWEST),
}


@pytest.mark.parametrize("question", QUESTIONS)
def test_a_question_about_payees_is_answered_from_an_index_in_its_order(api: Api, question: str):
    collection, filter_, sort = QUESTIONS[question]
    command = {"find": collection, "filter": filter_, "limit": 21, **({"sort": sort} if sort else {})}
    explained = api.run(api.store.database.command("explain", command, verbosity="queryPlanner"))
    stages = set(stages_of(explained["queryPlanner"]["winningPlan"]))
    assert stages & {"IXSCAN", "EXPRESS_IXSCAN"}
    assert stages & {"COLLSCAN", "SORT"} == set()
