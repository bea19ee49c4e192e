"""A run in parts: the same bytes as in one, and nothing joined that does not belong together."""

from __future__ import annotations

import asyncio
import json
import shutil
import tracemalloc
from itertools import pairwise

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import yaml
from distilabel.pipeline import Pipeline
from hypothesis import given
from hypothesis import strategies as st
from lemma import app
from typer.testing import CliRunner

from lemma_steps.errors import RefusedError
from lemma_steps.output import DatasetWriter
from lemma_steps.run_directory import run_directory
from lemma_steps.shards.chains import leave_to_merge
from lemma_steps.shards.order import Order
from lemma_steps.shards.part import Part
from lemma_steps.shards.shard import Shard
from lemma_steps.sources import Source
from lemma_steps.steps import Decontaminate, Deduplicate, LoadProblems

ROWS = ("train.parquet", "train.jsonl", "rejected.parquet")


def lemma(*arguments):
    """The command in this process: exit code, standard output and error as a user gets them."""
    run = CliRunner().invoke(app, [*map(str, arguments)])
    if run.exception and not isinstance(run.exception, SystemExit):
        raise run.exception
    return run


def rows_of(directory, name="train"):
    return pq.read_table(directory / f"{name}.parquet").to_pylist()


def report_of(directory):
    return json.loads((directory / "report.json").read_text(encoding="utf-8"))


def write(path, rows):
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def sets(tmp_path_factory):
    """Two files with nearly the same questions, one question twice in its file, and a row without an answer.

    No comparison may run out of time on a busy machine: verdicts decide bytes.
    """
    folder = tmp_path_factory.mktemp("sets")
    starter = [
        {"question": row["question"], "answer": row["gold_solution"]}
        for row in Source("starter").rows(12)
        if "reason" not in row
    ]
    recipe = {
        "problems": [
            str(write(folder / "one.jsonl", [*starter, {"question": "Why?", "answer": ""}, starter[2]])),
            str(write(folder / "two.jsonl", [*starter[:9], starter[1]])),
        ],
        "teacher": "offline",
        "student_samples": "starter",
        "steps": {"score_samples": {"timeout_s": 60}, "answer_filter": {"timeout_s": 60}},
    }
    (folder / "recipe.yaml").write_text(yaml.safe_dump(recipe), encoding="utf-8")
    return folder


def run(sets, *arguments):
    done = lemma("--config", sets / "recipe.yaml", *arguments)
    assert done.exit_code == 0, done.stderr
    return done


def in_parts(sets, output, parts, *arguments):
    for index in range(1, parts + 1):
        run(sets, "--output", output, "--shard", f"{index}/{parts}", *arguments)
    return output


@pytest.fixture(scope="module")
def whole(sets, tmp_path_factory):
    """The result of one run."""
    run(sets, "--output", directory := tmp_path_factory.mktemp("whole") / "out")
    return directory


@pytest.fixture(scope="module")
def halves(sets, tmp_path_factory):
    """Two finished parts, not merged."""
    return in_parts(sets, tmp_path_factory.mktemp("halves") / "out", 2)


@pytest.fixture
def two(halves, tmp_path):
    """A copy of the two parts, to be spoilt."""
    return shutil.copytree(halves, tmp_path / "two")


def assert_same_result(merged, whole):
    for name in ROWS:
        assert (merged / name).read_bytes() == (whole / name).read_bytes(), name
    first, second = report_of(whole), report_of(merged)
    assert {**first, "run": None} == {**second, "run": None}
    text = (whole / "pipeline.yaml").read_text().replace(str(whole), str(merged))
    assert yaml.safe_load((merged / "pipeline.yaml").read_text()) == yaml.safe_load(text)


def test_two_parts_give_the_bytes_of_one_run(two, whole):
    done = lemma("merge", two)
    assert done.exit_code == 0, done.stderr
    assert_same_result(two, whole)
    run = report_of(two)["run"]
    assert [part["part"] for part in run["merged_from"]] == ["1/2", "2/2"]
    paid = [report_of(two / folder)["run"]["requests_in_store"] for folder in ("part-1-of-2", "part-2-of-2")]
    assert run["requests_in_store"] == {name: paid[0][name] + paid[1][name] for name in paid[0]}


def test_what_repeats_across_the_border_is_found(two, whole):
    """The sets above would prove nothing if no row of the second part repeated one of the first."""
    first = {row["id"] for row in rows_of(two / "part-1-of-2")}
    repeats = [row for row in rows_of(whole, "rejected") if row["rejected_by"] == "deduplicate"]
    across = [row for row in repeats if row["id"] not in first and row["detail"].split()[1].strip(",") in first]
    assert len([row for row in across if row["reason"] == "near_duplicate"]) >= 3
    assert "deduplicate" not in {row["rejected_by"] for row in rows_of(two / "part-2-of-2", "rejected")}
    asked = [row for row in rows_of(two / "part-2-of-2", "rejected") if row["reason"] == "duplicate_problem"]
    assert any("one.jsonl, row 3" in row["detail"] for row in asked)


def test_three_parts_in_any_order_from_two_directories(sets, whole, tmp_path):
    for index, place in ((3, "a"), (1, "b"), (2, "a")):
        run(sets, "--output", tmp_path / place, "--shard", f"{index}/3")
    done = lemma("merge", tmp_path / "a", tmp_path / "b" / "part-1-of-3", "--output", tmp_path / "out")
    assert done.exit_code == 0, done.stderr
    for name in ROWS:
        assert (tmp_path / "out" / name).read_bytes() == (whole / name).read_bytes(), name


def test_more_parts_than_problems(sets, tmp_path):
    run(sets, "--output", tmp_path / "one", "--limit", 1)
    in_parts(sets, tmp_path / "three", 3, "--limit", 1)  # of each file
    assert lemma("merge", tmp_path / "three").exit_code == 0
    assert_same_result(tmp_path / "three", tmp_path / "one")


@pytest.mark.long
@pytest.mark.parametrize("parts", [2, 3])
def test_all_of_starter_in_parts(parts, tmp_path):
    recipe = tmp_path / "recipe.yaml"
    steps = {"score_samples": {"timeout_s": 60}, "answer_filter": {"timeout_s": 60}}
    settings = {"problems": ["starter"], "teacher": "offline", "student_samples": "starter", "steps": steps}
    recipe.write_text(yaml.safe_dump(settings), encoding="utf-8")
    run(tmp_path, "--output", tmp_path / "one")
    in_parts(tmp_path, tmp_path / "parts", parts)
    assert lemma("merge", tmp_path / "parts").exit_code == 0
    assert_same_result(tmp_path / "parts", tmp_path / "one")


def test_a_merge_may_be_repeated_and_the_parts_stay(two):
    before = {path: path.read_bytes() for path in two.rglob("*.*") if path.is_file()}
    results = []
    for _ in range(2):
        assert lemma("merge", two).exit_code == 0
        results.append([(two / name).read_bytes() for name in ROWS])
    assert results[0] == results[1]
    assert {path: path.read_bytes() for path in before} == before


def test_parts_that_keep_nothing_are_no_error_and_a_merge_that_keeps_nothing_is(tmp_path):
    proofs = [{"question": f"Prove that {n} is odd.", "answer": "It is.\n#### none"} for n in (3, 5)]
    path = write(tmp_path / "proofs.jsonl", proofs)
    for index in (1, 2):
        done = lemma(
            "--problems", path, "--student-samples", "none", "--output", tmp_path / "out", "--shard", f"{index}/2"
        )
        assert done.exit_code == 0, done.stderr
    done = lemma("merge", tmp_path / "out")
    assert done.exit_code == 2
    assert "no row was kept of 16 that entered: declined (16)" in done.stderr
    assert len(rows_of(tmp_path / "out", "rejected")) == 16


def drop(name):
    return lambda folder: shutil.rmtree(folder / name) if "." not in name else (folder / name).unlink()


def edit(name, change):
    def spoil(folder):
        (folder / name).write_bytes(change((folder / name).read_bytes()))

    return spoil


def rename(name, to):
    return lambda folder: (folder / name).rename(folder / to)


def other_block(folder):
    table = pq.read_table(folder / "part-2-of-2/order.parquet")
    facts = json.loads(table.schema.metadata[b"lemma"]) | {"before": "changed"}
    pq.write_table(table.replace_schema_metadata({"lemma": json.dumps(facts)}), folder / "part-2-of-2/order.parquet")


def foreign_order(folder):
    pq.write_table(pa.table({"x": [1]}), folder / "part-2-of-2/order.parquet")


SPOILT = [
    # what is done to two finished parts, what the merge says
    (drop("part-2-of-2"), "no part 2 of 2; make it with: "),
    (drop("part-1-of-2"), "no part 1 of 2; make it with: "),
    (drop("part-2-of-2/report.json"), "part-2-of-2: has not ended; run it to its end with: "),
    (drop("part-2-of-2/pipeline.yaml"), "part-2-of-2: holds no run"),
    (drop("part-2-of-2/order.parquet"), "part-2-of-2: is not whole"),
    (drop("part-2-of-2/train.parquet"), "part-2-of-2: is not whole"),
    (edit("part-2-of-2/train.parquet", lambda b: b[:-9]), "part-2-of-2: is not whole"),
    (edit("part-2-of-2/report.json", lambda b: b[:-9]), "part-2-of-2: is not whole"),
    (edit("part-2-of-2/report.json", lambda b: b + b"\n"), "part-2-of-2: was not written to its end"),
    (foreign_order, "part-2-of-2: is not whole"),
    (edit("part-2-of-2/pipeline.yaml", lambda b: b.replace(b"seed: 0", b"seed: 1")), "made under other settings"),
    (edit("part-2-of-2/pipeline.yaml", lambda b: b"a: [b"), "made under other settings"),
    (
        lambda folder: [
            edit(f"part-{n}-of-2/pipeline.yaml", lambda b: b.replace(b"Deduplicate", b"Gone"))(folder) for n in (1, 2)
        ],
        "part-1-of-2: its pipeline is not of this version",
    ),
    (
        lambda folder: [edit(f"part-{n}-of-2/pipeline.yaml", lambda b: b"a: [b")(folder) for n in (1, 2)],
        "part-1-of-2: its pipeline is not of this version",
    ),
    (other_block, "part-2-of-2: its problems do not follow on those of"),
    (rename("part-2-of-2", "part-2-of-3"), "parts of 2 and parts of 3"),
]


@pytest.mark.parametrize(("spoil", "message"), SPOILT, ids=[f"{n} {case[1][:40]}" for n, case in enumerate(SPOILT)])
def test_a_merge_refuses_what_is_not_whole_and_names_it(two, spoil, message):
    spoil(two)
    done = lemma("merge", two)
    assert done.exit_code == 2
    assert message in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1
    assert not (two / "train.parquet").exists()


def test_the_command_that_makes_a_missing_part_is_a_whole_one(two):
    report = report_of(two / "part-1-of-2")
    report["run"]["command"] = "python recipes/lemma.py --problems 'my set.jsonl' --shard 1/2 --output out"
    (two / "part-1-of-2/report.json").write_text(json.dumps(report))
    shutil.rmtree(two / "part-2-of-2")
    wanted = "python recipes/lemma.py --problems 'my set.jsonl' --shard 2/2 --output out"
    assert lemma("merge", two).stderr.strip().endswith(wanted)


def test_a_merge_refuses_other_places(two, tmp_path):
    assert "no such directory" in lemma("merge", tmp_path / "nowhere").stderr
    (tmp_path / "empty").mkdir()
    assert "holds no part of a run" in lemma("merge", tmp_path / "empty").stderr
    copy = shutil.copytree(two / "part-1-of-2", tmp_path / "again" / "part-1-of-2")
    assert f"part 1/2 is also in {two / 'part-1-of-2'}" in lemma("merge", two, copy).stderr
    (tmp_path / "home").mkdir()
    (tmp_path / "home" / "thesis.tex").write_text("years of work")
    done = lemma("merge", two, "--output", tmp_path / "home")
    assert done.exit_code == 2
    assert "holds thesis.tex, which is not of a run" in done.stderr
    assert [path.name for path in (tmp_path / "home").iterdir()] == ["thesis.tex"]


def test_a_part_that_is_being_written_is_not_merged(two):
    part = two / "part-2-of-2"
    with run_directory(part, (part / "pipeline.yaml").read_text()):
        done = lemma("merge", two)
    assert done.exit_code == 2
    assert "is writing here" in done.stderr
    assert lemma("merge", two).exit_code == 0


REFUSALS = [
    (["--shard", "3/2"], "--shard 3/2: no part of a run; write I/N"),
    (["--shard", "0/2"], "--shard 0/2: no part of a run"),
    (["--shard", "half"], "--shard half: no part of a run"),
    (["--shard", "1/3"], "holds part-1-of-2, and --shard 1/3 is one of 3"),
    (["--shard", "2/2", "--seed", "9"], "part-1-of-2 is of a run with other settings"),
    ([], "holds parts of a run of 2; join them with `python recipes/lemma.py merge"),
    (["--shard", "1/2", "--push-to-hub", "org/name"], "a part is not the result"),
    (["--shard", "1/2", "--ray"], "a part is not the result"),
    (["--parts", "2"], "--parts 2: of --ray alone"),
]


@pytest.mark.parametrize(("arguments", "message"), REFUSALS, ids=[" ".join(case[0]) or "whole" for case in REFUSALS])
def test_a_run_is_refused_where_parts_of_another_are(sets, halves, arguments, message):
    before = sorted(halves.rglob("*"))
    done = lemma("--config", sets / "recipe.yaml", "--output", halves, *arguments)
    assert done.exit_code == 2
    assert message in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1
    assert sorted(halves.rglob("*")) == before


def test_a_part_is_refused_where_a_run_of_its_own_is(sets, whole):
    done = lemma("--config", sets / "recipe.yaml", "--output", whole, "--shard", "1/2")
    assert done.exit_code == 2
    assert "holds a run of its own" in done.stderr


def test_a_part_made_again_for_its_failed_calls_is_merged_again(sets, two, whole):
    assert lemma("merge", two).exit_code == 0
    run(sets, "--output", two, "--shard", "2/2")
    assert lemma("merge", two).exit_code == 0
    assert (two / "train.parquet").read_bytes() == (whole / "train.parquet").read_bytes()


@given(st.integers(0, 10**7), st.integers(1, 50))
def test_blocks_cover_every_row_once_and_differ_by_one_row_at_most(total, parts):
    blocks = [Shard(parts, index).block(total) for index in range(1, parts + 1)]
    assert [blocks[0].start, blocks[-1].stop] == [0, total]
    assert all(one.stop == two.start for one, two in pairwise(blocks))
    assert max(map(len, blocks)) - min(map(len, blocks)) <= 1


@given(st.integers(1, 10**6 - 1).flatmap(lambda n: st.tuples(st.just(n), st.integers(1, n))))
def test_a_shard_is_known_by_its_words_and_by_its_folder(numbers):
    shard = Shard(*numbers)
    assert Shard.parse(str(shard)) == shard == Shard.of_folder(shard.folder)


@pytest.mark.parametrize("name", ["part-3-of-2", "part-0-of-2", "part-1-of-2.log", "part-01-of-2", "parts", ""])
def test_other_folders_are_no_parts(name):
    assert Shard.of_folder(name) is None


def load(problems, shard=None, limit=None):
    step = LoadProblems(name="load", problems=problems, shard=shard, limit=limit, pipeline=Pipeline(name="unit"))
    return [row for batch, _ in step.process() for row in batch], step.block


@pytest.mark.parametrize("limit", [None, 7])
@pytest.mark.parametrize("parts", [1, 2, 3, 7, 40])
def test_the_loaders_of_all_parts_give_the_rows_of_one(sets, parts, limit):
    problems = [str(sets / "one.jsonl"), str(sets / "two.jsonl")]
    loaded = [load(problems, f"{index}/{parts}", limit) for index in range(1, parts + 1)]
    assert [row for rows, _ in loaded for row in rows] == load(problems, limit=limit)[0]
    blocks = [block for _, block in loaded]
    assert [block["end"] - block["begin"] for block in blocks] == [len(rows) for rows, _ in loaded]
    assert all((a["after"], a["total"]) == (b["before"], b["total"]) for a, b in pairwise(blocks))


def test_a_set_of_the_hub_is_cut_by_its_length(monkeypatch):
    sets = {None: [{"question": f"{n}?", "answer": f"#### {n}"} for n in range(5)]}
    monkeypatch.setattr(Source, "_load", lambda self, config: sets[config])
    assert Source("org/set").size() == 5
    assert Source("org/set").size(3) == 3
    loaded = [[row["question"] for row in load(["org/set"], f"{index}/2")[0]] for index in (1, 2)]
    assert loaded == [["0?", "1?"], ["2?", "3?", "4?"]]


def test_reading_a_part_takes_the_same_memory_however_many_rows_it_has(whole, tmp_path):
    kept, rejected = rows_of(whole)[0], rows_of(whole, "rejected")[0]
    peaks = []
    for rows in (2_000, 8_000):
        folder = tmp_path / str(rows)
        order = Order(folder, lambda: {"total": 0, "begin": 0, "end": 0, "before": "", "after": ""})

        async def write_part(rows=rows, folder=folder, order=order):
            async def stream():
                for number in range(rows):
                    yield rejected if number % 3 else kept

            async def writing():
                with DatasetWriter(folder) as writer:
                    async for row in order.watch(stream()):
                        writer.write(row)
                    writer.write_text("report.json", "{}")
                return {}

            await order.settle(writing())

        asyncio.run(write_part())
        tracemalloc.start()
        read = [bool(row.get("rejected_by")) for row in Part(folder, Shard(1, 1)).rows()]
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
        assert read == [bool(number % 3) for number in range(rows)]
    assert peaks[1] <= 1.2 * peaks[0], peaks


def test_changed_problems_do_not_follow_on(tmp_path):
    rows = [{"question": f"{n}?", "answer": f"#### {n}"} for n in range(6)]
    first = load([str(write(tmp_path / "set.jsonl", rows))], "1/2")[1]
    rows[1]["answer"] = "#### 7"
    second = load([str(write(tmp_path / "set.jsonl", rows))], "2/2")[1]
    assert first["total"] == second["total"]
    assert first["after"] != second["before"]


def test_a_step_in_the_middle_that_must_see_all_rows_cannot_be_left_to_the_merge():
    with Pipeline(name="test") as pipeline:
        LoadProblems(name="load", problems=["starter"]) >> Deduplicate(name="all") >> Decontaminate(name="one")
    with pytest.raises(RefusedError, match="step all must see the rows of all parts"):
        leave_to_merge(pipeline)
