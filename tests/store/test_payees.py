"""Payees: debts that never fall below zero, holds by the database's clock, one default method, races that one wins."""

import asyncio

import msgspec
import pytest

from freehold.documents import PayeeProfile, PaymentMethod, PayoutHold
from freehold.domain.money import AmountNotPositive, Money
from freehold.ids import new_id
from freehold.store import Duplicate, Stale, now
from freehold.store.payees import (
    ENDED_HOLDS,
    DebtTooSmall,
    change_profile,
    default_method,
    hold_of,
    owe,
    profile_of,
    settle_debt,
)

DEADLINE_S = 10


def usd(amount):
    return Money(amount, "USD")


async def transact(store, work):
    return await store.transact(work, deadline_s=DEADLINE_S)


def test_a_debt_grows_per_currency_and_is_settled_to_the_last_cent_but_no_further(opened):
    store, user_id = opened.store, new_id("usr")
    for money in (usd(500), Money(70, "EUR"), usd(1)):
        opened.run(transact(store, lambda unit, money=money: owe(unit, user_id, money, now=now())))
    assert opened.run(profile_of(store, user_id)).debts == {"USD": 501, "EUR": 70}
    with pytest.raises(DebtTooSmall):
        opened.run(transact(store, lambda unit: settle_debt(unit, user_id, usd(502), now=now())))
    opened.run(transact(store, lambda unit: settle_debt(unit, user_id, usd(501), now=now())))
    assert opened.run(profile_of(store, user_id)).debts == {"EUR": 70}


@pytest.mark.parametrize("amount", [0, -1])
def test_nobody_owes_or_settles_nothing_or_less(opened, amount):
    for change in (owe, settle_debt):
        with pytest.raises(AmountNotPositive):
            opened.run(transact(opened.store, lambda unit, change=change: change(unit, new_id("usr"), usd(amount), now=now())))


def test_who_never_owed_anything_has_nothing_to_settle(opened):
    with pytest.raises(DebtTooSmall):
        opened.run(transact(opened.store, lambda unit: settle_debt(unit, new_id("usr"), usd(1), now=now())))


def test_of_ten_who_settle_the_same_debt_at_once_only_so_many_do_as_it_covers(opened):
    store, user_id = opened.store, new_id("usr")
    opened.run(transact(store, lambda unit: owe(unit, user_id, usd(250), now=now())))

    async def race():
        tries = (transact(store, lambda unit: settle_debt(unit, user_id, usd(100), now=now())) for _ in range(10))
        return await asyncio.gather(*tries, return_exceptions=True)

    outcomes = opened.run(race())
    settled = [outcome for outcome in outcomes if isinstance(outcome, PayeeProfile)]
    assert len(settled) <= 2
    assert opened.run(profile_of(store, user_id)).debt_in("USD") == 250 - 100 * len(settled)
    assert all(
        isinstance(outcome, PayeeProfile | DebtTooSmall | Stale) or "did not commit" in str(outcome) for outcome in outcomes
    )


def test_a_hold_ends_by_the_databases_clock_and_one_without_an_end_is_never_found(opened):
    store, user_id = opened.store, new_id("usr")

    async def hold(lasts_s):
        async def work(unit):
            made = PayoutHold(id=new_id("hld"), kind="operator", reason="Why.", since=now())
            timed = await hold_of(unit, made, lasts_s=lasts_s)
            add = lambda profile: msgspec.structs.replace(profile, holds=(*profile.holds, timed))  # noqa: E731
            return await change_profile(unit, user_id, add, now=now())

        return await transact(store, work)

    async def is_over():
        return await store.find_ids(PayeeProfile, {"_id": user_id, **ENDED_HOLDS})

    assert opened.run(hold(None)).hold_ends_at is None
    assert opened.run(is_over()) == []
    assert opened.run(hold(3_600)).hold_ends_at is not None
    assert opened.run(is_over()) == []
    opened.run(hold(-1))
    assert opened.run(is_over()) == [user_id]


def method(user_id, **fields):
    at = now()
    good = {"gateway": "sandbox", "method": "card", "state": "ready", "created_at": at, "updated_at": at}
    return PaymentMethod(id=new_id("pme"), user_id=user_id, **{**good, **fields})


def test_somebody_has_one_default_method_whatever_happens_at_once(opened):
    user_id = new_id("usr")

    async def insert(document):
        async def work(unit):
            unit.insert(document)

        await transact(opened.store, work)

    opened.run(insert(method(user_id, is_default=True)))
    with pytest.raises(Duplicate):
        opened.run(insert(method(user_id, is_default=True)))


def test_the_default_is_charged_if_it_is_ready_and_at_a_gateway_else_the_newest_there(opened):
    user_id = new_id("usr")
    older, newer = method(user_id), method(user_id)
    default = method(user_id, is_default=True)
    refused = method(user_id, gateway="other", state="refused")

    async def insert(unit):
        for document in (older, newer, default, refused):
            unit.insert(document)

    opened.run(transact(opened.store, insert))
    assert opened.run(default_method(opened.store, user_id)) == default
    assert opened.run(default_method(opened.store, user_id, gateway="other")) is None
    remove = {"$set": {"state": "removed", "is_default": False}}
    opened.run(opened.store.collection(PaymentMethod).update_one({"_id": default.id}, remove))
    assert opened.run(default_method(opened.store, user_id)) is None
    assert opened.run(default_method(opened.store, user_id, gateway="sandbox")) == newer
