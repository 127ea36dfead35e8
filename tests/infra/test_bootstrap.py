"""The bootstrap: understood by old Pythons, silent when nothing is to be done, and what is missing is told in a sentence."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

from infra import bootstrap

SOURCE = Path(bootstrap.__file__)


@pytest.fixture
def tree(tmp_path, monkeypatch):
    """Give a project folder of its own, without an environment."""
    for name in ("requirements.lock", "pyproject.toml"):
        (tmp_path / name).write_bytes((bootstrap.ROOT / name).read_bytes())
    monkeypatch.setattr(bootstrap, "ROOT", tmp_path)
    monkeypatch.setattr(bootstrap, "VENV", tmp_path / ".venv")
    monkeypatch.setattr(bootstrap, "PYTHON", tmp_path / ".venv" / "bin" / "python")
    monkeypatch.setattr(bootstrap, "LOCK_FILE", tmp_path / "requirements.lock")
    monkeypatch.setattr(bootstrap, "PROJECT_FILE", tmp_path / "pyproject.toml")
    return tmp_path


def program(folder, name, script):
    folder.mkdir(exist_ok=True)
    file = folder / name
    file.write_text(f"#!/bin/sh\n{script}\n")
    file.chmod(0o755)


def test_a_python_that_is_too_old_can_still_read_it_and_say_so(monkeypatch, tmp_path, capsys):
    assert ast.parse(SOURCE.read_text(), feature_version=(3, 7))
    monkeypatch.setattr(sys, "version_info", (3, 9, 2))
    monkeypatch.setenv("PATH", str(tmp_path))
    assert bootstrap.main("run") == 1
    assert "Python 3.11 or newer is needed; python3 is 3.9.2" in capsys.readouterr().err


def test_a_newer_python_beside_an_old_one_is_found(monkeypatch, tmp_path):
    monkeypatch.setattr(sys, "version_info", (3, 9, 2))
    program(tmp_path / "bin", "python3.12", "exit 0")
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    assert bootstrap.find_python() == str(tmp_path / "bin" / "python3.12")


def test_a_python_without_venv_is_told_with_the_package_that_brings_it(tree, monkeypatch, capsys):
    program(tree / "bin", "python3.11", "echo 'ensurepip is not available' >&2; exit 1")
    monkeypatch.setattr(bootstrap, "find_python", lambda: str(tree / "bin" / "python3.11"))
    monkeypatch.setenv("PATH", str(tree / "bin"))
    assert bootstrap.main("run") == 1
    assert "sudo apt-get install -y python3.11-venv" in capsys.readouterr().err
    assert not (tree / ".venv").exists()


def test_an_installation_that_is_up_to_date_is_left_alone(tree, capsys):
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(tree / ".venv")], check=True)
    (tree / ".venv" / ".freehold-run").write_text(bootstrap.wanted_state("run"))
    assert bootstrap.main("run") == 0
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize("uv", ["exit 0", "exit 1"])
def test_a_failed_installation_is_told_and_tried_anew_the_next_time(tree, monkeypatch, capsys, uv):
    program(tree / "bin", "uv", f'test "$1" = pip && exit 1; {uv}')
    monkeypatch.setattr(bootstrap, "own_uv", lambda: str(tree / "bin" / "uv"))
    monkeypatch.setattr(bootstrap, "make_environment", lambda _uv: (tree / ".venv").mkdir(exist_ok=True))
    monkeypatch.setenv("PATH", str(tree / "bin"))
    assert bootstrap.main("run") == 1
    assert "could not be installed" in capsys.readouterr().err
    assert (tree / ".venv" / ".freehold-unfinished").exists()
    assert not (tree / ".venv" / ".freehold-run").exists()


def test_a_changed_lock_file_is_noticed(tree):
    before = bootstrap.wanted_state("run")
    (tree / "requirements.lock").write_text("changed")
    assert bootstrap.wanted_state("run") != before
    assert bootstrap.wanted_state("test") != bootstrap.wanted_state("run")


def test_the_lock_file_pins_uv_with_its_hashes():
    lines = bootstrap.LOCK_FILE.read_text().splitlines()
    start = next(number for number, line in enumerate(lines) if line.startswith("uv=="))
    assert lines[start + 1].strip().startswith("--hash=sha256:")
