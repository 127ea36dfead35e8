"""What `gateway/start` makes of its settings: nonsense is refused by name, sense is rendered into what nginx takes."""

import os
import subprocess

import httpx
import pytest

from infra.local.ports import free_port
from tests.function_process import ROOT
from tests.gateway_process import GIVE_UP_S, gateway_process, start, unprivileged_folder

GIVEN = {"FREEHOLD_FUNCTIONS_URL": "http://127.0.0.1:9"}
HOSTILE = [
    ";", "a;b", "a b", "a\nb", "a\n", "$host", "{", "}", "#", '"', "'", "\\", "`id`", "$(id)", "*", "\xe4", "\x7f", "a\tb",
    "-e", "../x", "a,", ",a", "a/b", "x" * 300,
]  # fmt: skip
TEXTS = [
    "FREEHOLD_GATEWAY_HOME", "FREEHOLD_FUNCTIONS_URL", "FREEHOLD_PROFILE", "FREEHOLD_RELAYS", "FREEHOLD_HOSTS",
    "FREEHOLD_CORS_ORIGINS", "FREEHOLD_TRUSTED_PROXIES", "FREEHOLD_LISTEN_ADDRESS", "FREEHOLD_PORT", "FREEHOLD_TLS_PORT",
    "FREEHOLD_TLS_CERTIFICATE", "FREEHOLD_TLS_KEY", "FREEHOLD_ADDRESS_READS_PER_MINUTE", "FREEHOLD_ADDRESS_WRITES_PER_MINUTE",
    "FREEHOLD_ADDRESS_AUTHS_PER_MINUTE", "FREEHOLD_ADDRESS_WEBHOOKS_PER_MINUTE", "FREEHOLD_ADDRESS_REQUESTS",
    "FREEHOLD_ADDRESS_SOCKETS", "FREEHOLD_CLIENT_PAUSE_S", "FREEHOLD_FUNCTION_PATIENCE_S",
    "FREEHOLD_RESOLVER", "FREEHOLD_ACCESS_LOG_SYSLOG", "FREEHOLD_WORKERS",
]  # fmt: skip


@pytest.fixture(scope="module")
def folder():
    with unprivileged_folder() as made:
        yield made


def refused(folder, **settings: str) -> str:
    """Start it with these settings; give what it says as it ends."""
    process = start(folder, subprocess.PIPE, **(GIVEN | settings))
    said = process.communicate(timeout=GIVE_UP_S)[0].decode()
    assert process.returncode == 2, said
    assert not (folder / "home").exists(), "nothing is written before all of it is right"
    return said


@pytest.mark.parametrize("value", HOSTILE)
def test_nothing_hostile_gets_into_the_configuration(folder, value):
    said = refused(folder, **dict.fromkeys(TEXTS, value))
    assert [line.split(" must be ")[0] for line in said.splitlines()] == TEXTS


def test_every_setting_is_tried_and_told_of():
    text = (ROOT / "gateway" / "start").read_text()
    taken = [line.split()[1] for line in text.splitlines() if line.startswith("take FREEHOLD_")]
    assert taken == TEXTS
    manual = (ROOT / "docs" / "gateway.md").read_text()
    assert [setting for setting in taken if f"`{setting}`" not in manual] == []


def test_all_that_is_missing_or_wrong_is_said_at_once(folder):
    missing = dict.fromkeys(("FREEHOLD_FUNCTIONS_URL", "FREEHOLD_RELAYS", "FREEHOLD_HOSTS"), "")
    said = refused(folder, **missing, FREEHOLD_PORT="0", FREEHOLD_PROFILE="pro")
    assert [line.split()[0] for line in said.splitlines()] == [
        "FREEHOLD_FUNCTIONS_URL", "FREEHOLD_PROFILE", "FREEHOLD_RELAYS", "FREEHOLD_HOSTS", "FREEHOLD_PORT",
    ]  # fmt: skip
    assert "such as http://gateway.openfaas:8080" in said


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"FREEHOLD_TLS_CERTIFICATE": "/etc/passwd"}, "belong together"),
        ({"FREEHOLD_TLS_CERTIFICATE": "/nowhere/a.pem", "FREEHOLD_TLS_KEY": "/nowhere/b.pem"}, "/nowhere/a.pem cannot be read"),
    ],
)
def test_half_of_a_certificate_is_none(folder, settings, words):
    assert words in refused(folder, **settings)


def test_it_does_not_run_as_root(folder, tmp_path):
    (tmp_path / "id").write_text("#!/bin/sh\necho 0\n")
    (tmp_path / "id").chmod(0o755)
    tmp_path.chmod(0o755)
    environ = {**GIVEN, "FREEHOLD_RELAYS": "127.0.0.1:9", "FREEHOLD_HOSTS": "localhost"}
    environ["PATH"] = f"{tmp_path}:{os.environ['PATH']}"
    done = subprocess.run([folder / "gateway/start"], env=environ, capture_output=True, text=True, check=False)
    assert (done.returncode, "does not run as root" in done.stderr) == (2, True)


def test_an_output_that_cannot_be_opened_is_said(folder, tmp_path):
    closed = tmp_path / "closed"
    with closed.open("wb") as output:
        closed.chmod(0o444)
        assert start(folder, output, **GIVEN).wait(GIVE_UP_S) == 2
    assert closed.read_text().startswith("Standard output cannot be opened")


EVERYTHING = {
    "FREEHOLD_PROFILE": "ce",
    "FREEHOLD_HOSTS": "api.example.org,localhost,127.0.0.1",
    "FREEHOLD_RELAYS": "a=127.0.0.1:9,b-1=localhost:9",
    "FREEHOLD_CORS_ORIGINS": "https://app.example.org,http://localhost:5173",
    "FREEHOLD_TRUSTED_PROXIES": "10.0.0.0/8,::1,fd00::/8",
    "FREEHOLD_RESOLVER": "127.0.0.1:53",
    "FREEHOLD_ACCESS_LOG_SYSLOG": "127.0.0.1:5514",
    "FREEHOLD_WORKERS": "2",
}


def test_every_setting_at_once_makes_a_configuration_that_nginx_takes(openfaas):
    with gateway_process(openfaas.url, **EVERYTHING) as gateway:
        assert httpx.get(f"{gateway.url}/api/jobs/job_1", headers={"Host": "api.example.org"}).status_code == 200
        command = ["nginx", "-p", gateway.folder / "home", "-c", gateway.folder / "home/conf/nginx.conf", "-t", "-e", "stderr"]
        environ = {"PATH": f"{os.environ['PATH']}:/usr/sbin"}
        tried = subprocess.run(command, env=environ, capture_output=True, text=True, check=False)
        assert tried.returncode == 0
        assert "warn" not in tried.stderr.replace('the "user" directive', "")


def test_it_starts_without_a_syslog_server_that_has_no_address_and_says_so(openfaas):
    with gateway_process(openfaas.url, FREEHOLD_ACCESS_LOG_SYSLOG="nobody.invalid:5514") as gateway:
        assert httpx.get(f"{gateway.url}/api/jobs").status_code == 200
        assert "FREEHOLD_ACCESS_LOG_SYSLOG: nobody.invalid:5514 has no address" in gateway.said()


def test_only_the_runtime_folder_is_written_to(openfaas):
    with gateway_process(openfaas.url) as gateway:
        assert httpx.get(f"{gateway.url}/api/jobs").status_code == 200
        assert sorted(path.name for path in (gateway.folder / "home").iterdir()) == ["cache", "conf", "nginx.pid", "temp"]
        beside = {path.name for path in gateway.folder.iterdir()}
        assert beside == {"gateway", "home", "output"}


def test_a_taken_port_ends_it(openfaas, folder):
    port = str(openfaas.port)
    process = start(folder, subprocess.DEVNULL, **GIVEN, FREEHOLD_PORT=port)
    assert process.wait(GIVE_UP_S) == 1


def test_it_starts_again_in_the_same_folder(openfaas, folder):
    for _ in range(2):
        port = free_port()
        with (folder / "output").open("ab") as output:
            process = start(folder, output, FREEHOLD_FUNCTIONS_URL=openfaas.url, FREEHOLD_PORT=str(port))
        try:
            answer = httpx.Client(transport=httpx.HTTPTransport(retries=8)).get(f"http://127.0.0.1:{port}/api/projects")
            assert answer.status_code == 200
        finally:
            process.terminate()  # killed, it would leave its workers behind
            process.wait(GIVE_UP_S)
