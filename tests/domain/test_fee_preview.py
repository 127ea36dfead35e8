"""A preview of fees is what the engine takes: for any amount, schedule and parts, to the last minor unit."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from freehold.domain.errors import Refused
from freehold.domain.escrow import Facts, PartNotCovered, TooManyParts, take
from freehold.domain.fee_preview import preview
from freehold.domain.fees import LARGEST_FEE_BASIS_POINTS, LARGEST_TAX_BASIS_POINTS, FeeSchedule, fee_of
from freehold.domain.holding import SMALLEST_AMOUNT_MINOR, Held, Holding
from freehold.domain.money import Money

SCHEDULES = st.builds(
    FeeSchedule,
    version=st.just(7),
    basis_points=st.integers(0, LARGEST_FEE_BASIS_POINTS),
    tax_basis_points=st.integers(0, LARGEST_TAX_BASIS_POINTS),
)
PARTS = st.lists(st.integers(1, 300_000), max_size=8)


def taken(amount: Money, schedule: FeeSchedule, parts: list[int]) -> list[tuple[int, int, int, int]]:
    """Pay for a real milestone, step by step, and release the same parts."""
    held = Held(milestone_id="mst_1", state="created", holding=Holding(amount=amount))
    facts = Facts(payment_id="pay_1", gateway="sandbox", fee_schedule=schedule)
    held = take(held, "fund", by="client", facts=facts).after
    held = take(held, "deposit_paid", by="gateway", facts=Facts(payment_id="pay_1", paid=amount)).after
    for part in (*parts, None):
        if held.holding.balances.escrow == 0:
            break
        held = take(held, "release", by="client", facts=Facts(part=part)).after
        leg = held.holding.legs[-1]
        paid = Facts(leg=leg.number, attempt=leg.attempt, paid=Money(leg.net, amount.currency))
        held = take(held, "transfer_known", by="gateway", facts=paid).after
    return [(leg.gross, leg.fee, leg.tax, leg.net) for leg in held.holding.legs]


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(amount=st.integers(SMALLEST_AMOUNT_MINOR, 10**6), schedule=SCHEDULES, parts=PARTS)
def test_a_preview_is_what_the_engine_takes_or_refuses_as_the_engine_does(amount, schedule, parts):
    money = Money(amount, "USD")
    try:
        expected = taken(money, schedule, parts)
    except Refused as refusal:
        with pytest.raises(type(refusal)):
            preview(money, schedule, parts)
        return
    legs = preview(money, schedule, parts)
    assert [(leg.gross.amount, leg.fee.amount, leg.tax.amount, leg.net.amount) for leg in legs] == expected
    assert sum(leg.gross.amount for leg in legs) == amount
    assert sum(leg.fee.amount for leg in legs) == fee_of(amount, schedule)


def test_by_hand():
    legs = preview(Money(10_001, "USD"), FeeSchedule(version=1, basis_points=1_000), [3_333, 3_334])
    assert [(leg.gross.amount, leg.fee.amount, leg.net.amount) for leg in legs] == [
        (3_333, 333, 3_000),
        (3_334, 334, 3_000),
        (3_334, 333, 3_001),
    ]


@pytest.mark.parametrize("parts", [[0], [-1], [10_001], [99], [9_901], [5_000, 4_950]])
def test_a_part_that_would_not_be_released_is_not_previewed(parts):
    with pytest.raises(PartNotCovered):
        preview(Money(10_000, "USD"), FeeSchedule(version=1, basis_points=1_000), parts)


def test_there_are_only_so_many_parts():
    with pytest.raises(TooManyParts):
        preview(Money(100_000, "USD"), FeeSchedule(version=1, basis_points=1_000), [100] * 30)
