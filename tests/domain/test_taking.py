"""Taking money back, in figures worked out by hand: out of releases newest first, out of all that there is when it is lost."""

import msgspec
import pytest

from freehold.domain.escrow.taking import Piece, lose, taken_back, without
from freehold.domain.fees import FeeSchedule
from freehold.domain.holding import Holding
from freehold.domain.ledger import Balances
from freehold.domain.legs import Chargeback, ClosedDispute, Leg, OpenDispute, Taking
from freehold.domain.money import Money

TENTH = FeeSchedule(version=1, basis_points=1_000, tax_basis_points=500)


def release(number, gross, *, fee, tax, **changes):
    return Leg(number=number, kind="release", gross=gross, fee=fee, tax=tax, origin="submitted", **changes)


def refund(number, gross, **changes):
    return Leg(number=number, kind="refund", gross=gross, origin="submitted", **changes)


FIRST = release(1, 105, fee=11, tax=5, state="done")
GONE = release(2, 100, fee=10, tax=5, state="done", returned=100, fee_returned=10, tax_returned=5)
THIRD = release(3, 200, fee=20, tax=10)
HOLDING = Holding(
    amount=Money(1_000, "USD"), fee_schedule=TENTH, deposited=1_000, legs=(FIRST, GONE, THIRD),
    balances=Balances(escrow=300, disputed=150, payable=170, refund_due=90), dispute=OpenDispute(id="dsp_1", amount=150),
)  # fmt: skip


def pieces(*figures):
    return tuple(Piece(leg=leg, gross=gross, fee=fee, tax=tax, payable=payable, debt=debt)
                 for leg, gross, fee, tax, payable, debt in figures)  # fmt: skip


@pytest.mark.parametrize(
    ("gross", "taken"),
    [
        (0, pieces()),
        (50, pieces((3, 50, 5, 2, 43, 0))),
        (200, pieces((3, 200, 20, 10, 170, 0))),
        (201, pieces((3, 200, 20, 10, 170, 0), (1, 1, 1, 0, 0, 0))),
        (250, pieces((3, 200, 20, 10, 170, 0), (1, 50, 5, 2, 0, 43))),
        (305, pieces((3, 200, 20, 10, 170, 0), (1, 105, 11, 5, 0, 89))),
        (999, pieces((3, 200, 20, 10, 170, 0), (1, 105, 11, 5, 0, 89))),
    ],
)
def test_the_newest_release_gives_first_with_its_part_of_fee_and_tax(gross, taken):
    assert taken_back(HOLDING, gross) == taken


def test_without_a_fee_schedule_all_of_it_was_the_freelancers():
    free = msgspec.structs.replace(HOLDING, fee_schedule=None, legs=(release(1, 105, fee=0, tax=0, state="done"),))
    assert taken_back(free, 60) == pieces((1, 60, 0, 0, 0, 60))


def test_what_was_sent_is_owed_and_what_was_not_is_kept_back():
    blocked = msgspec.structs.replace(THIRD, state="blocked", offsets=((1, 120),))
    assert taken_back(msgspec.structs.replace(HOLDING, legs=(FIRST, GONE, blocked)), 200) == pieces((3, 200, 20, 10, 50, 120))


def test_a_release_with_nothing_left_to_send_is_done():
    after = without(HOLDING, taken_back(HOLDING, 250))
    assert after.legs == (
        msgspec.structs.replace(FIRST, returned=50, fee_returned=5, tax_returned=2),
        GONE,
        msgspec.structs.replace(THIRD, returned=200, fee_returned=20, tax_returned=10, taken=170, state="done"),
    )
    half = without(HOLDING, taken_back(HOLDING, 50)).legs[2]
    assert (half.state, half.sent, half.returned) == ("pending", 127, 50)
    assert without(HOLDING, ()) == HOLDING


@pytest.mark.parametrize(
    ("amount", "taking"),
    [
        (300, Taking(escrow=300)),
        (301, Taking(escrow=300, disputed=1)),
        (450, Taking(escrow=300, disputed=150)),
        (520, Taking(escrow=300, disputed=150, refund_due=70)),
        (540, Taking(escrow=300, disputed=150, refund_due=90)),
        (590, Taking(escrow=300, disputed=150, refund_due=90, payable=43, fees=5, tax=2)),
        (845, Taking(escrow=300, disputed=150, refund_due=90, payable=170, debt=89, fees=31, tax=15)),
        (900, Taking(escrow=300, disputed=150, refund_due=90, payable=170, debt=89, fees=31, tax=15, lost=55)),
    ],
)
def test_a_lost_chargeback_takes_what_is_held_before_what_was_released(amount, taking):
    other = Chargeback(id="cbk_0", amount=7, state="won")
    chargeback = Chargeback(id="cbk_1", amount=amount, fee=15)
    after, _ = lose(msgspec.structs.replace(HOLDING, chargebacks=(other, chargeback)), chargeback)
    assert after.chargebacks == (other, Chargeback(id="cbk_1", amount=amount, fee=15, state="lost", taking=taking))
    assert after.balances == HOLDING.balances


def test_a_dispute_has_less_to_be_about_and_is_moot_when_nothing_is_left():
    def disputed_after(amount):
        after, _ = lose(HOLDING, Chargeback(id="cbk_1", amount=amount))
        return after.dispute, after.disputes

    assert disputed_after(300) == (OpenDispute(id="dsp_1", amount=150), ())
    assert disputed_after(301) == (OpenDispute(id="dsp_1", amount=149), ())
    assert disputed_after(449) == (OpenDispute(id="dsp_1", amount=1), ())
    assert disputed_after(450) == (None, (ClosedDispute(id="dsp_1", amount=150, ended="moot"),))


def test_refunds_that_were_never_sent_give_newest_first():
    sent, older, newer = refund(4, 40, state="done"), refund(5, 50, state="blocked"), refund(6, 40, state="blocked")
    legs = (sent, older, newer, FIRST)
    held = msgspec.structs.replace(HOLDING, legs=legs, balances=Balances(refund_due=90), dispute=None)

    def refunds_after(amount):
        after, _ = lose(held, Chargeback(id="cbk_1", amount=amount))
        assert (after.legs[0], after.legs[3]) == (sent, FIRST)
        return [(leg.taken, leg.sent, leg.state) for leg in after.legs[1:3]]

    assert refunds_after(30) == [(0, 50, "blocked"), (30, 10, "blocked")]
    assert refunds_after(40) == [(0, 50, "blocked"), (40, 0, "done")]
    assert refunds_after(60) == [(20, 30, "blocked"), (40, 0, "done")]
    assert refunds_after(90) == [(50, 0, "done"), (40, 0, "done")]
