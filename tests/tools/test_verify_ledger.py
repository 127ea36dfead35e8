"""R13: whatever is changed in an exported ledger or a receipt, the standalone verifier says so."""

import ast
import base64
import json
import subprocess
import sys
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from freehold.domain.checkpoint import Checkpoint, Signature, key_id, signed, verifier_key
from freehold.domain.merkle import appended, folded, hash_leaf, inclusion_spans, proof_of, whole
from tools import verify_ledger

ORIGIN = "freehold.example.org/ledger"
PRIVATE = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
PUBLIC = PRIVATE.public_key().public_bytes_raw()
KEY = verifier_key(ORIGIN, PUBLIC)
MILESTONES = 7


def journal(key: str, milestone: int, n: int, *lines: tuple[str, int]) -> dict:
    return {
        "created_at": "2026-11-27T10:00:00Z", "id": f"jrn_{key}", "key": key, "leg": None,
        "lines": [{"account": account, "amount": amount, "currency": "USD"} for account, amount in lines],
        "milestone_id": f"mst_{milestone}", "milestone_version": n, "n": 0,
    }  # fmt: skip


def journals() -> list[dict]:
    """Give the journals of milestones that are funded, released and paid out."""
    return [
        step
        for number in range(MILESTONES)
        for step in (
            journal(f"deposit:pay_{number}", number, 1, ("clearing:sandbox", 1000), (f"escrow:mst_{number}", -1000)),
            journal(
                f"release:mst_{number}:1", number, 2,
                (f"escrow:mst_{number}", 1000), (f"payable:mst_{number}", -900), ("fees", -100),
            ),
            journal(f"transfer:mst_{number}:1", number, 3, (f"payable:mst_{number}", 900), ("clearing:sandbox", -900)),
        )
    ]  # fmt: skip


def leaf_of(one: dict) -> bytes:
    return json.dumps(one, sort_keys=True, separators=(",", ":")).encode()


def tree(leaves: list[bytes]) -> dict:
    return appended(0, [hash_leaf(leaf) for leaf in leaves], {})


def checkpoint(leaves: list[bytes], *, private: Ed25519PrivateKey = PRIVATE, origin: str = ORIGIN) -> str:
    text = Checkpoint(origin, len(leaves), folded(whole(len(leaves)), tree(leaves) if leaves else {})).text
    return signed(
        text, [Signature(origin, key_id(origin, private.public_key().public_bytes_raw()), private.sign(text.encode()))]
    )


class Export:
    """An export in a folder, and what the verifier says of it."""

    def __init__(self, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.folder = folder
        self.capsys = capsys
        self.leaves = [leaf_of(each) for each in journals()]

    def file(self, name: str, content: str | bytes) -> str:
        path = self.folder / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return str(path)

    def verdict(
        self, leaves: list[bytes] | None = None, *, note: str | None = None, older: tuple[str, ...] = (), end=b"\n"
    ) -> str:
        """Verify these lines under a checkpoint over the true ones: empty when it holds, else what the verifier says."""
        raw = b"".join(leaf + b"\n" for leaf in (self.leaves if leaves is None else leaves))
        arguments = ["--key", KEY, "--log", self.file("log", raw[:-1] + end if raw else raw)]
        arguments += ["--checkpoint", self.file("checkpoint", checkpoint(self.leaves) if note is None else note)]
        for number, text in enumerate(older):
            arguments += ["--older", self.file(f"older{number}", text)]
        return self.said(arguments)

    def receipt(self, index: int) -> dict:
        size = len(self.leaves)
        nodes = tree(self.leaves)
        proof = proof_of(inclusion_spans(index, size), lambda wanted: {node: nodes[node] for node in wanted})
        return {
            "leaf": self.leaves[index].decode(), "index": index, "proof": [base64.b64encode(each).decode() for each in proof],
            "checkpoint": checkpoint(self.leaves),
        }  # fmt: skip

    def verdict_on(self, receipt: object) -> str:
        return self.said(["--key", KEY, "--receipt", self.file("receipt", json.dumps(receipt))])

    def said(self, arguments: list[str]) -> str:
        status = verify_ledger.main(arguments)
        said = self.capsys.readouterr()
        assert (status == 0) == said.out.startswith("verified: ") == (not said.err)
        return said.err


@pytest.fixture
def export(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Export:
    return Export(tmp_path, capsys)


def test_an_honest_export_is_verified_with_every_checkpoint_that_was_ever_kept(export: Export):
    assert export.verdict() == ""
    assert export.verdict(older=tuple(checkpoint(export.leaves[:size]) for size in (5, 1, 21, 0))) == ""


@pytest.mark.parametrize("place", range(3 * MILESTONES))
def test_a_record_that_is_flipped_dropped_doubled_or_swapped_is_found(export: Export, place: int):
    leaves = export.leaves
    for bit in (0, 3, 6):
        for at in range(0, len(leaves[place]), 7):
            spoilt = bytearray(leaves[place])
            spoilt[at] ^= 1 << bit
            assert export.verdict([*leaves[:place], bytes(spoilt), *leaves[place + 1 :]])
    assert export.verdict([*leaves[:place], *leaves[place + 1 :]])
    assert export.verdict([*leaves[: place + 1], *leaves[place:]])
    assert export.verdict([*leaves[:place], leaves[place - 1], *leaves[place + 1 :]])
    swapped = [*leaves]
    swapped[place], swapped[place - 1] = swapped[place - 1], swapped[place]
    assert export.verdict(swapped)


@pytest.mark.parametrize("size", range(3 * MILESTONES))
def test_a_log_that_is_cut_is_found(export: Export, size: int):
    assert export.verdict(export.leaves[:size])
    cut = checkpoint(export.leaves[:size])
    assert "cut" in export.verdict(export.leaves[:size], note=cut, older=(checkpoint(export.leaves),))


@pytest.mark.parametrize("place", range(3 * MILESTONES))
def test_a_log_that_was_rewritten_and_signed_again_is_found_by_who_kept_a_checkpoint(export: Export, place: int):
    other = json.loads(export.leaves[place]) | {"created_at": "2026-11-27T11:00:00Z"}
    forked = [*export.leaves[:place], leaf_of(other), *export.leaves[place + 1 :]]
    resigned = checkpoint(forked)
    assert export.verdict(forked, note=resigned) == ""
    assert "rewritten" in export.verdict(forked, note=resigned, older=(checkpoint(export.leaves[: place + 1]),))
    assert export.verdict(forked, note=resigned, older=(checkpoint(export.leaves[:place]),)) == ""


def lines(*amounts: object, account: str = "fees") -> dict:
    return {
        "lines": [
            {"account": account if amount is amounts[0] else "x", "amount": amount, "currency": "USD"} for amount in amounts
        ]
    }


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lines(1), "sum to zero"),
        ({"key": "deposit:pay_0"}, "twice"),
        ({"id": "jrn_deposit:pay_0"}, "twice"),
        (lines(1, -1, account="escrow:mst_0"), "overdrawn"),
        (lines(0.5, -0.5), "form"),
        (lines(True, -1), "form"),
        ({"lines": []}, "form"),
        ({"lines": None}, "form"),
        ({"more": 1}, "fields"),
    ],
)
def test_an_operator_who_signs_what_no_ledger_may_hold_is_found(export: Export, change: dict, words: str):
    export.leaves[-1] = leaf_of(json.loads(export.leaves[-1]) | change)
    assert words in export.verdict()


def test_what_is_signed_by_somebody_else_or_for_something_else_is_not_believed(export: Export):
    stranger = Ed25519PrivateKey.from_private_bytes(bytes(32))
    assert "not signed by this key" in export.verdict(note=checkpoint(export.leaves, private=stranger))
    assert "not signed by this key" in export.verdict(note=checkpoint(export.leaves, origin="another.example.org/ledger"))
    good = checkpoint(export.leaves)
    assert "wrong" in export.verdict(note=good.replace("\n21\n", "\n20\n"))
    assert "not signed" in export.verdict(note="")
    assert export.verdict(end=b"")
    assert export.verdict([])


def test_every_receipt_is_verified_and_none_that_was_touched(export: Export):
    for index in range(len(export.leaves)):
        receipt = export.receipt(index)
        assert export.verdict_on(receipt) == ""
        assert export.verdict_on(receipt | {"index": (index + 1) % len(export.leaves)})
        assert export.verdict_on(receipt | {"leaf": receipt["leaf"].replace("2026", "2025")})
        assert export.verdict_on(receipt | {"proof": receipt["proof"][:-1]})
        assert export.verdict_on(receipt | {"proof": [*receipt["proof"], receipt["proof"][0]]})
        assert export.verdict_on(receipt | {"proof": [*receipt["proof"][:-1], receipt["proof"][0][::-1]]})
        assert export.verdict_on(receipt | {"checkpoint": checkpoint(export.leaves[:-1])})
    for nonsense in (
        None,
        [],
        {},
        {**export.receipt(0), "index": "0"},
        {**export.receipt(0), "proof": [1]},
        {**export.receipt(0), "index": -1},
    ):
        assert export.verdict_on(nonsense)


@pytest.mark.parametrize("key", ["", "a+b", f"{KEY}x", KEY.replace("+", "+0", 1), KEY[:-8]])
def test_a_key_that_is_none_is_refused(export: Export, key: str):
    receipt = export.file("receipt", json.dumps(export.receipt(0)))
    assert export.said(["--key", key, "--receipt", receipt])


def test_it_stands_alone_and_can_be_read_in_one_sitting(tmp_path: Path):
    source = Path(verify_ledger.__file__)
    lines = source.read_text().splitlines()
    assert len(lines) < 300
    names = {
        (node.module if isinstance(node, ast.ImportFrom) else alias.name).partition(".")[0]
        for node in ast.walk(ast.parse(source.read_text()))
        if isinstance(node, ast.Import | ast.ImportFrom)
        for alias in node.names
    }
    assert names <= {*sys.stdlib_module_names, "cryptography"}
    ran = subprocess.run(
        [sys.executable, "-I", str(source), "--key", KEY, "--receipt", "nowhere"],
        cwd=tmp_path,
        check=False,
        capture_output=True,
        text=True,
    )
    assert (ran.returncode, ran.stderr[:14]) == (1, "NOT VERIFIED: ")
