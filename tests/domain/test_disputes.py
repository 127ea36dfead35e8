"""The transition function of a dispute: every way through the process, and what is refused on it."""

import msgspec
import pytest

from freehold.domain.dispute_case import (
    NOTES_LIMIT,
    OFFERS_PER_SIDE,
    AlreadyAccepted,
    Facts,
    OfferNotStanding,
    SplitNotPayable,
    TooManyNotes,
    TooManyOffers,
)
from freehold.domain.dispute_fees import Split
from freehold.domain.disputes import actions_of, claim_faults, take
from freehold.domain.money import Money
from freehold.domain.process import NotInThisState, NotYourStep
from tests.domain.disputes import NOW, Z, after, filed, in_ruling, negotiating, proposed


def split(to_freelancer: int, to_client: int, fee: int = 0, fee_of_client: int = 0) -> Split:
    return Split(to_freelancer=to_freelancer, to_client=to_client, fee=fee, fee_of_client=fee_of_client)


@pytest.mark.parametrize(("filer", "awarded"), [("client", 4_000), ("freelancer", 6_000)])
def test_an_accepted_claim_is_decided_for_the_filer_and_costs_nothing(filer, awarded):
    case = after(filed(filer, claim=6_000), ("accept_claim", "respondent"))
    assert (case.state, case.outcome.kind, case.outcome.awarded) == ("decided", "accepted", awarded)
    assert case.outcome.split == split(awarded, Z - awarded)


@pytest.mark.parametrize(
    ("filer", "expected"), [("client", split(3_700, 6_000, 300)), ("freelancer", split(6_000, 3_700, 300, 300))]
)
def test_silence_gives_the_filer_the_claim_and_the_silent_side_pays(filer, expected):
    case = after(filed(filer, claim=6_000), ("default_judgment", "clock"))
    assert (case.outcome.kind, case.outcome.split) == ("default", expected)


def test_a_side_that_gets_nothing_pays_nothing_and_the_other_side_does_not_pay_for_it():
    case = after(filed("client"), ("default_judgment", "clock"))
    assert case.outcome.split == split(0, Z)


def test_of_each_side_only_the_newest_offer_stands_and_both_are_kept():
    case = after(
        negotiating(),
        ("offer", "filer", {"to_freelancer": 1_000, "text": "For the outline."}),
        ("offer", "respondent", {"to_freelancer": 9_000}),
        ("offer", "filer", {"to_freelancer": 3_000}),
    )
    assert [(each.number, each.by, each.to_freelancer, each.state) for each in case.offers] == [
        (1, "client", 1_000, "replaced"),
        (2, "freelancer", 9_000, "standing"),
        (3, "client", 3_000, "standing"),
    ]
    assert (case.state, case.offers[0].note, case.offers[0].made_at) == ("negotiating", "For the outline.", NOW)


def test_accepting_the_newest_offer_decides_without_a_fee():
    case = after(
        negotiating("freelancer"), ("offer", "filer", {"to_freelancer": 7_000}), ("accept_offer", "respondent", {"offer": 1})
    )
    assert (case.state, case.outcome.kind, case.outcome.split) == ("decided", "agreed", split(7_000, 3_000))
    assert [offer.state for offer in case.offers] == ["accepted"]


@pytest.mark.parametrize("number", [None, 0, 1, 3, 4])
def test_an_offer_that_does_not_stand_cannot_be_accepted(number):
    case = after(
        negotiating(),
        ("offer", "filer", {"to_freelancer": 1_000}),
        ("offer", "filer", {"to_freelancer": 2_000}),
        ("offer", "respondent", {"to_freelancer": 9_000}),
    )
    with pytest.raises(OfferNotStanding):
        after(case, ("accept_offer", "respondent", {"offer": number}))


def test_an_offer_that_was_withdrawn_cannot_be_accepted_nor_withdrawn_again():
    case = after(negotiating(), ("offer", "filer", {"to_freelancer": 1_000}), ("withdraw_offer", "filer", {"offer": 1}))
    assert case.offers[0].state == "withdrawn"
    for step in (("accept_offer", "respondent", {"offer": 1}), ("withdraw_offer", "filer", {"offer": 1})):
        with pytest.raises(OfferNotStanding):
            after(case, step)
    with pytest.raises(OfferNotStanding):
        after(case, ("offer", "filer", {"to_freelancer": 1_000}), ("withdraw_offer", "respondent", {"offer": 2}))


@pytest.mark.parametrize("part", [None, -1, 1, 99, Z - 1, Z + 1, 2**53])
@pytest.mark.parametrize("step", ["offer", "propose", "rule"])
def test_no_split_is_offered_proposed_or_ruled_that_cannot_be_paid(step, part):
    cases = {
        "offer": ("filer", negotiating()),
        "propose": ("mediator", after(negotiating(), ("escalate", "filer"))),
        "rule": ("mediator", in_ruling()),
    }
    actor, case = cases[step]
    with pytest.raises(SplitNotPayable):
        after(case, (step, actor, {"to_freelancer": part, "text": "Because."}))


def test_offers_and_notes_have_an_end():
    case = negotiating()
    for _ in range(OFFERS_PER_SIDE):
        case = after(case, ("offer", "filer", {"to_freelancer": 1_000}))
    with pytest.raises(TooManyOffers):
        after(case, ("offer", "filer", {"to_freelancer": 1_000}))
    assert len(after(case, ("offer", "respondent", {"to_freelancer": 1_000})).offers) == OFFERS_PER_SIDE + 1
    with pytest.raises(TooManyNotes):
        after(msgspec.structs.replace(case, note_count=NOTES_LIMIT), ("note", "mediator"))


@pytest.mark.parametrize("order", [("filer", "respondent"), ("respondent", "filer")])
def test_a_proposal_is_decided_once_both_have_accepted_it_and_both_pay(order):
    once = after(proposed(), ("accept_proposal", order[0]))
    assert (once.state, once.outcome, len(once.proposal.accepted_by)) == ("proposed", None, 1)
    with pytest.raises(AlreadyAccepted):
        after(once, ("accept_proposal", order[0]))
    case = after(once, ("accept_proposal", order[1]))
    assert (case.state, case.outcome.kind, case.outcome.split) == ("decided", "proposal", split(3_750, 5_750, 500, 250))


@pytest.mark.parametrize(
    "refusal", [("refuse_proposal", "filer"), ("refuse_proposal", "respondent"), ("lapse_proposal", "clock")]
)
def test_a_proposal_that_one_side_refuses_or_leaves_is_to_be_ruled(refusal):
    case = after(proposed(), ("accept_proposal", "filer"), refusal)
    assert (case.state, case.outcome) == ("ruling", None)


@pytest.mark.parametrize(
    ("filer", "ruled", "expected"),
    [
        ("client", 8_000, split(8_000, 1_500, 500, 500)),
        ("client", 3_000, split(2_500, 7_000, 500)),
        ("freelancer", 3_000, split(2_500, 7_000, 500)),
        ("freelancer", 8_000, split(8_000, 1_500, 500, 500)),
        ("client", Z, split(Z, 0)),
    ],
)
def test_a_ruling_divides_what_is_disputed_and_the_loser_pays(filer, ruled, expected):
    case = after(in_ruling(filer), ("rule", "mediator", {"to_freelancer": ruled, "text": "By the messages of May."}))
    assert (case.state, case.outcome.kind, case.outcome.split) == ("decided", "ruling", expected)
    assert (case.outcome.awarded, case.outcome.reasons) == (ruled, "By the messages of May.")


def test_both_sides_can_settle_until_the_ruling_and_not_after_it():
    case = after(in_ruling(), ("offer", "filer", {"to_freelancer": 5_000}), ("accept_offer", "respondent", {"offer": 1}))
    assert case.outcome.kind == "agreed"
    for step in (("rule", "mediator", {"to_freelancer": 0, "text": "x"}), ("withdraw", "filer"), ("offer", "filer")):
        with pytest.raises(NotInThisState):
            after(case, step)


def test_a_decision_is_executed_in_proportion_to_what_a_chargeback_has_left():
    case = after(in_ruling(), ("rule", "mediator", {"to_freelancer": 8_000, "text": "Because."}))
    whole = take(case, "execute", by="clock", facts=Facts(now=NOW, frozen=Z)).after
    assert (whole.state, whole.outcome) == ("executed", case.outcome)
    half = take(case, "execute", by="mediator", facts=Facts(now=NOW, frozen=Z // 2)).after
    assert half.outcome.split == split(4_000, 750, 250, 250)


@pytest.mark.parametrize("case", [filed(), negotiating(), proposed(), in_ruling()], ids=lambda case: case.state)
def test_only_the_filer_withdraws_and_only_before_it_is_decided(case):
    assert after(case, ("withdraw", "filer")).state == "withdrawn"
    with pytest.raises(NotYourStep):
        after(case, ("withdraw", "respondent"))
    assert after(case, ("close_moot", "milestone")).state == "moot"


def test_each_side_is_shown_what_it_may_do_now():
    case = after(negotiating(), ("offer", "filer", {"to_freelancer": 1_000}))
    assert actions_of(filed(), "respondent") == ("accept_claim", "contest")
    assert actions_of(filed(), "filer") == ("withdraw",)
    assert actions_of(case, "filer") == ("offer", "withdraw_offer", "escalate", "withdraw")
    assert actions_of(case, "respondent") == ("offer", "accept_offer", "escalate")
    assert actions_of(case, "mediator") == ("note",)
    once = after(proposed(), ("accept_proposal", "filer"))
    assert "accept_proposal" not in actions_of(once, "filer")
    assert "accept_proposal" in actions_of(once, "respondent")
    assert actions_of(after(filed(), ("withdraw", "filer")), "filer") == ()


@pytest.mark.parametrize("claim", [1, 99, 901, 999, 1_001, 0, -5])
def test_a_claim_is_all_of_the_amount_or_leaves_what_is_worth_moving(claim: int):
    assert claim_faults(amount=Money(1_000, "USD"), claim=Money(claim, "USD"))


def test_a_claim_is_in_the_currency_of_the_amount():
    assert claim_faults(amount=Money(1_000, "USD"), claim=Money(1_000, "EUR"))[0].field == "claim.currency"
    assert claim_faults(amount=Money(1_000, "USD"), claim=Money(900, "USD")) == ()
