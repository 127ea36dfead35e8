"""Anybody may know how to pay here; what is wrong with a gateway is for admins. A deposit takes only what is offered."""

from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from freehold.documents import GatewayOffer, PayeeProfile, PayoutAccount
from freehold.domain.offers import Offer, PayMethod
from freehold.store import now
from tests.api import Api
from tests.escrow import Work, tick
from tests.ledgers import fresh_database

CARD = PayMethod(name="card", can_be_saved=True)
SEPA = PayMethod(name="sepa_debit", currencies=("EUR",), settles="later")
READY = Offer(state="ready", methods=(CARD, SEPA), currencies=("EUR", "USD"), max_hold_days=90, country="DE")


@pytest.fixture(scope="module")
def api(mongodb_uri: str, keys: Path) -> Iterator[Api]:
    """Give a marketplace of its own: what is asked of a gateway that is not there waits in it for good."""
    with fresh_database(mongodb_uri) as name, Api.opened(mongodb_uri, name, keys) as opened:
        yield opened


@pytest.fixture
def offering(api: Api):
    def offer(offer: Offer) -> None:
        async def work(unit):
            kept = await unit.get(GatewayOffer, "stripe")
            if kept is None:
                unit.insert(GatewayOffer(id="stripe", offer=offer, checked_at=now()))
            else:
                await unit.update(kept, msgspec.structs.replace(kept, offer=offer))

        api.run(api.store.transact(work, deadline_s=5))

    yield offer
    api.run(api.store.database["gateway_offers"].delete_many({}))


def listed(api: Api, headers=None) -> dict[str, dict]:
    response = api.call("GET", "/api/payment-gateways", headers=headers or {})
    assert response.status_code == 200, response.text
    return {each["name"]: each for each in response.json()["gateways"]}


def test_anybody_sees_how_to_pay_in_which_currencies_and_how_long_money_may_lie(api: Api, offering):
    offering(READY)
    stripe = listed(api)["stripe"]
    assert (stripe["state"], stripe["currencies"], stripe["max_hold_days"]) == ("ready", ["EUR", "USD"], 90)
    assert [(each["name"], each["currencies"], each["settles"]) for each in stripe["methods"]] == [
        ("card", None, "at_once"),
        ("sepa_debit", ["EUR"], "later"),
    ]


def test_a_gateway_that_may_not_move_money_is_shown_to_admins_alone_with_the_reasons(api: Api, offering):
    offering(Offer(state="refused", reasons=("payouts_not_manual",), methods=(CARD,), max_hold_days=90))
    assert list(listed(api)) == ["sandbox"]
    seen = listed(api, api.admin().headers)["stripe"]
    assert (seen["state"], seen["reasons"]) == ("refused", ["payouts_not_manual"])


def test_a_gateway_without_secrets_is_not_here_and_forgotten_if_it_was(api: Api, offering):
    offering(READY)
    assert tick(api, "payments-check-gateways") == 0
    assert list(listed(api)) == ["sandbox"]
    work = Work.begun(api)
    body = {"milestone_id": work.created()["id"], "gateway": "stripe"}
    assert work.client.post("/api/escrow/deposit", body, status=409)["code"] == "gateway_not_available"


@pytest.mark.parametrize(
    ("offer", "fields", "expected"),
    [
        (READY, {}, (202, None)),
        (READY, {"method": "sepa_debit"}, (422, "invalid")),
        (msgspec.structs.replace(READY, state="refused"), {}, (409, "gateway_not_available")),
        (msgspec.structs.replace(READY, currencies=("EUR",)), {}, (409, "gateway_not_available")),
    ],
)
def test_a_deposit_takes_only_a_way_to_pay_that_is_offered_for_its_currency(api: Api, offering, offer, fields, expected):
    offering(offer)
    work = Work.begun(api)
    body = {"milestone_id": work.created()["id"], "gateway": "stripe", **fields}
    status, code = expected
    assert work.client.post("/api/escrow/deposit", body, status=status).get("code") == code


def test_a_deposit_that_the_gateway_cannot_count_is_refused(api: Api, offering):
    offering(READY)
    work = Work.begun(api, agreed=100_000_000_00)
    body = {"milestone_id": work.created(100_000_000)["id"], "gateway": "stripe"}
    assert work.client.post("/api/escrow/deposit", body, status=409)["code"] == "amount_not_sendable"


@pytest.mark.parametrize(("holds", "account"), [(True, "acc_of_the_freelancer"), (False, "")])
def test_a_gateway_that_holds_for_the_payee_is_told_of_their_account_with_the_payment(api: Api, offering, holds, account):
    offering(msgspec.structs.replace(READY, holds_for_payee=holds))
    work = Work.begun(api)
    paid_at = PayoutAccount(
        id="poa_1",
        gateway="stripe",
        country="DE",
        currency="USD",
        account="acc_of_the_freelancer",
        state="ready",
        opened_at=now(),
    )
    profile = PayeeProfile(id=work.freelancer.id, accounts=(paid_at,), created_at=now(), updated_at=now())

    async def known(unit):
        unit.insert(profile)

    api.run(api.store.transact(known, deadline_s=5))
    milestone_id = work.created()["id"]
    work.client.post("/api/escrow/deposit", {"milestone_id": milestone_id, "gateway": "stripe"}, status=202)
    command = api.run(api.store.database["commands"].find_one({"milestone_id": milestone_id}))
    assert (command["kind"], command["payee_account"]) == ("fund", account)
