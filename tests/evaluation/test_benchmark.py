"""Loading benchmark sets: what is taken, in which order, and what is refused. The rows are stand-ins of our own."""

from __future__ import annotations

import gzip
import json
import re
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lemma_steps.errors import RefusedError
from lemma_steps.evaluation.benchmarks.benchmark import load, local_file
from lemma_steps.evaluation.benchmarks.digests import read_digests, row_digest, write_digests
from lemma_steps.evaluation.benchmarks.registry import benchmark, registry

STAND_INS = Path(__file__).parents[1] / "fixtures" / "benchmarks"
DIGESTS = STAND_INS / "digests.npz"
SETS = {
    "gsm8k": 1319,
    "math": 5000,
    "math500": 500,
    "asdiv": 2215,
    "mawps": 2354,
    "svamp": 1000,
    "mathematics": 1000,
    "college_math": 2818,
    "mathchat_fqa": 1318,
    "mathchat_ec": 1318,
}


@pytest.fixture(autouse=True)
def _own_environment(monkeypatch):
    for variable in ("LEMMA_DATA", "LEMMA_DATA_SUBSET", "LEMMA_DIGESTS"):
        monkeypatch.delenv(variable, raising=False)


def rows_of(name):
    return [json.loads(line) for line in local_file(benchmark(name), STAND_INS).read_text("utf-8").splitlines()]


def load_rows(name, rows, folder, **options):
    """Load `rows` as the local file of the set."""
    with gzip.open(folder / f"{benchmark(name).file}.jsonl.gz", "wt", encoding="utf-8") as file:
        file.writelines(json.dumps(row) + "\n" for row in rows)
    return load(name, folder=folder, **{"digests": DIGESTS, **options})


def test_the_sets_are_the_papers_and_every_digest_is_there():
    assert {name: wanted.rows for name, wanted in registry().items()} == SETS
    assert {name: len(read_digests(name)) for name in registry()} == SETS


@pytest.mark.parametrize("wanted", registry().values(), ids=lambda wanted: wanted.name)
def test_every_source_is_pinned(wanted):
    for source in wanted.sources:
        assert re.fullmatch("[0-9a-f]{40}", source["revision"])
        assert ("hub" in source) != ("git" in source)
        assert "hub" in source or re.fullmatch("[0-9a-f]{64}", source["sha256"])
    assert wanted.licence
    assert wanted.paper


@pytest.mark.parametrize("name", SETS)
def test_the_public_rows_are_those_of_the_published_set(name, lemma_data):
    loaded = load(name, folder=lemma_data, subset=True)
    with gzip.open(lemma_data / f"{benchmark(name).file}.jsonl.gz", "rt", encoding="utf-8") as lines:
        published = [json.loads(line) for line in lines]
    assert loaded.rows == [{key: row[key] for key in ("_row", *benchmark(name).checked)} for row in published]
    whole = len(published) == SETS[name]
    assert loaded.subset == (None if whole else f"{len(published):,} of {SETS[name]:,} rows")
    if not whole:
        with pytest.raises(RefusedError, match=f"{SETS[name] - len(published):,} of {SETS[name]:,} rows are missing"):
            load(name, folder=lemma_data, subset=False)


@pytest.mark.parametrize("name", SETS)
def test_stand_ins_are_read_and_say_so(name):
    loaded = load(name, folder=STAND_INS, digests=DIGESTS)
    assert [row["_row"] for row in loaded.rows] == list(range(loaded.total))
    assert loaded.subset == f"{loaded.total} stand-in rows"
    with pytest.raises(RefusedError, match=r"row 1 of .* is altered, or no row of the published set"):
        load(name, folder=STAND_INS)


@pytest.mark.parametrize("name", SETS)
def test_a_change_in_any_checked_column_is_refused(name, tmp_path):
    for column in benchmark(name).checked:
        rows = rows_of(name)
        value = rows[1][column]
        rows[1][column] = (
            f"{value} " if isinstance(value, str) else [v + 1 for v in value] if isinstance(value, list) else value + 1
        )
        with pytest.raises(RefusedError, match=f"^{name}: row 2 of .*{column}"):
            load_rows(name, rows, tmp_path)
        del rows[1][column]
        with pytest.raises(RefusedError, match=f"^{name}: row 2 of "):
            load_rows(name, rows, tmp_path)


DAMAGES = [
    # what is done to the rows, whether a subset was asked for, what the refusal says
    (lambda rows: rows[1:], False, "1 of 4 rows are missing in .*LEMMA_DATA_SUBSET=1"),
    (lambda rows: [*rows, rows[2]], False, "row 5 of .* is there twice"),
    (lambda rows: [*rows[:2], rows[1], rows[3]], False, "row 3 of .* is there twice"),
    (lambda rows: [rows[0], rows[0]], True, "row 2 of .* is there twice"),
    (lambda rows: [*rows, {"question": "Why?", "answer": "#### 1"}], True, "row 5 of .* no row of the published set"),
    (lambda rows: [{**rows[0], "answer": None}], True, "row 1 of .* is altered"),
    (lambda rows: [], True, "empty|holds no rows"),
]


@pytest.mark.parametrize(("damage", "subset", "message"), DAMAGES)
def test_a_damaged_set_is_refused_in_one_line(damage, subset, message, tmp_path):
    with pytest.raises(RefusedError, match=message) as refused:
        load_rows("gsm8k", damage(rows_of("gsm8k")), tmp_path, subset=subset)
    assert "\n" not in str(refused.value)


@given(data=st.data(), name=st.sampled_from(sorted(SETS)))
def test_any_part_in_any_order_loads_in_the_sets_order(data, name, tmp_path_factory):
    rows = rows_of(name)
    part = data.draw(st.lists(st.sampled_from(rows), min_size=1, unique_by=lambda row: row["_row"]))
    loaded = load_rows(name, part, tmp_path_factory.mktemp("part"), subset=True)
    assert loaded.rows == sorted(part, key=lambda row: row["_row"])
    assert loaded.total == len(rows)


def test_the_place_of_a_row_comes_from_its_content(tmp_path):
    rows = [{**row, "_row": 77, "idx": 5} for row in rows_of("svamp")]
    assert [row["_row"] for row in load_rows("svamp", rows, tmp_path).rows] == [0, 1, 2, 3]
    assert all("idx" not in row for row in load_rows("svamp", rows, tmp_path).rows)


def test_a_problem_that_the_set_holds_twice_is_taken_twice(tmp_path):
    one, other = rows_of("mawps")[:2]
    digests = [row_digest(row, benchmark("mawps").checked) for row in (one, other, one)]
    write_digests({"mawps": digests}, tmp_path / "own.npz")
    loaded = load_rows("mawps", [one, other, one], tmp_path, digests=tmp_path / "own.npz")
    assert [row["_row"] for row in loaded.rows] == [0, 1, 2]
    with pytest.raises(RefusedError, match=r"row 3 of .* is there twice"):
        load_rows("mawps", [other, one, other], tmp_path, digests=tmp_path / "own.npz")


def test_a_number_counts_by_its_value_and_text_by_its_characters():
    assert row_digest({"a": 145, "b": [2]}, ["a", "b"]) == row_digest({"b": [2.0], "a": 145.0}, ["a", "b"])
    different = [{"a": 145}, {"a": "145"}, {"a": "145.0"}, {"a": [145]}, {"a": True}, {"a": 1}, {"a": None}, {"a": ""}]
    assert len({row_digest(row, ["a"]) for row in different}) == len(different)
    assert row_digest({"a": "x", "b": ""}, ["a", "b"]) != row_digest({"a": "", "b": "x"}, ["a", "b"])


def test_the_environment_names_folder_subset_and_digests(monkeypatch, tmp_path):
    load_rows("asdiv", rows_of("asdiv")[:3], tmp_path, subset=True)
    monkeypatch.setenv("LEMMA_DATA", str(tmp_path))
    monkeypatch.setenv("LEMMA_DIGESTS", str(DIGESTS))
    with pytest.raises(RefusedError, match="1 of 4 rows are missing"):
        load("asdiv")
    monkeypatch.setenv("LEMMA_DATA_SUBSET", "1")
    assert load("asdiv").subset == "3 stand-in rows"
    with pytest.raises(RefusedError, match="1 of 4 rows are missing"):
        load("asdiv", subset=False)


UNREADABLE = [
    ({"name": "gsm9k"}, "gsm9k: no such benchmark set; there are gsm8k, "),
    ({"folder": Path("nowhere")}, r"gsm8k: no file nowhere.gsm8k_test\.jsonl\.gz; check LEMMA_DATA, or build"),
    ({"digests": Path("nowhere.npz")}, "nowhere.npz: no digests of gsm8k there; check LEMMA_DIGESTS"),
    ({"digests": STAND_INS / "README.md"}, "README.md: no digests of gsm8k there"),
]


@pytest.mark.parametrize(("options", "message"), UNREADABLE)
def test_what_cannot_be_read_is_refused(options, message):
    with pytest.raises(RefusedError, match=message):
        load(**{"name": "gsm8k", "folder": STAND_INS, "digests": DIGESTS, **options})


@pytest.mark.parametrize("digests", [None, [[1, 2]], [0.5], []])
def test_a_file_that_is_no_digests_is_refused_in_one_line(tmp_path, digests):
    path = tmp_path / "digests.npz"
    if digests is None:
        path.touch()
    else:
        with path.open("wb") as file:
            np.savez(file, gsm8k=np.array(digests))
    with pytest.raises(RefusedError, match="no digests of gsm8k there"):
        load("gsm8k", folder=STAND_INS, digests=path)


def test_a_number_beyond_all_floats_is_just_another_row():
    assert row_digest({"Answer": 10**400}, ["Answer"]) != row_digest({"Answer": 10**401}, ["Answer"])
