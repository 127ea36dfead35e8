"""The export that an operator hands to a stranger: whole, in pieces, and verified by nothing of ours."""

from typing import Any

import msgspec
import pytest

from infra import export_ledger
from infra.client import ProblemAnswer, Refused
from infra.export_ledger import Torn, main
from tests.api import Person
from tests.escrow import Work, tick
from tests.logs_of_money import append_all, paid_out, verified

pytestmark = pytest.mark.own_ledger


class Reader:
    """Reads as the program's client does, without a socket."""

    def __init__(self, person: Person) -> None:
        self._person = person

    async def get(self, path: str, *, into: type) -> Any:
        """Read something."""
        answer = await self._person.api.client.get(path, headers=self._person.headers)
        if not answer.is_success:
            raise Refused(path, msgspec.json.decode(answer.content, type=ProblemAnswer))
        return msgspec.json.decode(answer.content, type=into)


def files(folder) -> dict[str, str]:
    return {
        "key": (folder / "keys").read_text().splitlines()[0],
        "log": str(folder / "log"),
        "checkpoint": str(folder / "checkpoint"),
    }


def test_an_export_in_many_pieces_is_verified_with_the_statement_of_what_is_owed(api, tmp_path, monkeypatch):
    monkeypatch.setattr(export_ledger, "PIECE", 2)
    work = Work.begun(api, agreed=100_000)
    work.funded()
    paid_out(work)
    append_all(api)
    tick(api, "liabilities-state-liabilities")
    append_all(api)
    paid_out(work, 5_000)
    size = append_all(api)["size"]
    found = api.run(export_ledger.export(Reader(api.admin()), tmp_path))
    assert found.size == size == len((tmp_path / "log").read_text().splitlines())
    assert verified(**files(tmp_path), statement=tmp_path / "statement")


def test_before_anything_is_stated_there_is_an_export_all_the_same(api, tmp_path):
    append_all(api)
    api.run(export_ledger.export(Reader(api.admin()), tmp_path))
    assert not (tmp_path / "statement").exists()
    assert verified(**files(tmp_path))


def test_a_log_that_ends_before_its_checkpoint_is_not_passed_off_as_whole(api, tmp_path):
    Work.begun(api).funded()
    append_all(api)
    api.run(api.store.database["log_leaves"].delete_many({}))
    with pytest.raises(Torn, match="but the log ends after 0"):
        api.run(export_ledger.export(Reader(api.admin()), tmp_path))


def test_the_command_refuses_in_a_sentence(tmp_path, capsys):
    assert main([str(tmp_path)]) == 1
    assert "Choose a new folder" in capsys.readouterr().err
    assert main([str(tmp_path / "new"), "--url", "http://127.0.0.1:9"]) == 1
    assert "There is no export: http://127.0.0.1:9 does not answer" in capsys.readouterr().err
