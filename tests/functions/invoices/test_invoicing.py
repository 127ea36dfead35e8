"""Invoices follow a milestone's money: written by themselves or by hand, paid, taken back, credited; and who may see them."""

import pytest

from tests.api import Api
from tests.escrow import Work, tick, usd
from tests.hiring import pages
from tests.invoicing import billed, invoices_of, said, with_profile
from tests.quarrels import A, Quarrel


def by_hand(work, milestone, *, status=201, person=None, **fields):
    return (person or work.freelancer).post("/api/invoices", {"milestone_id": milestone["id"], **fields}, status=status)


def test_a_deposit_writes_the_clients_invoice_and_it_is_paid(api: Api):
    work = billed(api)
    milestone = work.funded()
    (invoice,) = invoices_of(work.client, milestone)
    assert said(invoice) == ("sale", "paid", 19_005)
    assert invoice["tax"] == {"case": "reverse_charge", "category": "AE", "rate_basis_points": 0}
    assert (invoice["seller"]["name"], invoice["buyer"]["name"], invoice["language"]) == ("Ada Schmidt", "Café Dupont", "fr")
    assert invoice["number"].startswith("INV-")
    assert invoices_of(work.freelancer, milestone) == [invoice]
    api.settle()
    assert len(invoices_of(work.client, milestone)) == 1


def test_an_invoice_by_hand_is_open_until_its_milestone_is_funded(api: Api):
    work = billed(api)
    milestone = work.created()
    invoice = by_hand(work, milestone, due_in_days=7, note="Thank you.")
    assert said(invoice) == ("sale", "open", 19_005)
    assert by_hand(work, milestone, status=409)["code"] == "already_invoiced"
    work.client.post("/api/escrow/deposit", {"milestone_id": milestone["id"]}, status=202)
    api.settle()
    (paid,) = invoices_of(work.client, milestone)
    assert (paid["id"], paid["state"], paid["note"]) == (invoice["id"], "paid", "Thank you.")
    assert paid["paid_at"] is not None


def test_what_is_printed_never_changes_with_the_state(api: Api):
    work = billed(api)
    milestone = work.created()
    before = by_hand(work, milestone)
    with_profile(work.freelancer, name="Somebody Else")
    work.client.post("/api/escrow/deposit", {"milestone_id": milestone["id"]}, status=202)
    api.settle()
    (after,) = invoices_of(work.client, milestone)
    changes = {name for name in before if before[name] != after[name]}
    assert changes == {"state", "paid_at", "has_pdf", "version"}


def test_an_open_invoice_is_taken_back_when_its_milestone_is_cancelled(api: Api):
    work = billed(api)
    milestone = work.created()
    invoice = by_hand(work, milestone)
    work.take(work.client, milestone, "cancel")
    api.settle()
    taken_back, note = invoices_of(work.client, milestone)
    assert said(taken_back) == ("sale", "cancelled", 19_005)
    assert (said(note), note["corrects_number"]) == (("credit_note", "paid", 19_005), invoice["number"])


def test_an_edited_sum_is_corrected_when_it_is_paid(api: Api):
    work = billed(api)
    milestone = work.created()
    by_hand(work, milestone)
    body = {"version": milestone["version"], "amount": {"amount": 20_000, "currency": "USD"}}
    work.client.put(f"/api/milestones/{milestone['id']}", body)
    work.client.post("/api/escrow/deposit", {"milestone_id": milestone["id"]}, status=202)
    api.settle()
    assert [said(each) for each in invoices_of(work.client, milestone)] == [
        ("sale", "cancelled", 19_005),
        ("credit_note", "paid", 19_005),
        ("sale", "paid", 20_000),
    ]


def test_nobody_but_the_two_parties_and_admins_sees_an_invoice(api: Api):
    work = billed(api)
    invoice = by_hand(work, work.created())
    path = f"/api/invoices/{invoice['id']}"
    assert work.client.get(path) == work.freelancer.get(path) == api.admin().get(path)
    stranger = api.register()
    assert stranger.get(path, status=404)["code"] == stranger.get(f"{path}/pdf", status=404)["code"] == "not_found"
    assert stranger.get("/api/invoices")["items"] == []


def test_the_client_cannot_invoice_and_a_stranger_finds_nothing(api: Api):
    work = billed(api)
    milestone = work.created()
    assert by_hand(work, milestone, person=work.client, status=403)["code"] == "forbidden"
    assert by_hand(work, milestone, person=api.register(), status=404)["code"] == "not_found"


def test_without_a_tax_profile_nothing_is_written_by_hand_and_what_should_be_waits_for_it(api: Api):
    work = Work.begun(api)
    milestone = work.created()
    assert by_hand(work, milestone, status=409)["code"] == "tax_profile_missing"
    work.client.post("/api/escrow/deposit", {"milestone_id": milestone["id"]}, status=202)
    api.settle()
    tick(api, "invoices-issue-waiting")
    assert invoices_of(work.client, milestone) == []
    with_profile(work.freelancer)
    tick(api, "invoices-issue-waiting")
    assert [said(each) for each in invoices_of(work.client, milestone)] == [("sale", "paid", 19_005)]
    assert tick(api, "invoices-issue-waiting") == 0


def test_the_fee_of_a_release_is_invoiced_by_the_operator(api: Api):
    work = billed(api)
    operator(api)
    submitted = work.submitted()
    work.take(work.client, submitted, "release")
    api.settle()
    sale, fee = invoices_of(work.freelancer, submitted)
    assert (said(sale), said(fee)) == (("sale", "paid", 19_005), ("platform_fee", "paid", 1_901))
    assert (fee["issuer_id"], fee["recipient_id"], fee["number"][:3]) == ("operator", work.freelancer.id, "FEE")
    assert fee["tax"]["case"] == "reverse_charge"
    assert len(invoices_of(work.client, submitted)) == 1


def test_what_is_refunded_is_credited_and_no_more_than_was_invoiced(api: Api):
    work = billed(api)
    milestone = work.funded()
    work.take(work.freelancer, milestone, "refund", amount=usd(5_000))
    api.settle()
    sale, note = invoices_of(work.client, milestone)
    assert (said(sale), sale["credited"]["amount"]) == (("sale", "paid", 19_005), 5_000)
    assert (said(note), note["corrects_id"]) == (("credit_note", "paid", 5_000), sale["id"])
    work.take(work.freelancer, work.read(milestone["id"]), "refund")
    api.settle()
    sale, *notes = invoices_of(work.client, milestone)
    assert (said(sale), sale["credited"]["amount"]) == (("sale", "credited", 19_005), 19_005)
    assert [each["total"]["amount"] for each in notes] == [5_000, 14_005]


def test_a_fee_that_is_given_back_is_credited_and_a_refund_not_before_it_has_arrived(api: Api):
    work = billed(api)
    operator(api)
    submitted = work.submitted()
    work.take(work.client, submitted, "release")
    api.settle()
    begun = work.take(work.freelancer, work.read(submitted["id"]), "refund", amount=usd(10_000))
    assert begun["state"] == "refunding"
    assert [said(each) for each in invoices_of(work.client, submitted)] == [("sale", "paid", 19_005)]
    api.settle()
    assert work.read(submitted["id"])["state"] == "released"
    for_the_client = [said(each) for each in invoices_of(work.client, submitted)]
    assert for_the_client == [("sale", "paid", 19_005), ("credit_note", "paid", 10_000)]
    from_the_operator = [said(each) for each in invoices_of(work.freelancer, submitted, side="received")]
    assert from_the_operator == [("platform_fee", "paid", 1_901), ("credit_note", "paid", 1_000)]


def test_a_disputes_fee_is_invoiced_to_each_who_paid_of_it_and_the_rest_adds_up(api: Api):
    operator(api)
    quarrel = Quarrel.filed(api).proposed(9_000)
    work = quarrel.work
    with_profile(work.freelancer)
    for side in (quarrel.respondent, quarrel.filer):
        quarrel.take(side, "accept_proposal")
    assert quarrel.tick()["state"] == "executed"
    api.settle()
    tick(api, "invoices-issue-waiting")
    (sale, *notes), (to_client,) = (
        [each for each in invoices_of(work.client, quarrel.milestone) if (each["issuer_id"] == "operator") is by_operator]
        for by_operator in (False, True)
    )
    assert (said(to_client), to_client["number"][:3]) == (("dispute_fee", "paid", 475), "DSP")
    assert sorted(note["total"]["amount"] for note in notes) == [475, A - 9_000 - 475]
    assert sale["total"]["amount"] - sale["credited"]["amount"] == 9_000
    from_the_operator = [said(each) for each in invoices_of(work.freelancer, quarrel.milestone, side="received")]
    fee = work.read(quarrel.milestone["id"])["money"]["fees"]["amount"] - 950
    assert sorted(from_the_operator) == [("dispute_fee", "paid", 475), ("platform_fee", "paid", fee)]


def test_an_invoice_that_is_not_paid_in_time_is_overdue_by_the_databases_clock(api: Api):
    work = billed(api)
    invoice = by_hand(work, work.created())
    api.settle()
    tick(api, "invoices-mark-overdue-invoices")
    assert not work.client.get(f"/api/invoices/{invoice['id']}")["is_overdue"]
    late(api, invoice)
    assert tick(api, "invoices-mark-overdue-invoices") == 1
    assert tick(api, "invoices-mark-overdue-invoices") == 0
    assert work.client.get(f"/api/invoices/{invoice['id']}")["is_overdue"]
    api.settle()
    assert [heard(person)[-1] for person in (work.client, work.freelancer)] == ["overdue", "overdue"]


def test_people_hear_of_their_invoices(api: Api):
    work = billed(api)
    milestone = work.created()
    by_hand(work, milestone)
    api.settle()
    assert (heard(work.client), heard(work.freelancer)) == (["created"], [])
    work.client.post("/api/escrow/deposit", {"milestone_id": milestone["id"]}, status=202)
    api.settle()
    assert (heard(work.client), heard(work.freelancer)) == (["created", "paid"], ["paid"])


def test_the_list_has_pages_and_filters(api: Api):
    work = billed(api)
    for amount in (10_000, 11_000, 12_000):
        by_hand(work, work.created(amount))
    assert [len(page) for page in pages(work.client, "/api/invoices?side=received", limit=2)] == [2, 1]
    assert work.client.get("/api/invoices?side=sent")["items"] == []
    assert len(work.freelancer.get("/api/invoices?state=open&kind=sale")["items"]) == 3
    assert work.freelancer.get("/api/invoices?kind=credit_note")["items"] == []


@pytest.mark.parametrize(
    ("fields", "at_fault"),
    [
        ({"vat_id": "DE136695978"}, "body.vat_id"),
        ({"vat_id": "FR40303265045"}, "body.vat_id"),
        ({"country": "XX"}, "body.country"),
        ({"country": "de"}, "body.country"),
        ({"name": " "}, "body.name"),
        ({"language": "xx"}, "body.language"),
    ],
)
def test_a_profile_that_cannot_be_right_is_refused(api: Api, fields, at_fault):
    body = {"name": "Ada", "street": "Street 1", "city": "Berlin", "country": "DE", **fields}
    refused = api.register().put("/api/tax-profile", body, status=422)
    assert [fault["field"] for fault in refused["faults"]] == [at_fault]


def operator(api: Api) -> None:
    """Say what stands on the operator's invoices."""
    body = {"name": "Freehold SARL", "street": "Rue 1", "city": "Paris", "country": "FR", "vat_id": "FR40303265045"}
    api.admin().put("/api/admin/tax-profile", body)


def late(api: Api, invoice) -> None:
    """Move an invoice's due date into the past of the database's clock."""
    passed = {"$dateAdd": {"startDate": "$$NOW", "unit": "second", "amount": -1}}
    api.run(api.store.database["invoices"].update_one({"_id": invoice["id"]}, [{"$set": {"due_at": passed}}]))


def heard(person):
    items = reversed(person.get("/api/notifications?limit=100")["items"])
    return [item["data"]["change"] for item in items if item["kind"] == "invoiceUpdate"]
