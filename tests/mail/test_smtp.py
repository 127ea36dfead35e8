"""Mail on its way: TLS or nothing, headers that nobody adds to, refusals that are for now or for good."""

import subprocess
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest

from freehold.documents import Mail
from freehold.domain.errors import InvalidValue
from freehold.mailing import MailRefused, MailUnavailable, account_of, message_of, send
from freehold.settings import InvalidSettings
from tests.mailing import ACCOUNT, smtp_server

MAIL = Mail(
    id="mal_1", user_id="usr_1", subject="Invoice INV-1", text="Hello.\n", language="en",
    created_at=datetime(2026, 3, 2, 9, 30, tzinfo=UTC),
)  # fmt: skip
SENDER, READER = "bills@market.example", "ada@example.org"


def message(**fields):
    return message_of(msgspec.structs.replace(MAIL, **fields), sender=SENDER, recipient=READER, file=("INV-1.pdf", b"%PDF-1.7"))


def url(box, *, scheme="smtp", query="tls=none", login=""):
    return f"{scheme}://{login}127.0.0.1:{box.port}?{query}&from={SENDER}"


@pytest.fixture(scope="module")
def certificate(tmp_path_factory) -> tuple[Path, Path]:
    folder = tmp_path_factory.mktemp("tls")
    files = folder / "certificate.pem", folder / "key.pem"
    command = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2"]
    command += ["-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1", "-out", files[0], "-keyout", files[1]]
    subprocess.run(command, check=True, capture_output=True)
    return files


def test_a_message_arrives_whole_with_its_file():
    with smtp_server() as box:
        send(account_of(url(box)), message(subject="Rechnung für Ελένη 山田", text="Grüße\n"))
    (arrived,) = box.messages
    assert (arrived["Subject"], arrived["To"], arrived["From"]) == ("Rechnung für Ελένη 山田", READER, SENDER)
    assert (arrived["Message-ID"], arrived["Auto-Submitted"]) == ("<mal_1@market.example>", "auto-generated")
    assert arrived.get_body().get_content().strip() == "Grüße"
    (file,) = arrived.iter_attachments()
    assert (file.get_filename(), file.get_content_type(), file.get_content()) == ("INV-1.pdf", "application/pdf", b"%PDF-1.7")
    assert box.envelopes == [(SENDER, [READER])]


def test_the_same_mail_is_the_same_message_each_time():
    assert message().as_bytes() == message().as_bytes()


@pytest.mark.parametrize("break_", ["\r\n", "\n", "\r", "\u2028", "\x0b"])
def test_nobody_adds_a_header_by_a_subject(break_):
    made = message(subject=f"Hello{break_}Bcc: everybody@example.org")
    assert made["Bcc"] is None
    assert b"\nBcc:" not in made.as_bytes()


@pytest.mark.parametrize(
    "address", ["ada@example.org\r\nBcc: eve@example.org", "ada@example.org, eve@example.org", "ada", "", "<ada@example.org>"]
)
def test_an_address_that_is_more_or_less_than_one_is_refused(address):
    with pytest.raises(InvalidValue):
        message_of(MAIL, sender=SENDER, recipient=address)


@pytest.mark.parametrize("tls", ["starttls", "implicit"])
def test_with_tls_the_account_signs_in_and_the_way_is_encrypted(tls, certificate):
    user, password = ACCOUNT
    with smtp_server(tls=tls, certificate=certificate, login=True) as box:
        scheme = "smtps" if tls == "implicit" else "smtp"
        login = f"{user}:{password.replace(':', '%3A').replace('/', '%2F')}@"
        send(account_of(url(box, scheme=scheme, query=f"ca_file={certificate[0]}", login=login)), message())
        assert len(box.messages) == 1
        assert tls == "implicit" or box.ciphers[0] is not None
        wrong = account_of(url(box, scheme=scheme, query=f"ca_file={certificate[0]}", login="bills:wrong@"))
        with pytest.raises(MailUnavailable, match="refused"):
            send(wrong, message())
    assert len(box.messages) == 1


def test_nothing_goes_out_in_the_open_where_tls_is_wanted():
    with smtp_server() as box, pytest.raises(MailUnavailable):
        send(account_of(url(box, query="tls=starttls")), message())
    assert box.messages == []


def test_a_server_that_cannot_prove_who_it_is_gets_nothing(certificate):
    with smtp_server(tls="starttls", certificate=certificate) as box, pytest.raises(MailUnavailable):
        send(account_of(url(box, query="tls=starttls")), message())
    assert box.messages == []


@pytest.mark.parametrize(("answer", "error"), [("451 come again", MailUnavailable), ("554 not wanted", MailRefused)])
def test_a_refusal_is_for_now_or_for_good(answer, error):
    with smtp_server() as box:
        box.answers.append(answer)
        with pytest.raises(error, match=answer[:3]):
            send(account_of(url(box)), message())


def test_a_server_that_is_not_there_is_tried_again_later():
    with smtp_server() as box:
        pass
    with pytest.raises(MailUnavailable):
        send(account_of(url(box)), message())


@pytest.mark.parametrize("nothing", ["none", "", " none \n"])
def test_no_account_is_said_in_a_word(nothing):
    assert account_of(nothing) is None


@pytest.mark.parametrize(
    "wrong",
    [
        "http://host?from=a@b.example",
        "smtp://?from=a@b.example",
        "smtp://host:587",
        "smtp://host:587?from=nobody",
        "smtp://host:notaport?from=a@b.example",
        "smtp://mail.example.org:25?tls=none&from=a@b.example",
    ],
)
def test_an_account_that_cannot_be_right_is_refused_at_the_start(wrong):
    with pytest.raises(InvalidSettings, match="smtp-url"):
        account_of(wrong)


def test_an_account_never_shows_its_password():
    assert "secret" not in repr(account_of("smtp://bills:secret@mail.example.org?from=a@b.example"))
