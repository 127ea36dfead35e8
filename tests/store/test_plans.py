"""What functions and operators ask is answered from an index, in its order: no collection is scanned, nothing sorted."""

from collections.abc import Iterator
from typing import Any

import pytest

from freehold.store.jobs import OVER
from functions.jobs.expire_jobs import DUE as DUE_JOBS
from functions.reviews.reveal_due_reviews import DUE as DUE_REVIEWS
from tests.api import Api

NEWEST = {"_id": -1}
POSTED = {"posted_at": -1, "_id": -1}
QUESTIONS: dict[str, tuple[str, dict[str, Any], dict[str, int]]] = {
    "open jobs": ("jobs", {"state": "open"}, POSTED),
    "open jobs of a category": ("jobs", {"state": "open", "category_folded": "x"}, POSTED),
    "open jobs that ask for skills": ("jobs", {"state": "open", "skills_folded": {"$all": ["x", "y"]}}, POSTED),
    "open jobs of an employer": ("jobs", {"state": "open", "employer_id": "x"}, POSTED),
    "own jobs": ("jobs", {"employer_id": "x"}, NEWEST),
    "jobs past their deadline": ("jobs", DUE_JOBS, {"deadline": 1}),
    "applications for a job": ("applications", {"job_id": "x"}, NEWEST),
    "applications that wait for an answer": ("applications", {"job_id": "x", "state": {"$in": ["submitted"]}}, {"_id": 1}),
    "own applications": ("applications", {"freelancer_id": "x"}, NEWEST),
    "own projects": ("projects", {"$or": [{"client_id": "x"}, {"freelancer_id": "x"}]}, NEWEST),
    "reviews of a person": ("reviews", {"subject_id": "x", "state": "published"}, NEWEST),
    "reviews that are due": ("reviews", DUE_REVIEWS, {"reveal_at": 1}),
    "hours that are argued about": ("time_entries", {"state": "disputed"}, NEWEST),
    "own notifications": ("notifications", {"user_id": "x"}, NEWEST),
    "people with a skill": ("users", {"skills_folded": {"$in": ["x", "y"]}, "roles": "freelancer"}, NEWEST),
    "people with a role": ("users", {"roles": "freelancer"}, NEWEST),
}


@pytest.mark.parametrize("question", QUESTIONS)
def test_a_question_is_answered_from_an_index_in_its_order(api: Api, question: str):
    collection, filter_, sort = QUESTIONS[question]
    command = {"find": collection, "filter": filter_, "sort": sort, "limit": 21}
    explained = api.run(api.store.database.command("explain", command, verbosity="queryPlanner"))
    stages = set(stages_of(explained["queryPlanner"]["winningPlan"]))
    assert stages & {"IXSCAN", "EXPRESS_IXSCAN"}
    assert stages & {"COLLSCAN", "SORT"} == set()


def test_a_past_deadline_is_a_date_so_that_a_job_without_one_never_expires():
    assert OVER["deadline"] == {"$type": "date"}


def stages_of(plan: dict[str, Any]) -> Iterator[str]:
    """Name every stage of a plan, from its root down."""
    plan = plan.get("queryPlan", plan)
    yield plan["stage"]
    for inner in [*plan.get("inputStages", []), *([plan["inputStage"]] if "inputStage" in plan else [])]:
        yield from stages_of(inner)
