"""The result folder: what is written, and what a failure leaves."""

from __future__ import annotations

import json
import os
import shutil
import tracemalloc
from pathlib import Path

import pytest
from pyarrow import parquet

from lemma_steps.output import DatasetWriter, Summary, reflection_variety, strategies
from lemma_steps.output import parquet_file as parquet_module
from tests.output.rows import STEPS, kept, rejected, stream

NAMES = ["figures/funnel.png", "rejected.parquet", "report.json", "train.jsonl", "train.parquet"]


def write(folder, rows):
    with DatasetWriter(folder) as writer:
        for row in rows:
            writer.write(row)
        writer.write_text("report.json", "{}\n")
        writer.write_figure("funnel.png", f"{writer.kept} kept".encode())
    return writer


def contents(folder):
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}


@pytest.fixture
def former(tmp_path):
    """A folder with a result, and what is in it."""
    write(tmp_path, [kept(1)])
    return tmp_path, contents(tmp_path)


def test_kept_and_rejected_rows_stand_in_their_files_in_order(tmp_path):
    rows = stream(40)
    writer = write(tmp_path, rows)
    lines = [json.loads(line) for line in (tmp_path / "train.jsonl").read_text("utf-8").splitlines()]
    assert parquet.read_table(tmp_path / "train.parquet").to_pylist() == lines
    assert [line["id"] for line in lines] == [row["id"] for row in rows if not row.get("rejected_by")]
    left = parquet.read_table(tmp_path / "rejected.parquet").to_pylist()
    assert [row["problem_id"] for row in left] == [row["problem_id"] for row in rows if row.get("rejected_by")]
    assert writer.kept + writer.rejected == len(rows) == len(lines) + len(left)
    assert sorted(contents(tmp_path)) == NAMES


def test_defect_32_a_rejected_text_is_kept_with_its_reason(tmp_path):
    row = {**kept(1), "verdict": "wrong", "rejected_by": "answer_filter", "reason": "wrong", "detail": "41, gold 42"}
    write(tmp_path, [row])
    [left] = parquet.read_table(tmp_path / "rejected.parquet").to_pylist()
    assert (left["output"], left["reason"], left["detail"]) == (row["output"], "wrong", "41, gold 42")


def test_same_rows_same_bytes(tmp_path):
    write(tmp_path / "a", stream(30))
    write(tmp_path / "b", stream(30))
    assert contents(tmp_path / "a") == contents(tmp_path / "b")


def test_jsonl_is_one_line_of_plain_utf_8_per_row(tmp_path):
    odd = "Zoë’s 数\u2028line\u0085 \ud800 \x00"
    write(tmp_path, [kept(1, explanation=odd)])
    data = (tmp_path / "train.jsonl").read_bytes()
    assert data.count(b"\n") == 1
    assert "Zoë’s 数".encode() in data
    assert json.loads(data)["explanation"] == odd.replace("\ud800", "\ufffd")


@pytest.mark.parametrize(("limit", "value"), [("ROWS_PER_GROUP", 10), ("CHARACTERS_PER_GROUP", 10_000)])
def test_row_groups_are_bounded(tmp_path, monkeypatch, limit, value):
    monkeypatch.setattr(parquet_module, limit, value)
    write(tmp_path, [kept(number) for number in range(95)])
    file = parquet.ParquetFile(tmp_path / "train.parquet")
    assert file.num_row_groups >= 5
    assert file.read().num_rows == 95


def test_memory_does_not_grow_with_the_rows(tmp_path, monkeypatch):
    monkeypatch.setattr(parquet_module, "ROWS_PER_GROUP", 10)
    for sampled in (reflection_variety, strategies):  # samples grow until they are full: let that be soon
        monkeypatch.setattr(sampled, "SAMPLE", 5)
    rows, summary = stream(20), Summary(STEPS)

    def write(turn):
        for row in rows:
            summary.add(writer.write({**row, "id": row.get("id") and f"{row['id']}-{turn}"}))

    with DatasetWriter(tmp_path) as writer:
        write("first")
        tracemalloc.start()
        try:
            for turn in range(20):
                write(turn)
            grown, _ = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
    assert writer.kept + writer.rejected == 21 * len(rows) > 1000
    assert grown < 200_000, "two turns at most; each holds 100 kB and more"


def test_an_empty_run_gives_empty_files_with_all_columns(tmp_path):
    write(tmp_path, [])
    assert parquet.read_table(tmp_path / "train.parquet").num_rows == 0
    assert "rejected_by" in parquet.read_schema(tmp_path / "rejected.parquet").names
    assert (tmp_path / "train.jsonl").read_bytes() == b""


@pytest.mark.parametrize(
    "row",
    [kept(2, verdict="wrong"), kept(2, question=7), {**kept(2), "output": "short"}],
    ids=["verdict", "type", "join"],
)
def test_a_row_that_cannot_be_kept_stops_the_writing_and_harms_nothing(former, row):
    folder, before = former
    with pytest.raises((ValueError, TypeError), match="00000002"):
        write(folder, [kept(1), row])
    assert contents(folder) == before


def test_an_interrupted_run_leaves_the_former_result(former):
    folder, before = former

    def interrupted():
        yield kept(5)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write(folder, interrupted())
    assert contents(folder) == before


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no device that is always full")
@pytest.mark.parametrize("name", ["train.jsonl", "train.parquet", "rejected.parquet"])
def test_a_full_disk_is_an_error_that_names_the_file(former, monkeypatch, name):
    folder, before = former
    opened = Path.open

    def full(path, *args, **options):
        return opened(Path("/dev/full") if path.name == f".{name}.partial" else path, *args, **options)

    monkeypatch.setattr(Path, "open", full)
    rows = [*(kept(number) for number in range(50)), rejected(60, "load_problems", "no_answer")]
    with pytest.raises(OSError, match="No space left") as caught:
        write(folder, rows)
    assert name in caught.value.filename or caught.value.filename == "/dev/full"
    monkeypatch.undo()
    assert contents(folder) == before


def test_files_are_put_in_place_together_or_not_at_all(former, monkeypatch):
    folder, before = former
    replaced = os.replace
    moves = []

    def fail_late(source, target):
        moves.append(target)
        if len(moves) == 5:
            raise PermissionError(13, "held open by another program", str(target))
        replaced(source, target)

    monkeypatch.setattr(os, "replace", fail_late)
    with pytest.raises(PermissionError):
        write(folder, stream(10))
    assert contents(folder) == before


@pytest.mark.parametrize("moves", range(11))
def test_a_writer_killed_among_its_renames_leaves_one_whole_result(former, monkeypatch, moves):
    folder, before = former
    write(folder / "new", stream(10))
    after = contents(folder / "new")
    shutil.rmtree(folder / "new")
    replaced, left = os.replace, iter(range(moves))

    def dead(source, target):
        if next(left, None) is None:
            raise KeyboardInterrupt
        replaced(source, target)

    with monkeypatch.context() as frozen:
        frozen.setattr(os, "replace", dead)
        frozen.setattr(Path, "unlink", lambda path, missing_ok=False: None)
        frozen.setattr(shutil, "rmtree", lambda path: None)
        if moves < 10:
            with pytest.raises(KeyboardInterrupt):
                write(folder, stream(10))
        else:
            write(folder, stream(10))
    DatasetWriter(folder).discard()
    assert contents(folder) == (before if moves < 10 else after)


def test_figures_that_were_put_in_place_before_the_rest_go_back(tmp_path):
    for name in ("figures/new.png", ".figures.former/old.png", ".report.json.partial"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(name)
    DatasetWriter(tmp_path).discard()
    assert [path.name for path in sorted(tmp_path.rglob("*"))] == ["figures", "old.png"]


def test_figures_of_the_former_result_go_with_it(former):
    folder, _ = former
    with DatasetWriter(folder) as writer:
        writer.write_figure("lengths.png", b"new")
    assert [path.name for path in (folder / "figures").iterdir()] == ["lengths.png"]


def test_a_folder_that_cannot_be_made_is_named(tmp_path):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(OSError, match="file"):
        DatasetWriter(tmp_path / "file" / "out")
