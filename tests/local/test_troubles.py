"""What keeps a run from starting is told in a sentence that says what to do; never a traceback, never a process left."""

import json
import signal
import socket

import pytest

from tests.local.processes import LocalRun, wait_for


def refusal(run: LocalRun) -> str:
    """Give the one line in which a run says why it cannot go on."""
    assert run.is_gone(limit_s=90)
    assert run.process.returncode == 1
    said = run.said()
    assert "Traceback" not in said
    lines = [line for line in said.splitlines() if line.startswith("Freehold cannot run: ")]
    assert len(lines) == 1, said
    return lines[0]


@pytest.mark.parametrize("variable", ["FREEHOLD_PORT", "FREEHOLD_RELAY_PORT"])
def test_a_taken_port_is_named_with_the_variable_that_changes_it(start, variable):
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        said = refusal(start(**{variable: str(port)}))
    assert f"Port {port} is taken" in said
    assert f"set {variable} to a free port" in said


@pytest.mark.parametrize(
    ("environ", "sentence"),
    [
        ({"FREEHOLD_PORT": "nine"}, "FREEHOLD_PORT is 'nine', which is no port"),
        ({"FREEHOLD_PORT": "70000"}, "which is no port"),
        ({"FREEHOLD_PORT": "18999", "FREEHOLD_RELAY_PORT": "18999"}, "Set two different ports"),
        ({"FREEHOLD_ENVIRONMENT": "production"}, "for development only"),
        ({"MONGOD_BINARY": "/nowhere/mongod"}, "MONGOD_BINARY names /nowhere/mongod"),
        ({"MONGODB_URI": "mongodb://127.0.0.1:1/?serverSelectionTimeoutMS=300"}, "the database cannot be reached"),
    ],
)
def test_settings_that_make_no_sense_are_named(start, environ, sentence):
    assert sentence in refusal(start(**environ))


def test_a_second_run_in_the_same_folder_is_refused_and_the_first_goes_on(start):
    first = start()
    assert first.comes_up()
    second = start()
    assert second.process.wait(60) == 1
    assert second.says(f"runs in {first.home} already (process {first.process.pid})")
    assert first.is_ready()


def test_a_folder_with_somebody_elses_files_is_left_alone(start, tmp_path):
    (tmp_path / "thesis").mkdir()
    (tmp_path / "thesis" / "chapter-1.txt").write_text("In the beginning")
    said = refusal(start(FREEHOLD_HOME=str(tmp_path / "thesis")))
    assert "holds files that are not Freehold's (chapter-1.txt)" in said
    assert [file.name for file in (tmp_path / "thesis").iterdir()] == ["chapter-1.txt"]


def test_a_file_in_the_place_of_the_folder_is_told(start, tmp_path):
    (tmp_path / "state").write_text("")
    assert "cannot hold the state" in refusal(start(FREEHOLD_HOME=str(tmp_path / "state")))


@pytest.mark.parametrize(
    ("file", "content", "sentence"),
    [
        ("freehold.json", "not json", "freehold.json is broken"),
        ("freehold.json", json.dumps({"application": "freehold", "format": 99}), "another version of Freehold"),
        ("freehold.json", json.dumps({"application": "other", "format": 1}), "freehold.json is broken"),
        ("secrets/access-token-key", "{}", "access-token-key holds no key any more"),
        ("processes.json", "[{", "processes.json is broken"),
        ("mongodb/password", "another", "made with another password"),
        ("mongodb/data/WiredTiger.turtle", "nonsense", "MongoDB does not start with the data in"),
    ],
)
def test_a_broken_state_is_told_with_the_file_that_is_broken(start, file, content, sentence):
    run = start()
    assert wait_for(lambda: run.says("relay       ready"))
    run.process.send_signal(signal.SIGTERM)
    assert run.is_gone()
    (run.home / file).write_text(content)
    assert sentence in refusal(start())


def test_a_missing_library_is_named_with_the_command_that_installs_it(start, tmp_path):
    program = tmp_path / "mongod"
    loader_says = "mongod: error while loading shared libraries: libcurl.so.4: cannot open shared object file"
    program.write_text(f"#!/bin/sh\necho '{loader_says}' >&2\nexit 127\n")
    program.chmod(0o755)
    assert "sudo apt-get install -y libcurl4" in refusal(start(MONGOD_BINARY=str(program)))


def test_a_part_that_cannot_start_ends_the_run_with_its_last_words(start):
    said = refusal(start(FREEHOLD_CONCURRENCY_LIMIT="none"))
    assert "The front keeps ending" in said
    assert "FREEHOLD_CONCURRENCY_LIMIT" in said
