"""Sets are opened from folders, files and the Hub; what is not there, empty or broken is refused in one line."""

from __future__ import annotations

import gzip
import hashlib
import json
import os
import subprocess
import sys

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from lemma_steps.errors import RefusedError
from lemma_steps.prompts import inference_prompt
from lemma_steps.publish import push_to_hub
from lemma_steps.training.dataset import open_dataset
from tests.hub_server import TOKEN, HubServer

RESPONSE = "lemma_steps.training.response"


def test_a_folder_its_parquet_and_its_jsonl_give_the_same_examples(kept_rows, tmp_path):
    lines = (kept_rows / "train.jsonl").read_bytes()
    packed = tmp_path / "rows.jsonl.gz"
    packed.write_bytes(gzip.compress(lines))
    for kind in (RESPONSE, "lemma_steps.training.masked_response", "lemma_steps.training.published"):
        whole = open_dataset(str(kept_rows), kind)
        assert whole.path == str(kept_rows / "train.parquet")
        assert whole.id == hashlib.sha256((kept_rows / "train.parquet").read_bytes()).hexdigest()
        assert len([*whole.examples]) == len(lines.splitlines())
        for path in (kept_rows / "train.parquet", kept_rows / "train.jsonl", packed):
            found = open_dataset(str(path), kind)
            assert ([*found.examples], found.path) == ([*whole.examples], str(path))
            assert found.id == hashlib.sha256(path.read_bytes()).hexdigest()


def test_a_folder_of_lines_alone(kept_rows, tmp_path):
    (tmp_path / "train.jsonl").write_bytes((kept_rows / "train.jsonl").read_bytes())
    assert open_dataset(str(tmp_path), RESPONSE).path == str(tmp_path / "train.jsonl")


SEGMENTS = [{"label": False, "text": inference_prompt("a")}, {"label": True, "text": " b"}]
GOOD = (json.dumps({"instruction": "a", "output": " b", "segments": SEGMENTS}) + "\n").encode()
BROKEN = {
    "empty.jsonl": (b"", "the file is empty"),
    "blank.jsonl": (b"\n\n", "holds no rows"),
    "cut.jsonl": (b'{"instruction": "a", "out', "row 1: not JSON"),
    "list.jsonl": (b"[1]\n", "row 1: a list, not an object"),
    "latin.jsonl": ('{"instruction": "é"}'.encode("latin-1"), "not UTF-8"),
    "cut.jsonl.gz": (gzip.compress(GOOD * 999)[:-20], "corrupt gzip"),
    "cut.parquet": (b"PAR1 and no more", "not a whole Parquet file"),
    "other.jsonl": (
        b'{"query": "a", "response": "b"}\n',
        "no column instruction, output, segments among query, response",
    ),
    "rows.csv": (b"instruction,output\na,b\n", "unknown kind of file; give one of .parquet, .jsonl"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_file_is_refused(name, tmp_path):
    data, words = BROKEN[name]
    (tmp_path / name).write_bytes(data)
    with pytest.raises(RefusedError, match=words) as caught:
        open_dataset(str(tmp_path / name), RESPONSE)
    assert str(tmp_path / name) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_parquet_file_without_a_column_or_without_rows(tmp_path):
    path = tmp_path / "t.parquet"
    pq.write_table(pa.table({"query": ["a"], "response": ["b"]}), path)
    with pytest.raises(RefusedError, match="no column instruction, output, segments among query, response"):
        open_dataset(str(path), RESPONSE)
    pq.write_table(pa.table({"instruction": pa.array([], pa.string()), "output": pa.array([], pa.string())}), path)
    with pytest.raises(RefusedError, match="holds no rows"):
        open_dataset(str(path), "lemma_steps.training.published")


@pytest.mark.parametrize("spec", ["no/such/file", "nowhere.parquet", "/nowhere/train.jsonl", "out", "a/b.jsonl"])
def test_a_path_that_is_not_there_is_no_hub_id(spec, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(RefusedError, match="no such file"):
        open_dataset(spec, RESPONSE)


def test_a_folder_without_rows_is_refused(tmp_path):
    with pytest.raises(RefusedError, match=r"no train.parquet or train.jsonl in it"):
        open_dataset(str(tmp_path), RESPONSE)


@pytest.mark.parametrize("kind", ["alpaca", "response", "lemma_steps.training.encoding", "other.training.response", ""])
def test_another_dataset_type_is_refused(kind, kept_rows):
    with pytest.raises(RefusedError, match=r"not one of lemma_steps.training.response, "):
        open_dataset(str(kept_rows), kind)


FROM_HUB = """
import json, sys
from lemma_steps.errors import RefusedError
from lemma_steps.training.dataset import open_dataset
found = open_dataset("me/set", "lemma_steps.training.masked_response")
print(json.dumps([found.path, found.id, [*found.examples]]))
try:
    open_dataset("me/none", "lemma_steps.training.response")
except RefusedError as error:
    print(error)
"""


def test_a_set_on_the_hub_is_known_by_its_revision(kept_rows, tmp_path):
    with HubServer() as hub:
        push_to_hub(kept_rows, "me/set", endpoint=hub.url, token=TOKEN)
        home = {"HF_ENDPOINT": hub.url, "HF_TOKEN": TOKEN, "HF_HOME": str(tmp_path), "HF_HUB_OFFLINE": "0"}
        command = [sys.executable, "-c", FROM_HUB]
        done = subprocess.run(command, env=os.environ | home, capture_output=True, text=True, timeout=120)
        hub.shutdown()
    assert done.returncode == 0, done.stderr
    given, refused = done.stdout.splitlines()[-2:]
    path, name, examples = json.loads(given)
    revision = hub.at("me/set")[0]
    assert (path, name) == ("me/set", f"me/set@{revision}")
    here = open_dataset(str(kept_rows), "lemma_steps.training.masked_response").examples
    assert examples == json.loads(json.dumps([*here]))
    assert refused.startswith("me/none: neither a file here nor a set that can be loaded from the Hub")
