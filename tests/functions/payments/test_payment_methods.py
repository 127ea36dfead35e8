"""Saved payment methods: asked for once, one default, removed for good, never more than one can keep."""

import asyncio

from freehold.documents import PaymentMethod
from freehold.store.payees import default_method
from tests.api import Api
from tests.escrow import tick
from tests.hiring import fields_at_fault
from tests.payees import due

CHECK = "payments-check-payment-methods"


def save(person, method="card", *, status=202, settle=True):
    made = person.post("/api/payment-methods", {"gateway": "sandbox", "method": method}, status=status)
    if settle and status == 202:
        person.api.settle()
    return made


def methods(person):
    return person.get("/api/payment-methods")["items"]


def told(person):
    items = reversed(person.get("/api/notifications?limit=100")["items"])
    return [item["data"]["state"] for item in items if item["kind"] == "paymentMethodUpdate"]


def test_the_first_saved_method_is_the_default_and_its_reference_is_shown_to_nobody(api: Api):
    person = api.register(roles=["employer"])
    assert save(person, settle=False)["state"] == "asking"
    api.settle()
    (method,) = methods(person)
    assert (method["state"], method["label"], method["is_default"], method["action"]) == ("ready", "card", True, None)
    assert "reference" not in method
    assert api.run(default_method(api.store, person.id)).reference == "sandbox:card"
    assert told(person) == ["ready"]


def test_another_one_becomes_the_default_in_the_place_of_the_first_and_both_are_never_it(api: Api):
    person = api.register(roles=["employer"])
    save(person), save(person, "bank_transfer")
    bank, card = methods(person)
    assert (bank["is_default"], card["is_default"]) == (False, True)
    path = f"/api/payment-methods/{bank['id']}"
    assert person.put(path, {"is_default": True, "version": bank["version"]})["is_default"] is True
    assert [each["is_default"] for each in methods(person)] == [True, False]
    assert person.put(path, {"is_default": True, "version": bank["version"]}, status=409)["code"] == "stale_version"
    assert fields_at_fault(person.put(path, {"is_default": False}, status=422)) == ["body.is_default"]


def test_of_two_who_choose_a_default_at_once_there_is_one_in_the_end(api: Api):
    person = api.register(roles=["employer"])
    for _ in range(3):
        save(person)
    others = [each["id"] for each in methods(person) if not each["is_default"]]

    async def race():
        calls = (
            api.client.put(f"/api/payment-methods/{each}", json={"is_default": True}, headers=person.headers)
            for each in others * 4
        )
        return await asyncio.gather(*calls)

    answers = {answer.status_code for answer in api.run(race())}
    assert answers <= {200, 409, 503}
    assert 200 in answers
    assert sum(each["is_default"] for each in methods(person)) == 1


def test_a_removed_method_is_gone_for_its_owner_and_for_charging_and_no_other_is_chosen(api: Api):
    person = api.register(roles=["employer"])
    save(person), save(person)
    (default,) = [each["id"] for each in methods(person) if each["is_default"]]
    person.delete(f"/api/payment-methods/{default}")
    assert [each["is_default"] for each in methods(person)] == [False]
    assert api.run(default_method(api.store, person.id)) is None
    assert api.run(api.store.require(PaymentMethod, default)).reference == ""
    person.delete(f"/api/payment-methods/{default}", status=404)
    person.put(f"/api/payment-methods/{default}", {"is_default": True}, status=404)


def test_a_method_that_was_removed_before_the_gateway_answered_stays_removed(api: Api):
    person = api.register(roles=["employer"])
    made = save(person, settle=False)
    person.delete(f"/api/payment-methods/{made['id']}")
    api.settle()
    assert api.run(api.store.require(PaymentMethod, made["id"])).state == "removed"
    assert methods(person) == []


def test_an_unknown_way_to_pay_and_an_unknown_gateway_are_refused(api: Api):
    person = api.register(roles=["employer"])
    assert fields_at_fault(save(person, "shells", status=422)) == ["body.method"]
    answer = person.post("/api/payment-methods", {"gateway": "nowhere"}, status=409)
    assert answer["code"] == "gateway_not_available"


def test_nobody_keeps_more_methods_than_allowed_also_not_by_saving_them_at_once(mongodb_uri, database, keys):
    with Api.opened(mongodb_uri, database, keys, payment_methods_limit="3") as api:
        person = api.register(roles=["employer"])

        async def race():
            body = {"gateway": "sandbox", "method": "card"}
            calls = (api.client.post("/api/payment-methods", json=body, headers=person.headers) for _ in range(6))
            return await asyncio.gather(*calls)

        codes = sorted(answer.status_code for answer in api.run(race()))
        assert set(codes) <= {202, 409, 503}
        while len(methods(person)) < 3:
            save(person)
        assert save(person, status=409)["code"] == "too_many_payment_methods"
        person.delete(f"/api/payment-methods/{methods(person)[0]['id']}")
        save(person)


def test_a_method_whose_answer_was_lost_is_asked_for_again_by_the_databases_clock(api: Api):
    api.drain(CHECK)
    person = api.register(roles=["employer"])
    made = save(person, settle=False)
    api.run(api.store.database["outbox"].delete_many({"aggregate": made["id"]}))
    assert tick(api, CHECK) == 0
    due(api, "payment_methods", made["id"], "check_at")
    assert tick(api, CHECK) == 1
    api.settle()
    assert methods(person)[0]["state"] == "ready"


def test_what_is_ready_is_not_asked_about_again_by_itself_but_may_be(api: Api):
    person = api.register(roles=["employer"])
    save(person)
    (method,) = methods(person)
    person.post(f"/api/payment-methods/{method['id']}/check", status=202)
    api.settle()
    assert (methods(person)[0]["state"], told(person)) == ("ready", ["ready"])


def test_a_foreign_method_is_answered_as_a_missing_one(api: Api):
    person = api.register(roles=["employer"])
    save(person)
    (method,) = methods(person)
    other = api.register(roles=["employer"])
    for call in (
        lambda: other.put(f"/api/payment-methods/{method['id']}", {"is_default": True}, status=404),
        lambda: other.delete(f"/api/payment-methods/{method['id']}", status=404),
        lambda: other.post(f"/api/payment-methods/{method['id']}/check", status=404),
    ):
        assert call()["code"] == "not_found"
