"""Benchmark sets from the Hub and from git, against servers on this machine that hold rows of our own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import replace
from hashlib import sha1, sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from lemma_steps.errors import RefusedError
from lemma_steps.evaluation.benchmarks import remote
from lemma_steps.evaluation.benchmarks.benchmark import from_public_sources, load
from lemma_steps.evaluation.benchmarks.registry import benchmark
from lemma_steps.evaluation.benchmarks.remote import read_source
from tests.hub_server import TOKEN, HubServer

STAND_INS = Path(__file__).parents[1] / "fixtures" / "benchmarks"
DIGESTS = STAND_INS / "digests.npz"
LOAD = """
import json, sys
from lemma_steps.evaluation.benchmarks.benchmark import load
print(json.dumps({name: load(name).rows for name in sys.argv[1:]}))
"""


def stand_ins(name):
    return load(name, folder=STAND_INS, digests=DIGESTS).rows


# --- the Hub


def parquet(rows):
    sink = pa.BufferOutputStream()
    pq.write_table(pa.Table.from_pylist(rows), sink)
    return sink.getvalue().to_pybytes()


def jsonl(rows):
    return "".join(json.dumps(row) + "\n" for row in rows).encode()


def without_place(name):
    return [{key: value for key, value in row.items() if key != "_row"} for row in stand_ins(name)]


def card(configs):
    """A dataset card that names the files of each config, as those on the Hub do."""
    listed = [
        {"config_name": config, "data_files": [{"split": s, "path": p} for s, p in files]} for config, files in configs
    ]
    return f"---\nconfigs: {json.dumps(listed)}\n---\n".encode()


def published():
    """The files of the four sets as they are laid out on the Hub, by name of the set."""
    subjects = benchmark("math").sources[0]["configs"]
    by_subject = {s: [r for r in without_place("math") if subject_of(r) == s] for s in subjects}
    assert all(by_subject.values())
    svamp = [{**row, "Answer": f"{row['Answer']:g}"} for row in without_place("svamp")]
    return {
        "gsm8k": {
            "README.md": card([("main", [("test", "main/test.parquet")]), ("socratic", [("test", "other.parquet")])]),
            "main/test.parquet": parquet(without_place("gsm8k")),
            "other.parquet": parquet([{"question": "Another?", "answer": "#### 0"}]),
        },
        "math": {f"{s}/test.parquet": parquet(rows) for s, rows in by_subject.items()}
        | {"README.md": card([(s, [("test", f"{s}/test.parquet")]) for s in subjects])},
        "math500": {"test.jsonl": jsonl(without_place("math500"))},
        "svamp": {"train.json": jsonl(svamp[:3]), "test.json": jsonl(svamp[3:])},
    }


def subject_of(row):
    return row["type"].lower().replace("&", "and").replace(" ", "_")


def test_the_hub_sets_are_read_at_their_pinned_revisions(tmp_path):
    with HubServer() as hub:
        for name, files in published().items():
            source = benchmark(name).sources[0]
            hub.private[source["hub"]] = False
            hub.branches[source["hub"], "main"] = [("0" * 40, {"test.jsonl": b'{"question": "Moved on?"}\n'})]
            hub.branches[source["hub"], source["revision"]] = [(source["revision"], files)]
        environment = {k: v for k, v in os.environ.items() if not k.startswith(("LEMMA_", "HF_"))}
        environment |= {
            "HF_ENDPOINT": hub.url,
            "HF_TOKEN": TOKEN,
            "HF_HOME": str(tmp_path),
            "LEMMA_DIGESTS": str(DIGESTS),
        }
        done = subprocess.run(
            [sys.executable, "-c", LOAD, *published()], env=environment, capture_output=True, text=True, timeout=120
        )
        hub.shutdown()
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == {name: stand_ins(name) for name in published()}
    assert "because" not in done.stderr, "a git copy stood in for the Hub"


# --- git


class GitServer(ThreadingHTTPServer):
    """Serves `files` by path; `statuses` are those of the next requests."""

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.files, self.statuses, self.seen = {}, [], []
        Thread(target=self.serve_forever, args=(0.02,), daemon=True).start()


class Handler(BaseHTTPRequestHandler):
    def log_message(self, *args): ...

    def do_GET(self):
        self.server.seen.append(self.path)
        content = self.server.files.get(self.path)
        status = self.server.statuses.pop(0) if self.server.statuses else 200 if content is not None else 404
        self.send_response(status)
        self.send_header("Content-Length", str(len(content or b"")))
        self.end_headers()
        self.wfile.write(content or b"")


@pytest.fixture
def git(monkeypatch, tmp_path):
    monkeypatch.delenv("LEMMA_DATA", raising=False)
    monkeypatch.setattr(remote, "cached_assets_path", lambda *_, **__: tmp_path)
    monkeypatch.setattr(remote, "RETRY", remote.RETRY.new(backoff_factor=0))
    with GitServer() as server:
        monkeypatch.setattr(remote, "GIT", f"http://127.0.0.1:{server.server_port}")
        yield server
        server.shutdown()


def source_of(git, content, repo="owner/name", path="data/set.json", sha=None):
    """A source of that content, served."""
    git.files[f"/{repo}/{'a' * 40}/{path}"] = content
    return {"git": repo, "revision": "a" * 40, "path": path, "sha256": sha or sha256(content).hexdigest()}


@pytest.mark.parametrize("written", [jsonl, lambda rows: json.dumps(rows, indent=1).encode()], ids=["lines", "list"])
def test_a_file_of_a_commit_is_read_once(git, written, tmp_path):
    rows = [{"question": "Line\u2028separator?", "answer": "1"}, {"question": "Next?", "answer": "2"}]
    source = source_of(git, written(rows))
    assert read_source(source) == (rows, "owner/name@aaaaaaaa:data/set.json")
    assert read_source(source)[0] == rows
    assert len(git.seen) == 1
    assert [path.name for path in tmp_path.iterdir()] == [source["sha256"]]


def test_an_object_of_lists_of_rows_is_read_row_by_row(git):
    content = json.dumps({"first": [{"n": 1}, {"n": 2}], "second": [{"n": 3}]}, indent=1).encode()
    assert read_source(source_of(git, content) | {"layout": "groups"})[0] == [{"n": 1}, {"n": 2}, {"n": 3}]


def test_a_file_may_be_pinned_by_its_id_in_git(git):
    content = b'{"n": 1}\n'
    blob = sha1(b"blob 9\0" + content).hexdigest()
    assert read_source(source_of(git, content, sha=blob))[0] == [{"n": 1}]
    with pytest.raises(RefusedError, match="not the pinned file"):
        read_source(source_of(git, content, sha="0" * 40))


def test_a_broken_copy_in_the_cache_is_read_again(git, tmp_path):
    source = source_of(git, b'[{"question": "?"}]')
    (tmp_path / source["sha256"]).write_bytes(b'[{"quest')
    assert read_source(source)[0] == [{"question": "?"}]


def test_passing_faults_are_waited_for(git):
    source = source_of(git, b"[]")
    git.statuses = [503, 429, 500]
    assert read_source(source)[0] == []
    assert len(git.seen) == 4


def test_a_file_that_is_not_the_pinned_one_is_refused_and_not_kept(git, tmp_path):
    with pytest.raises(RefusedError, match=r"owner/name@aaaaaaaa:data/set\.json is not the pinned file"):
        read_source(source_of(git, b"[]", sha="0" * 64))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(("statuses", "why"), [([404], "status 404"), ([503] * 4, "RetryError")])
def test_a_file_that_cannot_be_had_is_refused(git, statuses, why):
    source = source_of(git, b"[]")
    git.statuses = statuses
    with pytest.raises(RefusedError, match=rf"data/set.json cannot be read from GitHub \({why}\)"):
        read_source(source)


def test_text_becomes_a_number_where_the_source_says_so(git):
    source = source_of(git, b'[{"Answer": "145"}, {"Answer": "2.5"}]') | {"numbers": ["Answer"]}
    assert read_source(source)[0] == [{"Answer": 145.0}, {"Answer": 2.5}]
    for wrong in (b'[{"Answer": "many"}]', b'[{"Answer": null}]', b"[{}]"):
        with pytest.raises(RefusedError, match="a row without a number in column Answer"):
            read_source(source_of(git, wrong) | {"numbers": ["Answer"]})


def test_a_cache_that_cannot_be_written_costs_nothing_but_time(git, monkeypatch, tmp_path):
    monkeypatch.setattr(remote, "cached_assets_path", lambda *_, **__: tmp_path / "absent")
    source = source_of(git, b'[{"question": "?"}]')
    assert [read_source(source)[0] for _ in range(2)] == [[{"question": "?"}]] * 2
    assert len(git.seen) == 2


# --- one source after the other


def with_sources(git, *contents):
    """The EC set, with sources of these contents."""
    sources = [source_of(git, content, path=f"{number}.json") for number, content in enumerate(contents)]
    return replace(benchmark("mathchat_ec"), sources=tuple(sources))


def test_the_next_source_stands_in_for_a_wrong_one_and_this_is_said(git, caplog):
    good = without_place("mathchat_ec")
    altered = [{**good[0], "answer": "0"}, *good[1:]]
    wanted = with_sources(git, json.dumps(altered).encode(), json.dumps(good[:2]).encode(), jsonl(good))
    assert from_public_sources(wanted, DIGESTS).rows == stand_ins("mathchat_ec")
    [said] = [
        record.getMessage() for record in caplog.records if record.name == "lemma_steps.evaluation.benchmarks.benchmark"
    ]
    assert "row 1 of owner/name@aaaaaaaa:0.json is altered" in said
    assert "1.json holds 2 of 3 rows" in said


def test_without_a_right_source_every_reason_is_given(git, monkeypatch):
    monkeypatch.setenv("LEMMA_DATA_SUBSET", "1")  # the public sources are whole: it does not concern them
    good = without_place("mathchat_ec")
    wanted = with_sources(git, json.dumps(good[:2]).encode(), jsonl([*good, good[0]]))
    with pytest.raises(
        RefusedError, match=r"0.json holds 2 of 3 rows.*row 4 of .*1.json is there twice.*LEMMA_DATA"
    ) as refused:
        from_public_sources(wanted, DIGESTS)
    assert "\n" not in str(refused.value)
