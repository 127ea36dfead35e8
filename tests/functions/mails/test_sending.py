"""The mail that brings an invoice: sent with its PDF, kept where nobody sends, tried again, given up."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from infra.keys import write_secret
from tests.api import Api
from tests.escrow import tick
from tests.invoicing import billed, invoices_of
from tests.mailing import Postbox, smtp_server


@pytest.fixture
def box() -> Iterator[Postbox]:
    with smtp_server() as opened:
        yield opened


@pytest.fixture
def mailing(mongodb_uri: str, database: str, keys: Path, tmp_path: Path, box: Postbox) -> Iterator[Api]:
    """Give functions whose mail account is the server of this test."""
    shutil.copytree(keys, tmp_path / "secrets")
    write_secret(tmp_path / "secrets" / "smtp-url", f"smtp://127.0.0.1:{box.port}?tls=none&from=bills@market.example")
    with Api.opened(mongodb_uri, database, tmp_path / "secrets") as opened:
        opened.drain("mails-resend-due-mails")
        yield opened


def mails_of(api: Api, person) -> list[dict]:
    return [mail for mail in api.admin().get("/api/admin/mails?limit=100")["items"] if mail["user_id"] == person.id]


def come_due(api: Api) -> None:
    """Let every mail that waits come due by the database's clock."""
    api.run(api.store.database["mails"].update_many({"state": "waiting"}, [{"$set": {"due_at": "$$NOW"}}]))


def test_the_client_gets_the_invoice_by_mail_in_their_language(mailing: Api, box: Postbox):
    work = billed(mailing)
    milestone = work.funded()
    (invoice,) = invoices_of(work.client, milestone)
    (arrived,) = box.messages
    assert (arrived["To"], arrived["Subject"]) == (work.client.email, f"Facture {invoice['number']}")
    (file,) = arrived.iter_attachments()
    pdf = work.client.call("GET", f"/api/invoices/{invoice['id']}/pdf")
    assert (pdf.status_code, pdf.headers["content-type"]) == (200, "application/pdf")
    assert file.get_content() == pdf.content == work.freelancer.call("GET", f"/api/invoices/{invoice['id']}/pdf").content
    assert (file.get_filename(), file.get_content_type()) == (f"{invoice['number']}.pdf", "application/pdf")
    assert [mail["state"] for mail in mails_of(mailing, work.client)] == ["sent"]
    assert tick(mailing, "mails-resend-due-mails") == 0


def test_what_the_server_does_not_want_now_is_sent_later_with_the_same_id(mailing: Api, box: Postbox):
    box.answers = ["451 come again", "451 come again"]
    work = billed(mailing)
    work.funded()
    (waiting,) = mails_of(mailing, work.client)
    assert (waiting["state"], waiting["tries"]) == ("waiting", 1)
    assert "451" in waiting["error"]
    tick(mailing, "mails-resend-due-mails")
    assert mails_of(mailing, work.client)[0]["tries"] == 1
    for _ in range(2):
        come_due(mailing)
        tick(mailing, "mails-resend-due-mails")
    (sent,) = mails_of(mailing, work.client)
    assert (sent["state"], sent["tries"], sent["error"]) == ("sent", 3, None)
    assert [message["Message-ID"] for message in box.messages] == [f"<{sent['id']}@market.example>"]


def test_a_mail_that_is_refused_for_good_is_given_up(mailing: Api, box: Postbox):
    box.answers = ["554 not wanted"]
    work = billed(mailing)
    work.funded()
    (refused,) = mails_of(mailing, work.client)
    assert (refused["state"], refused["tries"]) == ("refused", 1)
    come_due(mailing)
    assert tick(mailing, "mails-resend-due-mails") == 0


def test_without_an_account_mails_are_kept_for_the_admin(api: Api):
    work = billed(api)
    milestone = work.funded()
    (kept,) = mails_of(api, work.client)
    (invoice,) = invoices_of(work.client, milestone)
    assert kept["state"] == "kept"
    assert invoice["number"] in kept["text"]
    assert work.client.get("/api/admin/mails", status=403)["code"] == "forbidden"
