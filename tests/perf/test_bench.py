"""The benchmarks run, and the peers do the same work. Nothing is timed here: the figures are for `make bench`."""

import shutil
from pathlib import Path

import pytest

from tests.perf import __main__ as bench
from tests.perf import agreement, servers, world


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory, mongodb_uri: str):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MONGODB_URI", mongodb_uri)
        bench.install_peers()
        with world.opened(tmp_path_factory.mktemp("bench"), employers=8) as made:
            yield made
            made.remove()


def test_every_part_runs_and_the_peers_store_and_answer_what_we_do(opened: world.World) -> None:
    text = bench.measured(bench.PARTS, opened, quick=True)
    assert all(f"## {part.TITLE}" in text for part in bench.PARTS)


def test_a_peer_that_leaves_out_a_write_is_found(opened: world.World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lazy = tmp_path / "lazy"
    shutil.copytree(servers.TEMPLATE, lazy)
    handler = (lazy / "handler.py").read_text()
    (lazy / "handler.py").write_text(handler.replace('        _database["outbox"].insert_one(row, session=session)\n', ""))
    monkeypatch.setattr(servers, "TEMPLATE", lazy)
    for database in ("bench_ours", "bench_lazy"):
        opened.prepare(database, jobs=100)
    with (
        servers.ours(opened.keys, "bench_ours", opened.folder) as ours,
        servers.template(opened.keys, "bench_lazy", opened.folder) as peer,
        pytest.raises(AssertionError, match="python3-http differs in documents written"),
    ):
        agreement.check(opened, [ours, peer])
