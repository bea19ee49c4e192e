"""The command as a user runs it: whole runs over files, with the offline teacher."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from lemma import app
from typer.testing import CliRunner

from lemma_steps.segmentation import segment

ROOT = Path(__file__).parent.parent
STARTER = ROOT / "lemma_steps" / "data" / "starter" / "problems.jsonl"


def lemma(*arguments):
    """The command in this process: exit code, standard output and error as a user gets them."""
    run = CliRunner().invoke(app, [*map(str, arguments)])
    if run.exception and not isinstance(run.exception, SystemExit):
        raise run.exception
    return run


def process(*arguments):
    """The command in a process of its own."""
    command = [sys.executable, str(ROOT / "recipes" / "lemma.py"), *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, cwd=ROOT, timeout=600)


def rows_of(directory, name="train"):
    return pq.read_table(directory / f"{name}.parquet").to_pylist()


@pytest.fixture(scope="session")
def result(tmp_path_factory):
    """One default run; the tests below look at what it left."""
    directory = tmp_path_factory.mktemp("default") / "out"
    run = process("--output", directory)
    assert run.returncode == 0, run.stderr
    return directory


@pytest.fixture(scope="session")
def kept(result):
    return rows_of(result)


def test_everything_is_there(result):
    names = {path.name for path in result.iterdir()}
    assert names == {
        "train.parquet",
        "train.jsonl",
        "rejected.parquet",
        "report.json",
        "report.html",
        "README.md",
        "pipeline.yaml",
        "requests.sqlite",
        "figures",
    }


def test_both_origins_and_both_strategies_are_kept(kept):
    assert {(row["origin"], row["strategy"]) for row in kept} == {
        (origin, strategy) for origin in ("student", "injected") for strategy in ("fix_continue", "fresh_restart")
    }


def test_accounting(result, kept):
    report = json.loads((result / "report.json").read_text())
    rejected = rows_of(result, "rejected")
    assert report["kept"] == len(kept) == len((result / "train.jsonl").read_text().splitlines())
    assert report["rejected"] == len(rejected)
    assert report["entered"] == len(kept) + len(rejected)
    assert all(row["rejected_by"] and row["reason"] for row in rejected)
    by_step = {step["step"]: sum(step["rejected"].values()) for step in report["funnel"]}
    assert sum(by_step.values()) == len(rejected)
    assert report["funnel"][-1]["rows_out"] == len(kept)
    ids = [row["id"] for row in [*kept, *rejected] if row["id"]]
    assert len(set(ids)) == len(ids)
    classified = sum(step["calls"] for step in report["calls"] if step["step"] == "classify_errors")
    assert report["distribution_match"]["student_wrong"] == classified


def test_every_kept_row_is_what_it_says(kept):
    for row in kept:
        output, prefix = row["output"], row["erroneous_prefix"]
        assert output == prefix + row["reflection"] + row["correction"]
        assert output.startswith(" ")
        assert row["erroneous_solution"].startswith(prefix)
        steps = segment(row["erroneous_solution"])
        assert prefix == "".join(steps[: row["error_step"]])
        assert output[row["error_begin"] : row["error_end"]] == steps[row["error_step"] - 1]
        assert row["n_steps"] == len(steps)
        assert row["verdict"] == "right"
        assert "<<" not in output
        assert "####" not in output
        assert output.rsplit("\n", 1)[-1].lstrip().startswith("The answer is: ")
        assert (row["instruction"], row["input"]) == (row["question"], "")
        prompt = f"### Instruction:\n{row['question']}\n\n### Response: Let's think step by step."
        assert "".join(segment_["text"] for segment_ in row["segments"]) == prompt + output
        assert row["provenance"]


def test_jsonl_and_parquet_hold_the_same_rows(result, kept):
    lines = (result / "train.jsonl").read_text(encoding="utf-8").splitlines()
    assert [json.loads(line) for line in lines] == kept


def test_the_same_settings_give_the_same_bytes(result, tmp_path):
    run = lemma("--output", tmp_path / "again")
    assert run.exit_code == 0, run.stderr
    for name in ("train.parquet", "train.jsonl", "rejected.parquet", "pipeline.yaml"):
        assert (tmp_path / "again" / name).read_bytes() == (result / name).read_bytes()
    first, second = (json.loads((d / "report.json").read_text()) for d in (result, tmp_path / "again"))
    assert {**first, "run": None} == {**second, "run": None}


def test_the_readme_s_first_command_has_no_arguments(result, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "argv", ["lemma.py"])
    with pytest.raises(SystemExit) as end:
        app()
    assert end.value.code == 0
    assert (tmp_path / "out" / "train.jsonl").read_bytes() == (result / "train.jsonl").read_bytes()


def test_another_seed_gives_other_rows(result, tmp_path):
    assert lemma("--output", tmp_path, "--seed", 1, "--limit", 20).exit_code == 0
    assert not {row["output"] for row in rows_of(tmp_path)} <= {row["output"] for row in rows_of(result)}


ABLATIONS = {
    "error-augmentation": lambda rows: all(row["origin"] == "student" for row in rows),
    "fresh-restart": lambda rows: all(row["strategy"] == "fix_continue" for row in rows),
    "fix-continue": lambda rows: all(row["strategy"] == "fresh_restart" for row in rows),
    "truncation": lambda rows: all(row["erroneous_prefix"] == row["erroneous_solution"] for row in rows),
    "smooth": lambda rows: all(call["step"] != "smooth" for row in rows for call in row["provenance"]),
    "decontamination": lambda rows: True,
}


@pytest.mark.parametrize("name", ABLATIONS)
def test_ablations(tmp_path, name):
    run = lemma("--output", tmp_path, "--limit", 30, "--ablate", name)
    assert run.exit_code == 0, run.stderr
    rows = rows_of(tmp_path)
    assert rows
    assert ABLATIONS[name](rows)
    assert ("decontaminate" in (tmp_path / "pipeline.yaml").read_text()) == (name != "decontamination")


REFUSALS = [
    (["--problems", "missing.jsonl"], "missing.jsonl: no such file"),
    (["--problems", "gsm9k"], "gsm9k: no such set or file"),
    (["--config", "missing.yaml"], "missing.yaml: No such file"),
    (["--teacher", "gpt-4o"], "--teacher 'gpt-4o': unknown model"),
    (["--student", "offline"], "is no student"),
    (["--student-samples", "missing.jsonl"], "missing.jsonl: no such file of student samples"),
    (["--distribution", "missing.json"], "missing.json: no such file"),
    (["--ablate", "everything"], "--ablate everything: Input should be"),
    (["--ablate", "fix-continue", "--ablate", "fresh-restart"], "leave no strategy"),
    (["--column", "question"], "write question=NAME"),
    (["--budget-usd", "nan"], "give an amount above 0"),
    (["--budget-usd", "0"], "give an amount above 0"),
    (["--output", "/proc/nowhere"], "/proc/nowhere: cannot be written"),
]


@pytest.mark.parametrize(("arguments", "message"), REFUSALS, ids=[" ".join(case[0]) for case in REFUSALS])
def test_bad_input_is_one_line_and_exit_2(tmp_path, arguments, message):
    run = lemma("--output", tmp_path / "out", *arguments)
    assert run.exit_code == 2
    assert message in run.stderr
    assert len(run.stderr.strip().splitlines()) == 1, run.stderr
    assert run.stdout == ""


@pytest.mark.parametrize(
    "setting",
    [
        "teacher_endpoint: {api_key: sk-secret}",
        "student_endpoint: {base_url: 'http://a/v1'}",
        "sampling: {temprature: 1}",
    ],
)
def test_a_recipe_holds_no_key_no_second_address_and_no_misspelt_setting(tmp_path, setting):
    config = tmp_path / "recipe.yaml"
    config.write_text(f"problems: [starter]\nteacher: vllm:http://localhost:9/v1#m\n{setting}\n")
    run = lemma("--config", config, "--output", tmp_path / "out")
    assert run.exit_code == 2
    assert setting.split(":")[0] in run.stderr
    assert "sk-secret" not in run.stderr
    assert not (tmp_path / "out").exists()


def write(path, *rows):
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


GOOD = {
    "question": "Ann has 3 bags of 4 nuts and eats 2 nuts. How many are left?",
    "answer": "3*4=<<3*4=12>>12 nuts.\n12-2=<<12-2=10>>10 nuts are left.\n#### 10",
}


def test_a_run_that_keeps_nothing_is_an_error_with_the_reasons(tmp_path):
    path = write(
        tmp_path / "proofs.jsonl",
        {"question": "Prove that there is no largest prime.", "answer": "Suppose there is.\n#### none"},
    )
    run = lemma("--output", tmp_path / "out", "--problems", path, "--student-samples", "none")
    assert run.exit_code == 2
    assert "no row was kept of 8 that entered: declined (8)" in run.stderr
    assert len(rows_of(tmp_path / "out", "rejected")) == 8


def test_unusable_and_repeated_rows_are_rejected_with_file_and_row(tmp_path):
    path = write(
        tmp_path / "set.jsonl", GOOD, {"question": "q", "answer": ""}, {**GOOD, "question": GOOD["question"] + " "}
    )
    run = lemma("--output", tmp_path / "out", "--problems", path)
    assert run.exit_code == 0, run.stderr
    rejected = [row for row in rows_of(tmp_path / "out", "rejected") if row["rejected_by"] == "load_problems"]
    assert [(row["reason"], row["detail"]) for row in rejected] == [
        ("no_gold_answer", f"{path}, row 2: no `#### X` line, no box with content, no answer column with content"),
        ("duplicate_problem", f"{path}, row 3: same question as {path}, row 1"),
    ]


def test_defect_31_a_directory_of_other_settings_is_refused_and_unharmed(result):
    before = {path.name: path.read_bytes() for path in result.rglob("*") if path.is_file()}
    run = lemma("--output", result, "--seed", 9)
    assert run.exit_code == 2
    assert "other settings" in run.stderr
    assert {path.name: path.read_bytes() for path in result.rglob("*") if path.is_file()} == before


def test_hostile_text_is_carried_as_data(tmp_path):
    question = GOOD["question"] + ' <script>alert(1)</script> {{ 7*7 }} </question> {"a": "\\u0007"}'
    path = write(tmp_path / "set.jsonl", {**GOOD, "question": question})
    run = lemma("--output", tmp_path / "out", "--problems", path)
    assert run.exit_code == 0, run.stderr
    assert {row["question"] for row in rows_of(tmp_path / "out")} == {question}
    assert "<script>alert" not in (tmp_path / "out" / "report.html").read_text()


def test_progress_is_plain_lines_when_not_a_terminal(result, tmp_path):
    run = process("--output", tmp_path, "--limit", 5)
    assert "5 of 5 problems" in run.stderr
    assert "\x1b" not in run.stderr + run.stdout
    assert "distilabel" not in run.stderr.lower()


def test_an_interrupted_run_ends_with_exit_3_and_leaves_nothing_half_written(tmp_path):
    problems = [
        {**GOOD, "question": GOOD["question"].replace("3 bags", f"3 red and {n} empty bags")} for n in range(2, 1500)
    ]
    path, output = write(tmp_path / "many.jsonl", *problems), tmp_path / "out"
    command = [sys.executable, str(ROOT / "recipes" / "lemma.py"), "--problems", str(path), "--output", str(output)]
    # a shell's background jobs ignore SIGINT, and so would what they start
    listening = {"preexec_fn": lambda: signal.signal(signal.SIGINT, signal.SIG_DFL)} if os.name == "posix" else {}
    run = subprocess.Popen(command, stderr=subprocess.PIPE, text=True, **listening)
    deadline = time.monotonic() + 60
    while not (output / ".train.jsonl.partial").exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    run.send_signal(signal.SIGINT)
    said = run.communicate(timeout=60)[1]
    assert run.returncode == 3
    assert said.strip().splitlines()[-1] == "stopped: interrupted; run the same command again to resume"
    assert {entry.name for entry in output.iterdir()} == {"pipeline.yaml", "requests.sqlite"}
