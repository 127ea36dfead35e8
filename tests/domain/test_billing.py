"""Which invoices a milestone's money brings about: read off it whenever one looks, in whatever order things happened."""

import pytest
from msgspec.structs import replace

from freehold.domain.billing import Issue, MarkPaid, Standing, TakeBack, missing_acts, was_funded
from freehold.domain.holding import Held, Holding
from freehold.domain.ledger import Balances
from freehold.domain.legs import Chargeback, ClosedDispute, Leg, Taking
from freehold.domain.money import Money

AGREED = Money(10_000, "EUR")
SALE = Standing(id="inv_1", kind="sale", stands_for="sale", gross=10_000, state="open")
PAID = replace(SALE, state="paid")
OTHER_SUM = replace(SALE, gross=9_000)
ISSUE_SALE = Issue(kind="sale", stands_for="sale", gross=10_000)
FEE = Issue(kind="platform_fee", stands_for="fee:1", gross=600, leg=1)
REFUND = Issue(kind="credit_note", stands_for="refund:2", corrects="sale", gross=4_000, leg=2)
FEE_PAID = Standing(id="inv_2", kind="platform_fee", stands_for="fee:1", gross=600, state="paid")


def held(state, *legs, deposited=10_000, escrow=0, **more) -> Held:
    holding = Holding(amount=AGREED, deposited=deposited, legs=legs, balances=Balances(escrow=escrow), **more)
    return Held(milestone_id="mst_1", state=state, holding=holding)


def released(number=1, gross=6_000, state="done", fee=600, **more) -> Leg:
    return Leg(number=number, kind="release", gross=gross, fee=fee, origin="submitted", state=state, **more)


def fee_back(gross, *, of):
    return Issue(kind="credit_note", stands_for=f"fee:1:{of}", corrects="fee:1", gross=gross, leg=1)


def refunded(number=2, gross=4_000, state="done", origin="funded", **more) -> Leg:
    return Leg(number=number, kind="refund", gross=gross, origin=origin, state=state, **more)


LOST = Chargeback(id="cbk_1", amount=7_000, state="lost", taking=Taking(escrow=6_000, lost=1_000))
BANK = Issue(kind="credit_note", stands_for="chargeback:cbk_1", corrects="sale", gross=6_000)
TAKEN = Chargeback(id="cbk_2", amount=10_000, state="lost", taking=Taking(escrow=6_000, refund_due=4_000))
RETURNED = Standing(id="inv_3", kind="credit_note", stands_for="refund:1", gross=10_000, state="paid")
FUNDED = held("funded", escrow=10_000)
HALVED = ClosedDispute(id="dsp_1", amount=10_000, ended="settled", fee=101, fee_of_client=51)
OF_CLIENT = Issue(kind="dispute_fee", stands_for="dispute:dsp_1:client", gross=51, to="client")
OF_FREELANCER = Issue(kind="dispute_fee", stands_for="dispute:dsp_1:freelancer", gross=50)
AWARDED = Issue(kind="credit_note", stands_for="award:dsp_1", corrects="sale", gross=51)


@pytest.mark.parametrize(
    ("milestone", "standing", "acts"),
    [
        (held("created", deposited=0), (), ()),
        (held("created", deposited=0), (SALE,), ()),
        (held("funding", deposited=0), (SALE,), ()),
        (held("cancelled", deposited=0), (SALE,), (TakeBack("inv_1"),)),
        (held("cancelled", deposited=0), (), ()),
        (FUNDED, (), (ISSUE_SALE,)),
        (FUNDED, (SALE,), (MarkPaid("inv_1"),)),
        (FUNDED, (PAID,), ()),
        (FUNDED, (OTHER_SUM,), (TakeBack("inv_1"), ISSUE_SALE)),
        (held("releasing", released(state="pending")), (PAID,), ()),
        (held("released", released()), (PAID,), (FEE,)),
        (held("released", released(fee=0)), (PAID,), ()),
        (held("refunded", released(), refunded()), (PAID,), (FEE, REFUND)),
        (held("refunded", released(), refunded()), (), (ISSUE_SALE, FEE, REFUND)),
        (held("refunding", released(), refunded(state="pending")), (PAID,), (FEE,)),
        (held("refunded", refunded(1, 10_000, origin="cancelled")), (), ()),
        (held("refunded", refunded(1, 10_000, origin="cancelled")), (SALE,), (TakeBack("inv_1"),)),
        (held("released", released(fee_returned=200)), (PAID, FEE_PAID), (fee_back(200, of=200),)),
        (held("released", released(fee_returned=200)), (PAID,), (FEE, fee_back(200, of=200))),
        (held("released", released(fee_returned=600)), (PAID, replace(FEE_PAID, credited=200)), (fee_back(400, of=600),)),
        (held("released", released(fee_returned=600)), (PAID, replace(FEE_PAID, credited=600)), ()),
        (held("released", released(tax=50)), (PAID,), (FEE,)),
        (held("charged_back", refunded(1, 10_000, taken=10_000)), (PAID,), ()),
        (held("refunded", released(), refunded(taken=1_000)), (PAID,), (FEE, replace(REFUND, gross=3_000))),
        (held("charged_back", refunded(1, 10_000, taken=10_000), chargebacks=(TAKEN,)), (PAID, RETURNED), ()),
        (
            held("charged_back", refunded(1, 4_000, taken=4_000), chargebacks=(TAKEN,)),
            (PAID, replace(RETURNED, gross=4_000)),
            (replace(BANK, stands_for="chargeback:cbk_2"),),
        ),
        (held("charged_back", chargebacks=(LOST,)), (PAID,), (BANK,)),
        (held("funded", chargebacks=(replace(LOST, state="open"),)), (PAID,), ()),
        (held("funded", disputes=(HALVED,)), (PAID,), (OF_CLIENT, OF_FREELANCER, AWARDED)),
        (held("funded", disputes=(replace(HALVED, fee_of_client=0),)), (PAID,), (replace(OF_FREELANCER, gross=101),)),
        (held("funded", disputes=(replace(HALVED, fee=0, fee_of_client=0),)), (PAID,), ()),
        (held("refunding", refunded(1, 9_000, origin="funding"), deposited=9_000), (SALE,), (TakeBack("inv_1"),)),
    ],
)
def test_what_is_missing_is_found_and_nothing_else(milestone, standing, acts):
    assert missing_acts(milestone, standing) == acts


def test_whoever_looks_again_finds_nothing_to_do():
    whole = held("refunded", released(), refunded())
    there = [PAID] + [
        Standing(id=f"inv_{act.stands_for}", kind=act.kind, stands_for=act.stands_for, gross=act.gross, state="paid")
        for act in (FEE, REFUND)
    ]
    assert missing_acts(whole, there) == ()


def test_a_payment_that_only_passes_through_is_no_sale():
    assert not was_funded(held("refunding", refunded(1, 10_000, state="pending", origin="cancelled")))
    assert was_funded(held("refunding", refunded(1, 10_000, state="pending")))
