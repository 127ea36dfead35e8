"""TLS at the gateway itself: HTTPS with HSTS, HTTP/2, plain HTTP only told where to go, unknown hosts refused."""

import json
import ssl
import subprocess
from datetime import UTC, datetime, timedelta

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from infra.local.ports import free_port
from tests.gateway_process import gateway_process, unprivileged_folder

DAY = timedelta(days=1)
HTTP_2 = """
const [port, ca] = process.argv.slice(1);
const session = require("http2").connect(`https://localhost:${port}`, { ca: require("fs").readFileSync(ca) });
const ask = (head) => new Promise((resolve) => {
  const stream = session.request(head);
  stream.on("response", (answer) => resolve(answer[":status"]));
  stream.on("error", () => resolve("refused"));
  stream.end();
});
(async () => {
  const asked = [
    { ":path": "/api/jobs" }, { ":path": "/function/jobs-list-jobs" }, { ":path": "/api/../function/x" },
    { ":path": "/%66unction/x" }, { ":path": "/system/functions" }, { ":path": "/api/jobs", ":authority": "evil.example" },
    { ":path": "/api/jobs", ":method": "PATCH" },
  ];
  const answers = [];
  for (const head of asked) answers.push(await ask(head));
  console.log(JSON.stringify(answers));
  session.close();
})();
"""


@pytest.fixture(scope="module")
def certificate():
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number(), now - DAY, now + DAY)
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    with unprivileged_folder() as folder:
        (folder / "cert.pem").write_bytes(made.public_bytes(Encoding.PEM))
        (folder / "key.pem").write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
        yield folder


@pytest.fixture(scope="module")
def tls(stand_in, certificate):
    port = str(free_port())
    files = {"FREEHOLD_TLS_CERTIFICATE": f"{certificate}/cert.pem", "FREEHOLD_TLS_KEY": f"{certificate}/key.pem"}
    with gateway_process(stand_in.url, FREEHOLD_TLS_PORT=port, **files) as gateway:
        yield gateway, port


@pytest.fixture
def trusting(certificate) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=certificate / "cert.pem")


def test_https_answers_and_asks_to_be_used_from_now_on(tls, trusting, openfaas):
    gateway, port = tls
    answer = httpx.get(f"https://localhost:{port}/api/jobs/job_1", verify=trusting)
    assert answer.status_code == 200
    assert answer.headers.get_list("Strict-Transport-Security") == ["max-age=31536000"]
    assert openfaas.seen.pop().values("X-Forwarded-Proto") == ["https"]
    assert gateway.logged(path="/api/jobs/job_1")["tls"] == "TLSv1.3"
    elsewhere = httpx.get(f"https://localhost:{port}/api/jobs", verify=trusting, headers={"Host": "evil.example"})
    assert (elsewhere.status_code, openfaas.seen) == (421, [])


def test_plain_http_leads_to_https_and_nowhere_else(tls, openfaas):
    gateway, _ = tls
    answer = httpx.get(f"{gateway.url}/api/jobs?q=a%20b", headers={"Host": "localhost"})
    assert (answer.status_code, answer.headers["Location"]) == (308, "https://localhost/api/jobs?q=a%20b")
    assert httpx.get(f"{gateway.url}/api/jobs", headers={"Host": "evil.example"}).status_code == 421
    assert httpx.get(f"{gateway.url}/_/health").json() == {"healthy": True}
    assert openfaas.seen == []


def test_plain_words_at_the_tls_port_are_refused(tls, openfaas):
    _, port = tls
    answer = httpx.get(f"http://localhost:{port}/api/jobs")
    assert (answer.status_code, answer.json()["code"]) == (400, "bad_request")
    assert openfaas.seen == []


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion")
@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1])
def test_old_tls_is_not_spoken(tls, trusting, version):
    _, port = tls
    trusting.minimum_version = ssl.TLSVersion.TLSv1
    trusting.maximum_version = version
    trusting.set_ciphers("ALL:@SECLEVEL=0")
    with pytest.raises(httpx.ConnectError):
        httpx.get(f"https://localhost:{port}/_/health", verify=trusting)


def test_http_2_meets_the_same_walls(tls, certificate, openfaas):
    _, port = tls
    done = subprocess.run(["node", "-e", HTTP_2, port, certificate / "cert.pem"], capture_output=True, text=True, check=True)
    assert json.loads(done.stdout) == [200, 404, 404, 404, 404, 421, 405]
    assert [seen.target for seen in openfaas.seen] == ["/function/jobs-list-jobs/api/jobs"]
