"""A leg that is blocked holds up nothing else: what is left in escrow goes on, by its people and by the clock."""

import msgspec
import pytest

from freehold.domain.escrow import Facts, actions_of, due_row
from freehold.domain.ledger import Balances
from tests.domain.test_escrow import FUNDED, HALF_REFUNDED, PARTIAL, SUBMITTED, created, drive, moved

WHOLE = (*SUBMITTED, ("release", "client"), ("transfer_refused", "gateway", moved(904)))
UNSUBMITTED = (*FUNDED, ("release", "client", Facts(part=500)), ("transfer_refused", "gateway", moved(450)))
ARGUED = (*PARTIAL, ("dispute", "client", Facts(dispute_id="dsp_1")))


def due(path, deadline):
    row = due_row(drive(created(), *path), deadline)
    return None if row is None else (row.transition, row.source)


@pytest.mark.parametrize(
    ("path", "of_release", "of_holding"),
    [
        (PARTIAL, ("auto_release", "escrow"), ("auto_release", "escrow")),
        (UNSUBMITTED, None, ("abandon", "escrow")),
        (HALF_REFUNDED, None, ("abandon", "escrow")),
        (ARGUED, None, ("abandon", "disputed")),
        (WHOLE, None, None),
        (SUBMITTED, ("auto_release", "escrow"), ("auto_release", "escrow")),
        (FUNDED, None, ("abandon", "escrow")),
    ],
)
def test_the_clock_moves_what_is_left_and_only_that(path, of_release, of_holding):
    assert due(path, "auto_release_at") == of_release
    assert due(path, "hold_expires_at") == of_holding
    assert due(path, "funding_expires_at") is None


def test_the_deadline_that_drives_a_row_is_the_rows_own():
    held = drive(created(), *PARTIAL)
    assert [due_row(held, name).due for name in ("auto_release_at", "hold_expires_at")] == [
        "auto_release_at",
        "hold_expires_at",
    ]


@pytest.mark.parametrize("path", [PARTIAL, UNSUBMITTED])
def test_its_people_may_move_it_too_and_the_blocked_leg_stays_as_it_is(path):
    held = drive(created(), *path)
    assert {"release", "dispute"} <= set(actions_of(held, "client"))
    assert {"refund", "retry_payout", "dispute"} <= set(actions_of(held, "freelancer"))
    after = drive(created(), *path, ("release", "client"))
    assert (after.state, after.holding.balances) == ("releasing", Balances(payable=904))
    assert [leg.state for leg in after.holding.legs] == ["blocked", "pending"]
    after = drive(created(), *path, ("refund", "freelancer"), ("refund_known", "gateway", moved(505, leg=2)))
    assert (after.state, after.holding.balances) == ("payout_blocked", Balances(payable=450))


@pytest.mark.parametrize(
    ("path", "balances"),
    [
        (UNSUBMITTED, Balances(payable=450, refund_due=505)),
        (HALF_REFUNDED, Balances(refund_due=1_005)),
        (ARGUED, Balances(payable=450, refund_due=505)),
    ],
)
def test_what_may_be_held_no_longer_goes_back_beside_it(path, balances):
    after = drive(created(), *path, ("abandon", "scheduler"))
    assert (after.state, after.holding.balances) == ("refunding", balances)
    assert due_row(after, "hold_expires_at") is None


def test_both_are_blocked_one_after_the_other_and_each_is_tried_again():
    after = drive(
        created(), *PARTIAL, ("auto_release", "scheduler"), ("transfer_refused", "gateway", moved(454, leg=2)),
        ("retry_payout", "freelancer"), ("transfer_known", "gateway", moved(450, leg=1, attempt=2)),
    )  # fmt: skip
    assert (after.state, [leg.state for leg in after.holding.legs]) == ("payout_blocked", ["done", "blocked"])
    rest = ("transfer_known", "gateway", moved(454, leg=2, attempt=2))
    done = drive(after, ("retry_payout", "scheduler"), rest)
    assert (done.state, done.holding.released, done.holding.balances) == ("released", 1_005, Balances())
    assert msgspec.structs.replace(done.holding, legs=()).deposited == 1_005
