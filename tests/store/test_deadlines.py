"""How long deadlines last: money goes on or back well before a gateway's own limit, and not at all where there is none."""

import pytest

from freehold.documents import Milestone
from freehold.domain.escrow import Facts, take
from freehold.domain.holding import Holding
from freehold.domain.money import Money
from freehold.store import now
from freehold.store.deadlines import DAY_S, HOLD_MARGIN_DAYS, deadlines_of
from freehold.store.noted import NOTHING_NOTED


@pytest.mark.parametrize(("most_days", "lasts"), [(90, {"hold_expires_at": (90 - HOLD_MARGIN_DAYS) * DAY_S}), (None, None)])
def test_held_money_is_moved_before_its_gateway_would_hold_it_no_longer(most_days, lasts):
    milestone = Milestone(
        id="mst_1", project_id="prj_1", job_id="job_1", client_id="usr_c", freelancer_id="usr_f", title="Work",
        state="funding", holding=Holding(amount=Money(1_000, "USD"), gateway="stripe", payment_id="pay_1"),
        max_hold_days=most_days, created_at=now(), updated_at=now(),
    )  # fmt: skip
    paid = take(milestone.held(), "deposit_paid", by="gateway", facts=Facts(payment_id="pay_1", paid=Money(1_000, "USD")))
    assert HOLD_MARGIN_DAYS > 0
    assert deadlines_of(milestone, paid, NOTHING_NOTED) == lasts
