"""Each rule finds the fault that is planted for it, says where it is and what to do; and nothing else is wrong."""

from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest

from infra.deploy_check.deployment import EDITIONS
from tests.infra.deploy_check.stack_files import GROUPS, STANDARD, Change, changed, checked, said

SCALE = "com.openfaas.scale."


def put(*path: str, value: Any) -> Change:
    """Put a value at a place of the group `jobs`."""

    def change(stack: dict[str, Any]) -> None:
        place = stack["functions"]["jobs"]
        for name in path[:-1]:
            place = place[name]
        place[path[-1]] = value

    return change


def env(name: str, value: Any) -> Change:
    return put("environment", name, value=value)


def label(name: str, value: Any) -> Change:
    return put("labels", name, value=value)


def note(name: str, value: Any) -> Change:
    return put("annotations", name, value=value)


def relay(address: str | None) -> Change:
    """Change what clients are told of the sockets; without an address, the process is told nothing."""

    def change(stack: dict[str, Any]) -> None:
        environment = stack["functions"]["notices"]["environment"]
        del environment["FREEHOLD_RELAY_URL"]
        environment.update({"FREEHOLD_RELAY_URL": address} if address else {})

    return change


def drop(*path: str) -> Change:
    def change(stack: dict[str, Any]) -> None:
        place = stack["functions"]["jobs"]
        for name in path[:-1]:
            place = place[name]
        del place[path[-1]]

    return change


def renamed(name: str) -> Change:
    def change(stack: dict[str, Any]) -> None:
        stack["functions"][name] = stack["functions"].pop("jobs")

    return change


def twice(stack: dict[str, Any]) -> None:
    stack["functions"]["admin"]["environment"]["FUNCTION"] += ",jobs-get-job"


def sixteen(stack: dict[str, Any]) -> None:
    """Add copies until there is one function more than the editions without a licence take."""
    for number in range(16 - len(stack["functions"])):
        stack["functions"][f"copy-{number}"] = deepcopy(stack["functions"]["jobs"])


SECRETS = ["mongodb-uri", "access-token-jwks", "door-jwks"]

FAULTS: dict[str, tuple[str, Change, str]] = {
    # the schema
    "an unknown key": ("ce", put("imagee", value="x"), "jobs: imagee: faas-cli knows no such key"),
    "a missing image": ("ce", drop("image"), "jobs: image: This is missing. The image that is pulled"),
    "secrets as a text": ("ce", put("secrets", value="mongodb-uri"), "jobs: secrets: This must be a list, and is a text"),
    "labels as a list": ("ce", put("labels", value=["a"]), "jobs: labels: This must be a map, and is a list"),
    "skip_build as a text": ("ce", put("skip_build", value="yes"), "jobs: skip_build: 'yes' is not allowed here. Write true"),
    "another language": ("ce", put("lang", value="python3-http"), "jobs: lang: 'python3-http' is not allowed here"),
    "a function as a list": ("ce", lambda stack: stack["functions"].update(jobs=[]), "jobs: This must be a map, and is a list"),
    "another provider": ("ce", lambda stack: stack["provider"].update(name="faas"), "provider.name: 'faas' is not allowed"),
    "another version": ("ce", lambda stack: stack.update(version="2.0"), "version: '2.0' is not allowed here"),
    "a gateway that is none": ("ce", lambda stack: stack["provider"].update(gateway="gw:8080"), "provider.gateway: 'gw:8080'"),
    "no functions": ("ce", lambda stack: stack.update(functions={}), "functions: '{}' is not allowed here"),
    "a secret twice": ("ce", put("secrets", value=[*SECRETS, "door-jwks"]), "secrets: Something stands in this list twice"),
    "a number as memory's map": ("ce", put("limits", value=5), "jobs: limits: This must be a map, and is a number"),
    # Kubernetes and containerd
    "a name with capitals": ("ce", renamed("Jobs"), "Jobs: 'Jobs' is no name for a function"),
    "a name too long": ("ce", renamed("j" * 64), "is no name for a function"),
    "a name with two dashes": ("faasd-ce", renamed("jo--bs"), "jo--bs: containerd takes no name with two separators"),
    "a name that is a setting": ("ce", renamed("freehold-relay"), "the variable FREEHOLD_RELAY_PORT of a Service"),
    "a label's key": ("ce", label("a b", "x"), "'a b' is no key of a label"),
    "a label's prefix": ("ce", label("Not_A_Domain/x", "x"), "is no key of a label"),
    "a label's value with a slash": ("ce", label("freehold.kind", "a/b"), "'a/b' is no value of a label"),
    "a label's value too long": ("ce", label("freehold.kind", "x" * 64), "is no value of a label"),
    "a label of OpenFaaS": ("ce", label("faas_function", "jobs"), "OpenFaaS writes this label itself"),
    "an annotation's key": ("ce", note("-x", "x"), "'-x' is no key"),
    "annotations too large": ("ce", note("x", "x" * 262_145), "larger than 262,144 bytes"),
    "an annotation too long for faasd": ("faasd-ce", note("x", "x" * 4_200), "as a label of containerd"),
    "a variable's name": ("ce", env("2X", "x"), "'2X' is no name of a variable"),
    "a secret's name": ("ce", put("secrets", value=[*SECRETS, "Mine_1"]), "'Mine_1' is no name for a secret"),
    "no limit": ("ce", drop("limits", "memory"), "limits.memory: This is missing"),
    "megabytes as Docker writes them": ("ce", put("limits", "memory", value="128MB"), "'128MB' is no quantity"),
    "no CPU at all": ("ce", put("limits", "cpu", value="0"), "limits.cpu: '0' is no quantity above zero"),
    "more kept than may be taken": ("ce", put("requests", "memory", value="1Gi"), "1Gi is kept, and only 128Mi may be taken"),
    # editions
    "a 16th function": ("ce", sixteen, "takes 15 functions, and here are 16"),
    "a 16th function on faasd": ("faasd-ce", sixteen, "faasd CE takes 15 functions, and here are 16"),
    "a target in CE": ("ce", label(f"{SCALE}target", "16"), "refuses a function with this label"),
    "a type in CE": ("ce", label(f"{SCALE}type", "capacity"), "refuses a function with this label"),
    "an idle time in CE": ("ce", label(f"{SCALE}zero-duration", "5m"), "refuses a function with this label"),
    "scaled to zero in CE": ("ce", label(f"{SCALE}zero", "true"), "refuses a function with this label"),
    "six replicas in CE": ("ce", label(f"{SCALE}max", "6"), "refuses more than 5. Write '5'"),
    "no whole number": ("standard", label(f"{SCALE}max", "many"), "'many' is none of 1 to 1000"),
    "a number without end": ("standard", label(f"{SCALE}min", "9" * 5_000), "is none of 1 to 1000"),
    "a factor of 101": ("ce", label(f"{SCALE}factor", "101"), "'101' is none of 0 to 100"),
    "fewer at most than at least": ("standard", label(f"{SCALE}min", "11"), "It is less than"),
    "an unknown way to scale": ("standard", label(f"{SCALE}type", "memory"), "'memory' is no way to scale"),
    "an annotation of a cloud": ("ce", note("eks.amazonaws.com/role", "x"), "refuses a function with this"),
    "two topics": ("ce", note("topic", "a,b"), "takes one topic"),
    "an image that is none": ("ce", put("image", value="Freehold Functions"), "is no reference of an image"),
    "a private registry in CE": ("ce", put("image", value="registry.internal:5000/f:1"), "pulls public images only"),
    "a registry of a private network": ("ce", put("image", value="10.0.0.5:5000/f:1"), "pulls public images only"),
    "an image of this machine": ("ce", put("image", value="localhost/f:1"), "pulls public images only"),
    "another namespace": ("ce", put("namespace", value="mine"), "has the namespace openfaas-fn"),
    # what Freehold needs
    "a function that is none": ("ce", env("FUNCTION", "jobs-fly"), "There is no function 'jobs-fly'"),
    "a function twice": ("ce", twice, "jobs-get-job is served by admin already"),
    "a function not served": ("ce", env("FUNCTION", "jobs-get-job"), "No process serves jobs-update-job"),
    "no function named": ("ce", env("FUNCTION", " , "), "told no function to serve"),
    "a name that no door calls": ("ce", renamed("work"), "as jobs-create-job or jobs, never as work"),
    "a secret too few": ("ce", put("secrets", value=SECRETS[:2]), "door-jwks is missing"),
    "a secret too many": ("ce", put("secrets", value=[*SECRETS, "access-token-key"]), "is mounted without need"),
    "a secret that nobody makes": ("ce", put("secrets", value=[*SECRETS, "my-own"]), "Nobody makes the secret 'my-own'"),
    "a setting of no sense": ("ce", env("FREEHOLD_OPEN_JOBS_LIMIT", "lots"), "not start: FREEHOLD_OPEN_JOBS_LIMIT: Expected"),
    "another port": ("ce", env("FREEHOLD_PORT", "9090"), "OpenFaaS calls the port 8080"),
    "secrets elsewhere": ("ce", env("FREEHOLD_SECRETS", "/run/secrets"), "OpenFaaS mounts secrets at"),
    "no address of the relay": ("ce", relay(None), "sent to a socket on their own machine"),
    "a relay that nobody reaches": ("ce", relay("https://localhost"), "No client reaches https://localhost"),
    "a function that works on": ("ce", env("FREEHOLD_REQUEST_TIMEOUT_S", "12"), "up to 12 s, and the doors wait for 12 s"),
    "a commit after its call": ("ce", env("FREEHOLD_TRANSACTION_DEADLINE_S", "11"), "A transaction may outlive its call"),
    "a drain that is cut": ("ce", env("FREEHOLD_DRAIN_TIMEOUT_S", "30"), "to end, and is killed 30 s after SIGTERM"),
    "a folder that cannot be written": ("ce", env("TMPDIR", "/var/tmp"), "/var/tmp cannot be written"),
    "too little memory": ("ce", put("limits", "memory", value="64Mi"), "A process needs 96Mi"),
}  # fmt: skip

WARNINGS: dict[str, tuple[str, Change, str]] = {
    "a number without quotes": ("ce", label("tier", 2), "labels.tier: 2 is no text to YAML"),
    "a value left empty": ("ce", label("tier", None), "is no text to YAML"),
    "a label for CE alone": ("standard", label(f"{SCALE}factor", "20"), "does nothing in OpenFaaS Standard"),
    "a label for Standard alone": ("faasd-ce", label(f"{SCALE}type", "rps"), "does nothing in faasd CE"),
    "probes in CE": ("ce", note("com.openfaas.ready.http.path", "/x"), "does not look at it"),
    "two processes on faasd": ("faasd-edge", label(f"{SCALE}min", "2"), "runs one process"),
    "scaled to zero": ("standard", label(f"{SCALE}zero", "true"), "waits for a process to start"),
    "the tag latest": ("ce", put("image", value="ghcr.io/freehold/functions"), "The tag latest moves"),
    "constraints in CE": ("ce", put("constraints", value=["disk=ssd"]), "constraints: OpenFaaS Community Edition"),
    "a setting that nobody has": ("ce", env("FREEHOLD_CONCURENCY", "8"), "has such a setting"),
    "a sandbox": ("ce", env("FREEHOLD_ENVIRONMENT", "sandbox"), "takes development keys"),
    "a watchdog's variable": ("ce", env("exec_timeout", "5s"), "is for OpenFaaS's watchdog"),
    "tickets in the clear": ("ce", relay("http://r.example.org"), "in the clear"),
    "a root that can be written": ("ce", put("readonly_root_filesystem", value=False), "could write into the image's files"),
    "limits that faasd does not keep": ("faasd-ce", lambda _: None, "faasd enforces limits.memory"),
}  # fmt: skip


@pytest.mark.parametrize(
    ("file", "edition"), [(STANDARD, "standard"), (STANDARD, "faasd-edge"), *((GROUPS, name) for name in EDITIONS)]
)
def test_the_generated_files_have_no_fault(file: Path, edition: str):
    assert said(checked(file, edition)) == []


@pytest.mark.parametrize(("file", "edition"), [(STANDARD, "standard"), (GROUPS, "ce")])
def test_each_generated_file_leaves_nothing_to_weigh_in_its_own_edition(file: Path, edition: str):
    assert said(checked(file, edition), "warning") == []


@pytest.mark.parametrize("planted", FAULTS)
def test_a_planted_fault_is_found(planted: str, tmp_path: Path):
    edition, change, sentence = FAULTS[planted]
    found = said(checked(changed(tmp_path, change), edition))
    assert any(sentence in line for line in found), found


@pytest.mark.parametrize("planted", WARNINGS)
def test_what_a_person_should_weigh_is_told_and_stops_nothing(planted: str, tmp_path: Path):
    edition, change, sentence = WARNINGS[planted]
    found = checked(changed(tmp_path, change), edition)
    assert any(sentence in line for line in said(found, "warning")), said(found, "warning")
    assert said(found) == []


def test_the_standard_file_does_not_fit_the_community_edition():
    found = said(checked(STANDARD, "ce"))
    assert any("takes 15 functions" in line for line in found)
    assert any("refuses a function with this label" in line for line in found)
    assert any("refuses more than 5" in line for line in found)


def test_a_secret_of_your_own_is_taken_when_you_say_so(tmp_path: Path):
    file = changed(tmp_path, put("secrets", value=[*SECRETS, "my-own"]))
    assert said(checked(file, "standard", own_secrets=frozenset({"my-own"}))) == []


def test_the_gateway_must_wait_longer_than_the_doors():
    assert any("OpenFaaS's gateway for 12 s" in line for line in said(checked(GROUPS, "ce", upstream_timeout_s=12.0)))


def test_connections_are_held_against_the_cluster_tier():
    assert any("connections; M0 leaves 430 for functions" in line for line in said(checked(STANDARD, "standard", atlas="M0")))
    assert any(
        "connections; M30 leaves 2,930 for functions" in line for line in said(checked(STANDARD, "standard", atlas="M30"))
    )
    assert said(checked(STANDARD, "standard", atlas="M40")) == []
    assert any("With all replicas busy" in line for line in said(checked(STANDARD, "standard", atlas="M40"), "warning"))
    assert any("With all replicas busy" in line for line in said(checked(GROUPS, "ce", atlas="M20"), "warning"))
    assert not any("connections" in line for line in said(checked(GROUPS, "ce", atlas="M40"), "warning"))


def test_a_finding_names_the_line_of_its_field(tmp_path: Path):
    file = changed(tmp_path, label("freehold.kind", "a/b"))
    (finding,) = checked(file, "ce").faults
    assert finding.line is not None
    assert file.read_text().splitlines()[finding.line - 1].strip() == "freehold.kind: a/b"
