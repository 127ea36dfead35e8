"""When a project can be reviewed, when reviews are unsealed, how stars add up."""

from datetime import UTC, datetime
from decimal import ROUND_HALF_UP, Decimal

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from freehold.documents.trust import Scores
from freehold.domain.reviews import AXES, NotReviewableYet, average_hundredths, is_unsealed_by, review_deadline_of

PAID = datetime(2026, 3, 1, tzinfo=UTC)
DEADLINE = datetime(2026, 3, 15, tzinfo=UTC)


def test_a_completed_and_paid_project_can_be_reviewed_until_its_deadline():
    assert review_deadline_of(state="completed", paid_at=PAID, deadline=DEADLINE) == DEADLINE


@pytest.mark.parametrize(
    ("state", "paid_at", "deadline"),
    [("active", PAID, DEADLINE), ("completed", None, DEADLINE), ("completed", PAID, None), ("active", None, None)],
)
def test_a_project_that_is_not_completed_and_paid_cannot_be_reviewed(state, paid_at, deadline):
    with pytest.raises(NotReviewableYet):
        review_deadline_of(state=state, paid_at=paid_at, deadline=deadline)


@pytest.mark.parametrize(
    ("reviewed_by", "unsealed"),
    [((), False), (("a",), False), (("b",), False), (("a", "b"), True), (("b", "a"), True), (("a", "a"), False)],
)
def test_reviews_are_unsealed_when_both_sides_have_written(reviewed_by, unsealed):
    assert is_unsealed_by(reviewed_by=reviewed_by, parties=("a", "b")) is unsealed


def test_the_axes_that_are_added_up_are_those_that_are_asked_for():
    assert tuple(field.name for field in msgspec.structs.fields(Scores)) == AXES


@pytest.mark.parametrize(
    ("stars", "reviews", "average"),
    [(0, 0, None), (20, 1, 500), (4, 1, 100), (17, 1, 425), (55, 3, 458), (56, 3, 467), (149, 8, 466), (125, 8, 391)],
)
def test_averages_by_hand(stars, reviews, average):
    """Four stars are given in each review: 56 of 12 is 4.666..., 125 of 32 is 3.90625."""
    assert average_hundredths(stars=stars, reviews=reviews) == average


@given(st.lists(st.tuples(*[st.integers(1, 5)] * len(AXES)), min_size=1, max_size=300))
def test_the_average_is_the_exact_one_rounded_half_up(reviews):
    stars = sum(map(sum, reviews))
    exact = Decimal(100 * stars) / (len(reviews) * len(AXES))
    assert average_hundredths(stars=stars, reviews=len(reviews)) == int(exact.quantize(Decimal(1), ROUND_HALF_UP))
