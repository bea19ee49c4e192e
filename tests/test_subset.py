"""Subsets: nested, independent of the order of the rows, of the size that was asked for, and refused where they cannot be."""

from __future__ import annotations

import json
import random
from itertools import product
from types import SimpleNamespace

import pytest
from baselines import app
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from lemma_steps import subsets
from lemma_steps.errors import RefusedError
from lemma_steps.output import DatasetWriter, Summary
from lemma_steps.prompts import inference_prompt
from lemma_steps.subsets import Subset
from tests.output.rows import kept

SIZE = 40


def row(number):
    """A kept row with the prompt that training asks for, some longer than others."""
    base = kept(number)
    output = base["output"] + "!" * (number * 7 % 50)
    segments = [{"label": False, "text": inference_prompt(base["question"])}, {"label": True, "text": output}]
    correction = output[len(base["erroneous_prefix"] + base["reflection"]) :]
    return {**base, "output": output, "correction": correction, "segments": segments}


def parent(folder, numbers=range(SIZE)):
    with DatasetWriter(folder) as writer:
        for number in numbers:
            writer.write(row(number))
    return folder


@pytest.fixture(scope="session")
def whole(tmp_path_factory):
    return parent(tmp_path_factory.mktemp("parent") / "set")


def drawn(folder):
    return (folder / "train.jsonl").read_bytes().splitlines()


class OneTokenPerCharacter:
    """A fast tokenizer whose token counts a test can foretell."""

    is_fast, eos_token, eos_token_id, added_tokens_decoder = True, "\0", 0, {}

    def __call__(self, texts, **options):
        encoded = [
            SimpleNamespace(
                ids=[*map(ord, text)],
                special_tokens_mask=[0] * len(text),
                offsets=[(at, at + 1) for at in range(len(text))],
            )
            for text in texts
        ]
        return SimpleNamespace(encodings=encoded)


@pytest.fixture
def tokenizer(monkeypatch):
    monkeypatch.setattr(subsets, "_load", lambda name: OneTokenPerCharacter())


@settings(deadline=None, max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(small=st.integers(1, SIZE), more=st.integers(0, SIZE), seed=st.integers(0, 3))
def test_a_smaller_subset_is_the_beginning_of_a_larger_one(whole, tmp_path_factory, small, more, seed):
    large = min(small + more, SIZE)
    folders = [tmp_path_factory.mktemp("subset") / "out" for _ in range(2)]
    for folder, size in zip(folders, (small, large), strict=True):
        Subset(whole, seed).write(folder, "command", rows=size)
    one, other = map(drawn, folders)
    assert (len(one), len(other)) == (small, large)
    assert other[:small] == one
    assert set(other) <= set(drawn(whole))


@pytest.mark.parametrize("spec", ["", "train.parquet", "train.jsonl"])
def test_the_order_of_the_rows_and_the_kind_of_file_change_nothing(whole, tmp_path, spec):
    shuffled = [*range(SIZE)]
    random.Random(1).shuffle(shuffled)
    other = parent(tmp_path / "other", shuffled)
    assert drawn(other) != drawn(whole)
    for name, folder in (("one", whole), ("two", other)):
        Subset(folder / spec if spec else folder).write(tmp_path / name, "command", rows=15)
    assert drawn(tmp_path / "one") == drawn(tmp_path / "two")
    assert (tmp_path / "one" / "train.parquet").read_bytes() == (tmp_path / "two" / "train.parquet").read_bytes()


def test_another_seed_draws_other_rows(whole, tmp_path):
    for seed in (0, 1):
        Subset(whole, seed).write(tmp_path / str(seed), "command", rows=15)
    assert set(drawn(tmp_path / "0")) != set(drawn(tmp_path / "1"))


@settings(deadline=None, max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(share=st.floats(0.0, 1.0))
def test_tokens_come_as_near_as_whole_rows_allow(whole, tmp_path_factory, tokenizer, share):
    everything = tmp_path_factory.mktemp("subset") / "out"
    Subset(whole).write(everything, "command", rows=SIZE)
    costs = [len(json.loads(line)["output"]) + 1 for line in drawn(everything)]
    wanted = max(1, round(share * sum(costs)))
    folder = tmp_path_factory.mktemp("subset") / "out"
    report = Subset(whole).write(folder, "command", tokens=wanted, tokenizer="characters")
    count, found = len(drawn(folder)), report["subset_of"]["trained_tokens"]
    assert found == sum(costs[:count])
    assert abs(found - wanted) == min(abs(sum(costs[:k]) - wanted) for k in range(1, SIZE + 1))


def test_report_and_card_say_what_it_is_a_subset_of(whole, tmp_path, tokenizer):
    import hashlib

    report = Subset(whole, 3).write(tmp_path / "out", "command", tokens=2000, tokenizer="characters")
    assert report == json.loads((tmp_path / "out" / "report.json").read_text(encoding="utf-8"))
    found = report["subset_of"]
    assert (found["id"], found["rows"], found["seed"]) == (
        hashlib.sha256((whole / "train.parquet").read_bytes()).hexdigest(),
        SIZE,
        3,
    )
    assert report["problems"] == report["kept"] == report["entered"] == len(drawn(tmp_path / "out"))
    card = (tmp_path / "out" / "README.md").read_text(encoding="utf-8")
    assert f"This is a subset: {report['kept']} of the {SIZE} rows" in card
    assert f"its outputs have {found['trained_tokens']:,} tokens of characters" in card
    assert "A subset: drawn by seed 3" in (tmp_path / "out" / "report.html").read_text(encoding="utf-8")


def test_what_the_parent_left_out_is_not_forgotten(tmp_path):
    folder = parent(tmp_path / "set")
    settings_of_parent = {"ablate": ["decontamination"], "teacher": "offline"}
    (folder / "report.json").write_text(json.dumps({"settings": settings_of_parent}), encoding="utf-8")
    Subset(folder).write(tmp_path / "out", "command", rows=3)
    assert "decontamination was switched off" in (tmp_path / "out" / "README.md").read_text(encoding="utf-8")


def test_the_figures_of_all_rows_are_those_of_the_set_in_whatever_order_they_stand(tmp_path):
    """Rows of one problem share calls, errors and the student's samples; each counts once."""
    wrong = [{"error_type": "CA", "reason": None, "samples": 2}]
    rows = []
    for number in range(SIZE):
        for origin, strategy in product(("student", "injected"), ("fix_continue", "fresh_restart")):
            own = {"origin": origin, "strategy": strategy, "id": f"{number}-{origin}-{strategy}"}
            rows.append({**row(number), **own, "wrong_samples": wrong})
    summary = Summary(["subset"])
    with DatasetWriter(tmp_path / "set") as writer:
        for one in rows:
            summary.add(writer.write(one))
    whole = summary.report(settings={"subset": {}}, run={})
    part = Subset(tmp_path / "set").write(tmp_path / "out", "command", rows=len(rows))
    same = ("calls", "cost", "distribution_match", "strategies", "duplicates", "problems", "text_checks", "lengths")
    assert {name: part[name] for name in same} == {name: whole[name] for name in same}
    assert part["distribution_match"]["student_wrong"] == 2 * SIZE


def test_the_same_folder_takes_the_same_subset_only(whole, tmp_path):
    Subset(whole).write(tmp_path / "out", "command", rows=3)
    Subset(whole).write(tmp_path / "out", "command", rows=3)
    with pytest.raises(RefusedError, match="other settings"):
        Subset(whole).write(tmp_path / "out", "command", rows=4)
    with pytest.raises(RefusedError, match="not of a run"):
        Subset(whole).write(whole, "command", rows=3)


REFUSED = [
    ({"rows": SIZE + 2}, "has 40 rows, 2 fewer than 42"),
    ({"tokens": 10**9, "tokenizer": "characters"}, r"trained tokens of characters, [\d,]+ fewer than 1,000,000,000"),
    ({}, "give either --rows, or --tokens with --tokenizer"),
    ({"rows": 1, "tokens": 1, "tokenizer": "characters"}, "give either"),
    ({"tokens": 1}, "give either"),
    ({"rows": 1, "tokenizer": "characters"}, "give either"),
]


@pytest.mark.parametrize(("options", "said"), REFUSED)
def test_a_subset_that_cannot_be_is_refused(whole, tmp_path, tokenizer, options, said):
    with pytest.raises(RefusedError, match=said):
        Subset(whole).write(tmp_path / "out", "command", **options)
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (None, "no such folder or file"),
        ("", "the file is empty"),
        ('{"instruction": "q", "output": " o"}\n', "no column segments"),
        (json.dumps({**row(1), "id": None}) + "\n", "row 1: no id"),
        (json.dumps({k: v for k, v in row(1).items() if k != "verdict"}) + "\n", "row 1: no verdict"),
    ],
)
def test_what_is_no_set_of_ours_is_refused_in_one_line(tmp_path, content, said):
    path = tmp_path / "set.jsonl"
    if content is not None:
        path.write_text(content, encoding="utf-8")
    run = CliRunner().invoke(app, ["subset", str(path), "--rows", "1", "--output", str(tmp_path / "out")])
    assert run.exit_code == 2
    assert said in run.stderr
    assert run.stderr.count("\n") == 1


def test_without_transformers_the_remedy_is_named(whole, tmp_path, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "transformers", None)
    with pytest.raises(RefusedError, match="begin the command with UV_PROJECT_ENVIRONMENT"):
        Subset(whole).write(tmp_path / "out", "command", tokens=5, tokenizer="name")
