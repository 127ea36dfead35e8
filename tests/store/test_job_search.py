"""The text search behind `JobSearch`: what it does with keys that are not its own."""

import pytest

from freehold.store.job_search import InvalidKeys, JobQuestion, JobSearch, TextSearch
from tests.api import Api


@pytest.mark.parametrize(
    ("order", "after"),
    [
        ("newest", [1, 2]),
        ("newest", ["a", "b"]),
        ("newest", [-1, "job_x"]),
        ("newest", [10**17, "job_x"]),
        ("newest", [None, "job_x"]),
        ("relevance", ["1.5", "job_x"]),
        ("relevance", [1.5, 2]),
        ("created", [5]),
        ("created", [None]),
    ],
)
def test_keys_of_another_order_are_refused(api: Api, order, after):
    search: JobSearch = TextSearch(api.store)
    question = JobQuestion(order=order, states=("open",), words="manual" if order == "relevance" else None)
    with pytest.raises(InvalidKeys):
        api.run(search.find(question, after=after, limit=5))


def test_no_question_scans_the_whole_collection_for_open_jobs(api: Api):
    explained = api.run(
        api.store.database.command(
            "explain",
            {"find": "jobs", "filter": {"state": "open", "category_folded": "x"}, "sort": {"posted_at": -1, "_id": -1}},
            verbosity="queryPlanner",
        )
    )
    plan = str(explained["queryPlanner"]["winningPlan"])
    assert "COLLSCAN" not in plan
    assert "'SORT'" not in plan
