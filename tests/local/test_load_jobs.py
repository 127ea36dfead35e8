"""300 job posts through the public API of a real run: the real file where it is there, else one of the same shape."""

import csv
import re
import signal
import subprocess
import sys

from pymongo import MongoClient

from infra.load_jobs.posts import Post, Refusal, read_posts
from tests.load_jobs.made_posts import many, write
from tests.local.processes import ROOT, wait_for

REAL = ROOT.parent / "shared" / "data" / "job-posts-2023.csv.gz"
COUNT = 300


def loader(run, file, tmp_path, *more: str) -> list[str]:
    state = ["--state", str(tmp_path / "loader"), "--refused", str(tmp_path / "refused.csv")]
    return [sys.executable, "-m", "infra.load_jobs", str(file), "--url", run.url, "--limit", str(COUNT), *state, *more]


def load(command: list[str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


def test_three_hundred_posts_are_loaded_once_also_when_the_loader_is_killed_in_between(start, tmp_path):
    file = REAL if REAL.exists() else write(tmp_path / "posts.csv.gz", many(COUNT))
    mapped = list(read_posts(file))[:COUNT]
    posts = [each for each in mapped if isinstance(each, Post)]
    refused = [each for each in mapped if isinstance(each, Refusal)]
    run = start()
    assert run.comes_up()
    with MongoClient((run.home / "secrets" / "mongodb-uri").read_text()) as client:
        jobs = client["freehold"]["jobs"]
        first = subprocess.Popen(loader(run, file, tmp_path), cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        assert wait_for(lambda: jobs.count_documents({}) >= 60, 120)
        first.send_signal(signal.SIGKILL)
        first.communicate()
        shown = load(loader(run, file, tmp_path))
        assert shown.returncode == 0, shown.stdout + shown.stderr
        assert jobs.count_documents({"state": "open"}) == len(posts)
        assert sorted(jobs.distinct("title")) == sorted({post.job.title for post in posts})
        assert client["freehold"]["users"].count_documents({}) == len({post.client for post in posts})
        with (tmp_path / "refused.csv").open(newline="") as lines:
            assert [line["id"] for line in csv.DictReader(lines)] == [each.id for each in refused]
        again = load(loader(run, file, tmp_path))
        assert re.search(rf"^0 posted in \d+ s; {len(posts)} were there from an earlier time", again.stdout, re.MULTILINE)
        assert jobs.count_documents({}) == len(posts)


def test_trouble_is_told_in_a_sentence(start, tmp_path):
    run = start(sys.executable, "-m", "infra.local", "--help")
    assert run.process.wait(60) == 0
    file = write(tmp_path / "posts.csv.gz", many(3))
    nobody = load(loader(run, file, tmp_path))
    assert (nobody.returncode, "does not answer" in nobody.stderr) == (1, True)
    no_file = load(loader(run, tmp_path / "none.csv", tmp_path))
    assert (no_file.returncode, "No such file" in no_file.stderr) == (1, True)
    assert "Traceback" not in nobody.stderr + no_file.stderr
    assert (tmp_path / "refused.csv").exists()
