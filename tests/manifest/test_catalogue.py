"""The generated catalogue: all functions, in groups that keep secrets apart, and no drift."""

from pathlib import Path

import msgspec
import pytest

from freehold.catalogue import Catalogue
from freehold.edge.declare import Declaration
from freehold.edge.discovery import find_all
from infra.manifest import __main__ as command
from infra.manifest import files
from infra.manifest.grouping import MOST_GROUPS, NoGroup, by_group, group_names, group_of

ROOT = Path(__file__).parents[2]


def declared() -> list[Declaration]:
    return find_all()


@pytest.fixture(scope="module")
def made() -> files.Files:
    return files.generate()


def test_the_files_in_the_repository_are_what_the_declarations_say(made: files.Files):
    assert files.drifted(made, ROOT) == []


def test_the_same_declarations_make_the_same_bytes(made: files.Files):
    assert files.generate() == made


def test_every_module_under_functions_is_in_the_catalogue_once():
    modules = {
        ".".join(file.relative_to(ROOT).with_suffix("").parts)
        for file in (ROOT / "functions").rglob("*.py")
        if file.name != "__init__.py"
    }
    entries = [entry.module for entry in Catalogue.load().functions]
    assert (set(entries), len(entries)) == (modules, len(modules))


def test_the_catalogue_answers_what_the_doors_ask():
    catalogue = Catalogue.load()
    told = [entry.name for entry in catalogue.reactions_to("job.posted")]
    assert "notifications-tell-matching-freelancers" in told
    assert all(entry.every_s and entry.kind == "sweep" for entry in catalogue.sweeps)
    assert {entry.name for entry in catalogue.sweeps} == {item.name for item in declared() if item.kind == "sweep"}


def test_all_functions_fit_into_the_groups_of_the_community_edition():
    assert len(group_names()) <= MOST_GROUPS
    assert set(by_group(declared())) <= set(group_names())


def test_the_private_keys_of_tokens_are_in_one_group_that_serves_nothing_else():
    for group, members in by_group(declared()).items():
        holds = {secret for item in members for secret in item.secrets}
        if "access_token_key" in holds:
            assert group == "auth"
            assert all("access_token_key" in item.secrets for item in members)


def test_a_secret_in_a_context_that_has_no_keeper_is_refused():
    declaration = next(item for item in declared() if item.context == "jobs")
    with pytest.raises(NoGroup, match="give it a group"):
        group_of(msgspec.structs.replace(declaration, secrets=("access_token_key",)))


def test_a_context_without_a_group_is_refused():
    declaration = next(item for item in declared() if item.kind == "endpoint" and not item.secrets)
    with pytest.raises(NoGroup, match="astrology"):
        group_of(msgspec.structs.replace(declaration, module="functions.astrology.cast_horoscope"))


def test_check_names_each_file_that_drifted_and_writing_mends_it(made: files.Files, tmp_path: Path, monkeypatch, capsys):
    monkeypatch.setattr(command, "ROOT", tmp_path)
    monkeypatch.setattr(command, "generate", lambda: made)
    assert command.main([]) == 0
    for name in made:
        assert command.main(["--check"]) == 0
        edited = tmp_path / name
        edited.write_bytes(edited.read_bytes().replace(b"e", b"E", 1))
        capsys.readouterr()
        assert command.main(["--check"]) == 1
        assert [line.partition(" ")[0] for line in capsys.readouterr().err.splitlines()] == [name]
        edited.unlink()
        assert command.main(["--check"]) == 1
        assert command.main([]) == 0
    assert command.main(["--check"]) == 0
