"""The text search behind `JobSearch`: what it does with keys that are not its own."""

import pytest

from freehold.documents import Job
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
        api.run(search.find(question, Job, after=after, limit=5))
