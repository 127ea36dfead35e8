"""What the tests start: named by package when it is missing, with the command that installs it; silent when it is there."""

import ast
from pathlib import Path

import pytest

from infra import system_packages


@pytest.fixture
def machine(tmp_path, monkeypatch):
    """Give a machine without any of the servers, on which we are not root."""
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(system_packages, "SYSTEM_PATH", str(tmp_path))
    monkeypatch.setattr(system_packages, "PACKAGES", {"rabbitmq-server": ("rabbitmq-server",), "promtool": ("prometheus",)})
    monkeypatch.setattr(system_packages.os, "geteuid", lambda: 1000)
    return tmp_path


def put(folder, name):
    (folder / name).write_text("#!/bin/sh\n")
    (folder / name).chmod(0o755)


def test_it_can_be_read_by_an_old_python():
    assert ast.parse(Path(system_packages.__file__).read_text(), feature_version=(3, 7))


def test_what_is_missing_is_said_with_the_command_that_installs_it(machine, capsys):
    put(machine, "promtool")
    assert system_packages.main() == 1
    said = capsys.readouterr().err
    assert "sudo apt-get install -y --no-install-recommends rabbitmq-server)" in said
    assert "prometheus" not in said


def test_nothing_is_said_when_all_of_it_is_there(machine, capsys):
    put(machine, "promtool")
    put(machine, "rabbitmq-server")
    assert system_packages.main() == 0
    assert capsys.readouterr() == ("", "")


def only_apt(name, **_options):
    return "/apt-get" if name == "apt-get" else None


def test_root_has_it_installed(machine, monkeypatch, capsys):
    monkeypatch.setattr(system_packages.os, "geteuid", lambda: 0)
    put(machine, "apt-get")
    monkeypatch.setattr(system_packages, "install", lambda packages: [put(machine, name) for name in ("promtool", *packages)])
    assert system_packages.main() == 0
    assert "prometheus rabbitmq-server" in capsys.readouterr().out


@pytest.mark.usefixtures("machine")
def test_an_installation_that_fails_is_said(monkeypatch, capsys):
    monkeypatch.setattr(system_packages.os, "geteuid", lambda: 0)
    monkeypatch.setattr(system_packages.shutil, "which", only_apt)
    monkeypatch.setattr(system_packages, "install", lambda _packages: None)
    assert system_packages.main() == 1
    assert "Install them" in capsys.readouterr().err
