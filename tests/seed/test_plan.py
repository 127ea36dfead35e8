"""The seed's marketplace: as large as promised, the same each time, and within the rules it will meet."""

from infra.seed.content import address_of, load
from infra.seed.plan import STORIES, make_plan, split_in_two


def test_it_has_forty_people_with_addresses_of_their_own_and_sixty_jobs():
    content = load()
    people = [*content.employers, *content.freelancers]
    assert len(people) + 1 == 40
    assert len({address_of(somebody.name) for somebody in people}) == len(people)
    assert len(content.jobs) == 60


def test_every_job_belongs_to_an_employer_and_has_one_kind_of_price():
    content = load()
    employers = {employer.name for employer in content.employers}
    assert all(job.employer in employers for job in content.jobs)
    assert all((job.budget is None) != (job.hourly is None) for job in content.jobs)


def test_the_plan_is_the_same_each_time():
    assert make_plan(load()) == make_plan(load())


def test_each_freelancer_applies_once_to_a_job_in_its_currency_and_with_a_skill_it_asks_for():
    content, skills = load(), {each.name: set(each.skills) for each in load().freelancers}
    plan = make_plan(content)
    assert len({(bid.job, bid.freelancer) for bid in plan.bids}) == len(plan.bids) > 100
    for bid in plan.bids:
        job = content.jobs[bid.job]
        price = job.budget or job.hourly.least
        assert bid.price.currency == price.currency
        assert bid.price.amount > 0
        assert (bid.weekly_limit_minutes is None) is (job.hourly is None)
        assert skills[bid.freelancer] & set(job.skills)


def test_every_story_is_told_once_by_an_open_bid_on_a_fixed_job():
    content = load()
    plan = make_plan(content)
    assert [venture.story for venture in plan.ventures] == list(STORIES)
    assert len({venture.bid.job for venture in plan.ventures}) == len(STORIES)
    for venture in plan.ventures:
        assert venture.bid in plan.bids
        assert venture.bid.end == "open"
        assert content.jobs[venture.bid.job].budget


def test_the_parts_of_a_budget_sum_to_it():
    for bid in make_plan(load()).bids:
        first, rest = split_in_two(bid.price)
        assert first.amount + rest.amount == bid.price.amount
        assert first.amount > 0
        assert rest.amount > 0


def test_reviews_are_written_only_where_everything_is_released():
    for story in STORIES:
        if story.reviews:
            assert all(steps[-1] == "release" for steps in story.milestones)
