"""What a dispute costs: never above a share of the claim, never out of the winner's part, never a minor unit too many."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from freehold.domain.dispute_fees import (
    CURRENT_DISPUTE_FEES,
    LARGEST_SHARE_BASIS_POINTS,
    DisputeFee,
    Split,
    fee_for,
    is_payable,
    loser_of,
    payers_of,
    scaled,
    split_of,
)
from freehold.domain.errors import InvalidValue
from freehold.domain.holding import LARGEST_AMOUNT_MINOR, SMALLEST_AMOUNT_MINOR
from freehold.domain.money import EXPONENTS

amounts = st.integers(SMALLEST_AMOUNT_MINOR, LARGEST_AMOUNT_MINOR) | st.integers(SMALLEST_AMOUNT_MINOR, 1_000)
fees = st.builds(
    DisputeFee,
    version=st.just(1),
    basis_points=st.integers(0, LARGEST_SHARE_BASIS_POINTS),
    fixed=st.none() | st.integers(0, 10_000),
)
sides = st.sampled_from(["client", "freelancer"])
payments = st.sampled_from(["nobody", "respondent", "loser", "both"])


@st.composite
def awards(draw):
    """Draw what is disputed and what of it the freelancer is awarded, so that both parts are worth moving."""
    disputed = draw(amounts)
    awarded = draw(st.sampled_from([0, disputed]) | st.integers(0, disputed))
    return disputed, awarded if is_payable(awarded, disputed) else disputed


@given(amounts, fees)
def test_the_fee_is_never_above_its_share_of_the_claim_nor_above_the_fixed_amount(claim: int, fee: DisputeFee):
    costs = fee_for(claim, fee)
    assert 0 <= costs * 10_000 <= claim * fee.basis_points
    assert fee.fixed is None or costs <= fee.fixed
    assert costs == fee.fixed or (costs + 1) * 10_000 > claim * fee.basis_points


@given(awards(), fees, sides, payments, st.data())
def test_what_each_side_gets_and_the_fee_are_what_was_disputed(award, fee, filer, payer, data):
    disputed, awarded = award
    claim = data.draw(st.integers(1, disputed))
    granted = awarded if filer == "freelancer" else disputed - awarded
    payers = payers_of(payer, filer=filer, claim_minor=claim, granted_minor=granted)
    split = split_of(
        disputed_minor=disputed, to_freelancer_minor=awarded, fee_minor=fee_for(claim, fee) if payers else 0, payers=payers
    )
    assert split.to_freelancer + split.to_client + split.fee == disputed
    assert 0 <= split.fee <= fee_for(claim, fee)
    for party, got, was in (("freelancer", split.to_freelancer, awarded), ("client", split.to_client, disputed - awarded)):
        assert got == was if party not in payers else got <= was
        assert got == was or got >= SMALLEST_AMOUNT_MINOR, "a fee leaves nothing that is too small to be moved"


@given(awards(), st.integers(0, LARGEST_AMOUNT_MINOR))
def test_of_less_than_was_disputed_each_gets_its_proportion_to_the_unit(award, frozen):
    disputed, awarded = award
    split = split_of(disputed_minor=disputed, to_freelancer_minor=awarded, fee_minor=50, payers=("client",))
    less = scaled(split, frozen)
    assert less.to_freelancer + less.to_client + less.fee == min(frozen, disputed)
    assert less == split if frozen >= disputed else less.fee <= split.fee
    for part, whole in ((less.to_freelancer, split.to_freelancer), (less.to_client, split.to_client), (less.fee, split.fee)):
        assert abs(part * disputed - whole * min(frozen, disputed)) < disputed


def test_two_payers_pay_half_each_and_the_client_the_odd_unit():
    split = split_of(disputed_minor=10_000, to_freelancer_minor=4_000, fee_minor=101, payers=("client", "freelancer"))
    assert split == Split(to_freelancer=3_950, to_client=5_949, fee=101, fee_of_client=51)
    assert scaled(split, 5_000) == Split(to_freelancer=1_975, to_client=2_975, fee=50, fee_of_client=25)


@pytest.mark.parametrize(
    ("filer", "granted", "loser"),
    [("client", 0, "client"), ("client", 4_999, "client"), ("client", 5_000, "freelancer"), ("freelancer", 9_000, "client")],
)
def test_whoever_gets_less_than_half_of_the_claim_has_lost(filer, granted, loser):
    assert loser_of(filer=filer, claim_minor=10_000, granted_minor=granted) == loser


@pytest.mark.parametrize(("part", "payable"), [(0, True), (99, False), (100, True), (900, True), (901, False), (1_000, True)])
def test_a_part_is_nothing_or_worth_moving_and_so_is_what_it_leaves(part, payable):
    assert is_payable(part, 1_000) is payable


@pytest.mark.parametrize("part", [-1, 1_001])
def test_nobody_is_awarded_more_than_is_disputed(part: int):
    assert not is_payable(part, 1_000)
    with pytest.raises(InvalidValue, match="not within"):
        split_of(disputed_minor=1_000, to_freelancer_minor=part, fee_minor=0, payers=())


def test_the_current_rule_is_of_currencies_that_exist_and_in_the_others_the_share_is_the_limit():
    assert set(CURRENT_DISPUTE_FEES.fixed) <= set(EXPONENTS)
    assert fee_for(1_000_000, CURRENT_DISPUTE_FEES.fee_in("USD")) == 5_000
    assert fee_for(10_000, CURRENT_DISPUTE_FEES.fee_in("USD")) == 500
    assert fee_for(1_000_000, CURRENT_DISPUTE_FEES.fee_in("CHF")) == 50_000
