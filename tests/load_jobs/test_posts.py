"""What becomes of a post: what a person would map it to, or the reason why a person would refuse it."""

import gzip

import pytest
from msgspec import UNSET

from freehold.domain.money import Money
from infra.load_jobs.posts import NotAJob, Post, Range, Refusal, UnreadableFile, clean, read_posts, to_job
from tests.load_jobs.made_posts import many, row, write


def test_a_fixed_post_keeps_its_budget_to_the_cent():
    job = to_job(row(budget_usd="19.99"))
    assert (job.kind, job.budget, job.hourly) == ("fixed", Money(1999, "USD"), UNSET)
    assert (job.category, job.skills) == ("Writing", ("Editing",))


def test_an_hourly_post_keeps_its_rate():
    job = to_job(row(type="hourly", budget_usd="", hourly_rate_usd="3.5"))
    assert (job.kind, job.budget, job.hourly) == ("hourly", UNSET, Range(Money(350, "USD"), Money(350, "USD")))


def test_a_post_without_a_price_is_hourly_with_the_rate_still_to_be_agreed():
    job = to_job(row(type="no_budget", budget_usd="", engagement="Less than 30 hrs/week"))
    assert (job.kind, job.budget, job.hourly) == ("hourly", UNSET, UNSET)
    assert "Time per week: Less than 30 hrs/week." in job.description


def test_what_only_the_other_platform_knows_is_left_out():
    job = to_job(row(client_spent_usd="987654", proposals_tier="50+", created_on="2023-01-01T00:00:00Z"))
    assert not any(word in job.description for word in ("987654", "50+", "2023"))


@pytest.mark.parametrize(
    ("odd", "meant"),
    [
        ("Resume &amp; cover letter", "Resume & cover letter"),
        ("Scriptwriting\n", "Scriptwriting"),
        ("  two\t \r\nlines ", "two lines"),
        ("bell\x07 and null\x00", "bell and null"),
        ("soft\u00adhyphen, zero\u200bwidth", "softhyphen, zerowidth"),
        ("turned \u202eover", "turned over"),
        ("👩\u200d💻 wanted", "👩\u200d💻 wanted"),
        ("cafe\u0301", "café"),
    ],
)
def test_untidy_text_is_tidied(odd, meant):
    assert clean(odd) == meant
    assert to_job(row(title=f"A {odd}")).title == clean(f"A {odd}")


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"title": "??? !!!"}, "the title has no words"),
        ({"title": "\x07\n"}, "the title has no words"),
        ({"title": "x" * 201}, "longer than 200"),
        ({"budget_usd": ""}, "the budget is not a number"),
        ({"budget_usd": "ten"}, "the budget is not a number"),
        ({"budget_usd": "0"}, "not above zero"),
        ({"budget_usd": "-5"}, "not above zero"),
        ({"budget_usd": "NaN"}, "not above zero"),
        ({"budget_usd": "Infinity"}, "not above zero"),
        ({"budget_usd": "1.005"}, "fractions of a cent"),
        ({"type": "barter"}, "nobody knows the price type 'barter'"),
        ({"category": "", "service": " "}, "there is no category"),
    ],
)
def test_what_a_person_would_refuse_is_refused_with_the_reason(fields, reason):
    with pytest.raises(NotAJob, match=reason):
        to_job(row(**fields))


def read(tmp_path, *rows):
    return list(read_posts(write(tmp_path / "posts.csv.gz", list(rows))))


def test_the_same_post_of_the_same_client_is_taken_once(tmp_path):
    found = read(
        tmp_path,
        row(id="1"),
        row(id="2", title="a  PAGE"),
        row(id="3", client="c2"),
        row(id="4", budget_usd="101"),
        row(id="5"),
    )
    assert [(each.id, type(each)) for each in found] == [("1", Post), ("2", Refusal), ("3", Post), ("4", Post), ("5", Refusal)]


@pytest.mark.parametrize("client", ["", "a@b", "x" * 49, "../etc"])
def test_a_post_that_names_no_client_is_refused(tmp_path, client):
    assert [each.reason for each in read(tmp_path, row(client=client))] == ["nobody is named as the client"]


def test_every_row_is_posted_or_refused(tmp_path):
    found = read(tmp_path, *many(300))
    assert len(found) == 300
    assert len([each for each in found if isinstance(each, Refusal)]) > 10


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        (b"id,client\n1,2\n", "has no column title, type"),
        (b"", "has no column id"),
        (b"\xff\xfe\x00bad", "UTF-8"),
        (gzip.compress(b"id,client\n" * 100, mtime=0)[:15], "cannot be read"),
    ],
)
def test_a_file_of_something_else_is_told_in_a_sentence(tmp_path, content, complaint):
    (tmp_path / "file").write_bytes(content)
    with pytest.raises(UnreadableFile, match=complaint):
        list(read_posts(tmp_path / "file"))


def test_a_file_that_is_not_there_is_named(tmp_path):
    with pytest.raises(UnreadableFile, match="No such file"):
        list(read_posts(tmp_path / "none.csv"))
