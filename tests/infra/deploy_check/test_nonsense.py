"""What is no stack file is told in a sentence with a line, and never in a traceback."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from infra.deploy_check.__main__ import main
from infra.deploy_check.kubernetes import quantity
from infra.deploy_check.substitution import fill_in
from tests.infra.deploy_check.stack_files import GROUPS, ROOT, STANDARD, checked, said, written

HEAD = "version: '1.0'\nprovider:\n  name: openfaas\n  gateway: http://127.0.0.1:8080\n"

NONSENSE: dict[str, tuple[str | bytes, str]] = {
    "nothing": ("", "The file is empty."),
    "spaces": (" \n\n", "The file is empty."),
    "a comment": ("# later\n", "This must be a map, and is nothing."),
    "a word": ("functions\n", "This must be a map, and is a text."),
    "a list": ("- a\n", "This must be a map, and is a list."),
    "tabs": (f"{HEAD}functions:\n\tjobs:\n", "Indent with spaces, not with tabs."),
    "a bracket left open": (f"{HEAD}functions: {{\n", "This is no YAML:"),
    "a key twice": (f"{HEAD}functions: {{}}\nfunctions: {{}}\n", "stack.yml:6: functions: This key stands here twice."),
    "an anchor": (f"{HEAD}functions:\n  a: &a {{}}\n", "stack.yml:6: There is an anchor (&) or an alias (*)."),
    "an alias that hides itself": ("a: &a [*a]\n", "There is an anchor"),
    "a merge": (f"{HEAD}functions:\n  a: {{<<: *b}}\n", "There is an anchor (&) or an alias (*)."),
    "a tag": (f"{HEAD}functions: !!python/object:os.system {{}}\n", "There is a tag"),
    "two documents": (f"{HEAD}functions: {{}}\n---\na: b\n", "There is a second document"),
    "a key that is a list": (f"{HEAD}functions:\n  ? [a]\n  : b\n", "stack.yml:6: functions: A key is a list or a map."),
    "nested without end": ("[" * 50_000, "nested more than 20 deep"),
    "a time that is none": (f"{HEAD}functions: {{a: 2024-99-99}}\n", "a: This must be a map, and is a text."),
    "bytes": (b"\xff\xfe\x00", "The file is no UTF-8 text."),
    "a control character": ("a: \x07\n", "This is no YAML:"),
    "a form of a shell": (f"{HEAD}functions: ${{X:+y}}\n", "'${X:+y}' is no variable that faas-cli fills in"),
    "a variable left open": (f"{HEAD}functions: ${{X\n", "is no variable that faas-cli fills in"),
    "a variable without a name": (f"{HEAD}functions: ${{}}\n", "'${}' is no variable that faas-cli fills in"),
}


@pytest.mark.parametrize("kind", NONSENSE)
def test_nonsense_is_told_in_a_sentence(kind: str, tmp_path: Path):
    text, sentence = NONSENSE[kind]
    found = said(checked(written(tmp_path, text), "ce"))
    assert any(sentence in line for line in found), found


def test_a_file_that_is_not_there_and_a_folder_are_told(tmp_path: Path):
    assert "No such file" in said(checked(tmp_path / "none.yml", "ce"))[0]
    assert "Is a directory" in said(checked(tmp_path, "ce"))[0]


def test_variables_are_filled_in_as_faas_cli_does(tmp_path: Path):
    text = GROUPS.read_text().replace(
        "freehold.serves: GET", "a: $PLAIN $${LEFT} ${A:-b} ${B:=c} ${C=d}\n      freehold.serves: GET"
    )
    found = checked(written(tmp_path, text), "ce", {"FREEHOLD_RELAY_URL": "https://r.example.org", "C": ""})
    assert said(found) == []
    assert "a: $PLAIN ${LEFT} b c d" in fill_in(text, {}, {}).text


def test_a_variable_without_default_is_told_once_with_what_to_do():
    found = [line for line in said(checked(GROUPS, "ce", {})) if "has no default" in line]
    assert len(found) == 1
    assert "FREEHOLD_RELAY_URL is not exported and has no default" in found[0]


def test_a_variable_may_be_left_out_where_its_default_is_nothing(tmp_path: Path):
    text = GROUPS.read_text().replace("FUNCTION: admin", "X: '${X:-}'\n      FUNCTION: admin", 1)
    found = checked(written(tmp_path, text), "ce")
    assert said(found) == []
    assert said(found, "warning") == []


@pytest.mark.parametrize("database", ["2024", "yes", "1.0", "null", "a:b"])
def test_what_is_filled_in_stays_a_text(database: str):
    found = checked(GROUPS, "ce", {"FREEHOLD_RELAY_URL": "https://r.example.org", "FREEHOLD_MONGODB_DATABASE": database})
    assert said(found) == []
    assert said(found, "warning") == []


def test_a_variable_that_breaks_the_file_is_told():
    assert any("has a line break" in line for line in said(checked(GROUPS, "ce", {"FREEHOLD_RELAY_URL": "https://a\nb"})))
    assert any("process would not start" in line for line in said(checked(GROUPS, "ce", {"FREEHOLD_RELAY_URL": "nonsense"})))


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("128Mi", 128 * 2**20), ("1Ki", 1024), ("1.5Gi", 1.5 * 2**30), ("1k", 1000), ("1E", 10**18), ("1e3", 1000),
        ("500m", 0.5), ("2", 2), (".5", 0.5),
    ],
)  # fmt: skip
def test_quantities_are_read_as_kubernetes_reads_them(text: str, number: float):
    assert quantity(text) == pytest.approx(number)


@pytest.mark.parametrize(
    "text", ["", "m", "128MB", "128 Mi", "-1", "1.2.3", "Mi", "1K", "one", "1Mim", "\u0661", "1e999999999"]
)
def test_what_is_no_quantity_is_none(text: str):
    assert quantity(text) is None


def run(*arguments: str, **environ: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "infra.deploy_check", *arguments],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], **environ},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def test_the_command_answers_for_all_files_and_editions_and_fails_on_a_fault():
    sound = run("--example", "FREEHOLD_RELAY_URL=https://relay.example.org")
    assert sound.returncode == 0, sound.stdout
    assert "openfaas.yml on OpenFaaS Standard" in sound.stdout
    assert "openfaas.ce.yml on faasd CE" in sound.stdout
    assert "FREEHOLD_RELAY_URL is not exported; https://relay.example.org stood in for it" in sound.stdout
    assert "0 faults" in sound.stdout
    broken = run()
    assert broken.returncode == 1
    assert "do not deploy this" in broken.stdout


def test_the_command_groups_what_it_says_of_many_functions():
    found = run("openfaas.yml", "--edition", "ce", FREEHOLD_RELAY_URL="https://relay.example.org")
    assert found.returncode == 1
    assert found.stdout.count("refuses a function with this label") == 2
    functions = STANDARD.read_text().count("skip_build")
    assert f"(and {functions - 1} more like it)" in found.stdout


@pytest.mark.parametrize(
    "arguments",
    [
        ["--edition", "pro"],
        ["--atlas", "M9"],
        ["--example", "X"],
        ["--upstream-timeout", "soon"],
        ["--upstream-timeout", "nan"],
    ],
)
def test_nonsense_on_the_command_line_is_refused(arguments: list[str], capsys: pytest.CaptureFixture[str]):
    with pytest.raises(SystemExit) as refused:
        main(arguments)
    assert refused.value.code == 2
    assert arguments[0] in capsys.readouterr().err
