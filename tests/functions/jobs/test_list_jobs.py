"""`GET /api/jobs`: filters, words, orders, pages."""

import secrets
from urllib.parse import quote

import pytest

from tests.api import Api, Person
from tests.hiring import fields_at_fault, in_days, new_job, pages


@pytest.fixture
def employer(api: Api) -> Person:
    return api.register(roles=["employer"])


@pytest.fixture
def category() -> str:
    """A category of this test's own, because the database has other tests' jobs too."""
    return f"Category {secrets.token_hex(6)}"


def post(employer: Person, category: str, **fields) -> str:
    return employer.post("/api/jobs", new_job(category=category, **fields))["id"]


def found(person: Person, category: str, query: str = "") -> list[str]:
    return [job["id"] for job in person.get(f"/api/jobs?category={quote(category)}&{query}")["items"]]


def test_anybody_sees_the_open_jobs_newest_first(api: Api, employer: Person, category: str):
    jobs = [post(employer, category) for _ in range(3)]
    post(employer, category, state="draft")
    answer = api.call("GET", f"/api/jobs?category={quote(category)}")
    assert [job["id"] for job in answer.json()["items"]] == jobs[::-1]
    assert answer.json()["next_cursor"] is None


def test_a_draft_counts_as_new_when_it_is_published(employer: Person, category: str):
    draft = post(employer, category, state="draft")
    posted = post(employer, category)
    employer.put(f"/api/jobs/{draft}", {"transition": "publish", "version": 1})
    assert found(employer, category) == [draft, posted]


def test_a_category_is_found_whatever_its_case(employer: Person, category: str):
    job = post(employer, category)
    assert found(employer, category.upper()) == found(employer, f"  {category.lower()} ") == [job]
    assert found(employer, category[:-1]) == []


def test_filters_narrow_the_list(employer: Person, category: str):
    usd = {"amount": 50_000, "currency": "USD"}
    far = {"remote": False, "country": "Kenya", "city": "Nairobi"}
    fixed = post(employer, category, budget=usd, skills=["Python", "SQL"], deadline=in_days(2))
    euros = post(employer, category, budget={"amount": 50_000, "currency": "EUR"}, skills=["Python"], place=far)
    hourly = {"least": {"amount": 1_000, "currency": "USD"}, "most": {"amount": 3_000, "currency": "USD"}}
    paid_hourly = post(employer, category, kind="hourly", budget=None, hourly=hourly, deadline=in_days(20))
    unpriced = post(employer, category, kind="hourly", budget=None)
    everything = {fixed, euros, paid_hourly, unpriced}

    def some(query: str) -> set[str]:
        return set(found(employer, category, query))

    assert some("") == everything
    assert some("kind=fixed") == {fixed, euros}
    assert some("kind=hourly") == {paid_hourly, unpriced}
    assert some("currency=USD") == {fixed, paid_hourly}
    assert some("currency=USD&budget_min=50000") == {fixed}
    assert some("currency=USD&budget_min=50001") == set()
    assert some("currency=USD&budget_max=3000") == {paid_hourly}
    assert some("currency=USD&budget_max=2999") == set()
    assert some("currency=USD&budget_min=3000&budget_max=50000") == {fixed, paid_hourly}
    assert some("skills=python") == {fixed, euros}
    assert some("skills=PYTHON&skills=sql") == {fixed}
    assert some(f"deadline_before={quote(in_days(5))}") == {fixed}
    assert some(f"deadline_before={quote(in_days(30))}") == {fixed, paid_hourly}
    assert some("remote=false") == {euros}
    assert some("remote=true") == {fixed, paid_hourly, unpriced}
    assert some("country=KENYA") == {euros}
    assert some(f"employer_id={employer.id}&kind=fixed&remote=true") == {fixed}


def test_only_what_was_posted_since_a_time_is_listed(employer: Person, category: str):
    post(employer, category)
    first = employer.get(f"/api/jobs?category={quote(category)}")["items"][0]
    second = post(employer, category)
    since = employer.get(f"/api/jobs/{second}")["posted_at"]
    assert first["posted_at"] < since
    assert found(employer, category, f"posted_since={quote(since)}") == [second]
    assert found(employer, category, f"posted_since={quote('9999-12-31T23:59:59-14:00')}") == []
    assert len(found(employer, category, f"posted_since={quote('0001-01-01T00:00:00+14:00')}")) == 2


def test_words_find_jobs_by_relevance(employer: Person, category: str):
    in_description = post(employer, category, title="Website", description="Something with llamas.", skills=["HTML"])
    in_title = post(employer, category, title="Llama website", description="A site.", skills=["HTML"])
    in_skills = post(employer, category, title="Site", description="A site.", skills=["Llama"])
    newest = post(employer, category, title="Other", description="Nothing like that.", skills=["HTML"])
    assert found(employer, category, "q=llama") == [in_title, in_skills, in_description]
    assert found(employer, category, "q=llama&sort=newest") == [in_skills, in_title, in_description]
    assert found(employer, category, "sort=newest")[0] == newest
    assert found(employer, category, f"q={quote('llama -website')}") == [in_skills]
    assert found(employer, category, f"q={quote(chr(34) + 'llama website' + chr(34))}") == [in_title]
    assert found(employer, category, f"q={quote('llama$where')}&kind=hourly") == []


def test_of_equally_relevant_jobs_the_newest_comes_first(employer: Person, category: str):
    jobs = [post(employer, category, title="A lantern", description="One lantern.") for _ in range(3)]
    assert found(employer, category, "q=lantern") == jobs[::-1]


@pytest.mark.parametrize("query", ["", "q=lighthouse", "q=lighthouse&sort=newest"])
def test_pages_neither_repeat_nor_miss_a_job_while_others_are_posted(employer: Person, category: str, query: str):
    jobs = [post(employer, category, title="A lighthouse", description=f"Lighthouse {'x ' * (n % 3)}") for n in range(7)]
    path = f"/api/jobs?category={quote(category)}&{query}"
    whole = [job["id"] for job in employer.get(path)["items"]]
    assert set(whole) == set(jobs)
    first = employer.get(f"{path}&limit=3")
    post(employer, category, title="Lighthouse lighthouse", description="Lighthouse, the newest and best.")
    second = employer.get(f"{path}&limit=3&cursor={first['next_cursor']}")
    third = employer.get(f"{path}&limit=3&cursor={second['next_cursor']}")
    walked = [job["id"] for page in (first, second, third) for job in page["items"]]
    assert walked == whole
    assert third["next_cursor"] is None


def test_jobs_posted_in_the_same_millisecond_are_all_walked(api: Api, employer: Person, category: str):
    jobs = [post(employer, category) for _ in range(5)]
    same = api.run(api.store.database_now())
    api.run(api.store.database["jobs"].update_many({"_id": {"$in": jobs}}, {"$set": {"posted_at": same}}))
    assert pages(employer, f"/api/jobs?category={quote(category)}", limit=2) == [jobs[:2:-1], jobs[2:0:-1], jobs[:1]]


def test_own_jobs_are_listed_in_every_state_the_last_made_first(api: Api, employer: Person, category: str):
    draft = post(employer, category, state="draft")
    posted = post(employer, category)
    employer.put(f"/api/jobs/{posted}", {"transition": "close", "version": 1})
    assert found(employer, category, "mine=true") == [posted, draft]
    assert found(employer, category, "mine=true&state=draft") == [draft]
    assert found(employer, category, "mine=true&q=manual&state=closed") == [posted]
    assert found(api.register(), category, "mine=true") == []
    assert pages(employer, "/api/jobs?mine=true", limit=1) == [[posted], [draft]]
    assert api.call("GET", "/api/jobs?mine=true").status_code == 401


def test_a_cursor_of_another_question_is_refused(employer: Person, category: str):
    for _ in range(2):
        post(employer, category)
    path = f"/api/jobs?category={quote(category)}&limit=1"
    cursor = employer.get(path)["next_cursor"]
    assert len(employer.get(f"{path}&cursor={cursor}")["items"]) == 1
    for changed in ("&kind=fixed", "&q=manual", "&mine=true", "&skills=Italian", "&sort=newest&q=manual"):
        assert employer.get(f"{path}{changed}&cursor={cursor}", status=400)["code"] == "invalid_cursor"
    for wrong in ("x", "!!!!", cursor[:-4], cursor + "AAAA", quote("é")):
        assert employer.get(f"{path}&cursor={wrong}", status=400)["code"] == "invalid_cursor"


@pytest.mark.parametrize(
    ("query", "at_fault"),
    [
        ("budget_min=5", ["query.currency"]),
        ("budget_max=5&sort=relevance", ["query.currency", "query.q"]),
        ("budget_min=-1&currency=usd", ["query.budget_min", "query.currency"]),
        ("state=draft", ["query.state"]),
        ("mine=true&employer_id=usr_" + "0" * 32, ["query.employer_id"]),
        ("mine=perhaps&kind=barter&sort=oldest", ["query.kind", "query.mine", "query.sort"]),
        ("q=%20", ["query.q"]),
        ("q=a%00b", ["query.q"]),
        ("employer_id=job_" + "0" * 32, ["query.employer_id"]),
        ("posted_since=yesterday", ["query.posted_since"]),
        ("deadline_before=2026-01-01T00:00:00", ["query.deadline_before"]),
        ("skills=", ["query.skills[0]"]),
        ("&".join(f"skills=s{n}" for n in range(21)), ["query.skills"]),
        ("kind=fixed&kind=hourly", ["query.kind"]),
        ("title[$regex]=.*", ["query.title[$regex]"]),
    ],
)
def test_every_faulty_parameter_is_named(api: Api, query: str, at_fault: list[str]):
    answer = api.register().get(f"/api/jobs?{query}", status=422)
    assert fields_at_fault(answer) == at_fault
