"""Admins are made by the operator's command, and by nothing else."""

import subprocess
import sys
from pathlib import Path

import pytest

from infra.admin import main
from tests.api import Api

STRONG = "a lantern for the harbour 7"


@pytest.fixture
def api(mongodb_uri, database, keys, monkeypatch):
    monkeypatch.setenv("FREEHOLD_SECRETS", str(keys))
    monkeypatch.setenv("FREEHOLD_MONGODB_DATABASE", database)
    with Api.opened(mongodb_uri, database, keys) as opened:
        yield opened


@pytest.fixture
def password_file(tmp_path):
    file = tmp_path / "password"
    file.write_text(f"{STRONG}\n")
    return str(file)


def test_a_made_admin_signs_in_and_may_list_people(api, password_file, capsys):
    assert main(["create", " Root@Example.org ", "--name", "Root", "--password-file", password_file]) == 0
    assert "done" in capsys.readouterr().out
    signed_in = api.call("POST", "/api/auth/login", json={"email": "root@example.org", "password": STRONG}).json()
    assert signed_in["roles"] == ["admin"]
    listed = api.call("GET", "/api/users", headers={"Authorization": f"Bearer {signed_in['access_token']}"})
    assert listed.status_code == 200


def test_a_second_account_with_the_same_address_is_refused_in_a_sentence(api, password_file, capsys):
    person = api.register()
    assert main(["create", person.email, "--name", "Root", "--password-file", password_file]) == 1
    assert "Use `grant`" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("email", "password", "complaint"),
    [("no address", STRONG, "is no e-mail address"), ("weak@example.org", "password1234", "harder to guess")],
)
@pytest.mark.usefixtures("api")
def test_what_the_api_would_refuse_is_refused_here_too(password_file, email, password, complaint):
    Path(password_file).write_text(password)
    command = [sys.executable, "-m", "infra.admin", "create", email, "--name", "Root", "--password-file", password_file]
    refused = subprocess.run(command, capture_output=True, text=True, check=False)
    assert refused.returncode == 1
    assert complaint in refused.stderr
    assert "Traceback" not in refused.stderr


def test_granting_and_revoking_end_the_access_tokens_made_before(api):
    person = api.register(roles=["employer"])
    assert main(["grant", person.email]) == 0
    assert person.call("POST", "/api/jobs", {}).status_code == 401
    admin = person.signed_in_again()
    assert admin.signed_in["roles"] == ["admin", "employer"]
    assert main(["revoke", person.email]) == 0
    assert admin.call("POST", "/api/jobs", {}).status_code == 401
    assert person.signed_in_again().signed_in["roles"] == ["employer"]


@pytest.mark.usefixtures("api")
def test_an_account_keeps_at_least_one_role_and_unknown_ones_are_named(password_file, capsys):
    assert main(["create", "only-admin@example.org", "--name", "Root", "--password-file", password_file]) == 0
    assert main(["revoke", "only-admin@example.org"]) == 1
    assert main(["grant", "nobody@example.org"]) == 1
    assert "no account of nobody@example.org" in capsys.readouterr().err


def test_a_missing_secret_is_named(monkeypatch, tmp_path, capsys):
    monkeypatch.setenv("FREEHOLD_SECRETS", str(tmp_path))
    assert main(["grant", "a@example.org"]) == 1
    assert "mongodb-uri" in capsys.readouterr().err
