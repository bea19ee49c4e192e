"""The command that puts runs beside the paper's rows."""

from __future__ import annotations

import csv
import json
import re
from pathlib import Path
from typing import Any

import pytest
import typer.testing

from lemma_steps.errors import RefusedError
from lemma_steps.evaluation.results import picture
from lemma_steps.evaluation.results.layout import AVERAGE, SETS, layouts
from lemma_steps.evaluation.results.paper import choose_paper, paper_models
from lemma_steps.evaluation.results.run_scores import RunScores
from lemma_steps.evaluation.results.table import Table
from lemma_steps.evaluation.results.table_text import comma_separated, escape_latex, latex, markdown
from lemma_steps.evaluation.runs.run import Run
from recipes import results
from tests.evaluation.recorded_run import Rows, every_set, scored, write_run

HOSTILE = [
    "a|b\\|c",
    "$x^2$ & 100 % # {_~}",
    "_hidden",
    "<script>alert(1)</script>",
    "[bold red]*x* `y` **z**[/]",
    "\x1b[31mred\x1b[0m\r\nnew line\x00",
    "=cmd()",
    "\\input{/etc/passwd}",
    "%s {0} \\1",
    "!" * 500,
    " ",
    "‮olleh",
]


@pytest.fixture
def command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Runs the command without drawing; returns how it ended and the rows of the CSV."""
    monkeypatch.setattr(results, "draw", lambda tables, file: None)

    def run(*arguments: object) -> tuple[typer.testing.Result, list[dict[str, str]]]:
        app, output = typer.Typer(), tmp_path / "report"
        app.command()(results.main)
        ended = typer.testing.CliRunner().invoke(app, [*map(str, arguments), "--output", str(output)])
        file = output / "results.csv"
        return ended, list(csv.DictReader(file.open(encoding="utf-8"))) if file.is_file() else []

    return run


def table_of(*places: Path, key: str = "main", metric: str = "math_verify", paper: str = "none") -> Table | None:
    [layout] = [layout for layout in layouts(metric) if layout.key == key]
    runs = [RunScores(Run.read(place)) for place in places]
    return Table.build(layout, runs, [f"run {n}" for n in range(len(runs))], choose_paper([paper]))


def test_prints_and_writes_the_papers_table(command: Any, tmp_path: Path) -> None:
    write_run(tmp_path / "runs", {**every_set(60, 100), "lemma_svamp": scored(25, 100)}, model="org/tiny")
    ended, rows = command(tmp_path / "runs", "--paper", "llama")
    assert ended.exit_code == 0, ended.output
    assert list(SETS) == ["GSM8K", "MATH", "ASDiv", "Mathematics", "MAWPS", "SVAMP", "College-Math"]
    [run] = [row for row in rows if row["group"] == "Runs" and row["table"] == "main"]
    assert (run["row"], run["SVAMP"], run["Avg."], run["partial"]) == ("org/tiny", "25.00", "55.00", "")
    assert float(run["Avg. low"]) < 55 < float(run["Avg. high"])
    assert [row["Avg."] for row in rows if row["row"] == "LEMMA" and row["table"] == "main"] == ["62.40"]
    assert re.search(r"org/tiny +60\.0 +60\.0 +60\.0 +60\.0 +60\.0 +25\.0 +60\.0 +55\.0", ended.output)
    assert re.search(r"LEMMA +79\.2 +38\.3 +84\.2 +39\.2 +88\.8 +82\.6 +24\.7 +62\.4", ended.output)
    assert "62.4" in (tmp_path / "report" / "results.md").read_text(encoding="utf-8")
    assert r"\toprule" in (tmp_path / "report" / "results.tex").read_text(encoding="utf-8")


def test_the_published_grader_can_be_asked_for(command: Any, tmp_path: Path) -> None:
    rows: Rows = [{**row, "qwen_match": 1.0} for row in scored(5, 10)]
    write_run(tmp_path / "runs", {f"lemma_{name}": rows for name in SETS.values()})
    for metric, score in (("math_verify", "50.00"), ("qwen_match", "100.00")):
        ended, written = command(tmp_path / "runs", "--metric", metric)
        assert [row["Avg."] for row in written if row["group"] == "Runs" and row["table"] == "main"] == [score]
        assert ("--metric qwen_match" in ended.output) == (metric == "math_verify")


def test_a_missing_set_leaves_a_dash_and_no_average(tmp_path: Path) -> None:
    tasks = every_set()
    del tasks["lemma_mawps"]
    table = table_of(write_run(tmp_path, tasks))
    assert table is not None
    [row] = table.rows
    assert set(row.cells) == {*SETS} - {"MAWPS"}
    assert table.notes == ["No average: MAWPS not measured."]
    assert "| run 0<sup>1</sup> | 60.0 [30.0, 90.0] |" in markdown([table])
    assert "| – |" in markdown([table])
    assert AVERAGE in table.headings


@pytest.mark.parametrize(
    ("originals", "subsets", "partial", "note"),
    [
        ({"lemma_math": 5000}, {}, "70 of 5,060 rows", "Not all rows: MATH 10 of 5,000."),
        ({}, {"lemma_math": "10 of 11 rows"}, "70 of 71 rows", "Not all rows: MATH 10 of 11."),
        (
            {"lemma_math": 4899},
            {"lemma_math": "4,899 of 5,000 rows"},
            "70 of 5,060 rows",
            "Not all rows: MATH 10 of 5,000.",
        ),
        (
            {},
            {"lemma_math": "10 stand-in rows"},
            "70 rows, stand-ins among them",
            "Not all rows: MATH 10 of 10 stand-in rows.",
        ),
    ],
)
def test_rows_over_a_part_are_marked(
    tmp_path: Path, originals: dict[str, int], subsets: dict[str, str], partial: str, note: str
) -> None:
    full = write_run(tmp_path / "full", every_set())
    part = write_run(tmp_path / "part", every_set(), originals=originals, subsets=subsets)
    table = table_of(full, part)
    assert table is not None
    assert [row.partial for row in table.rows] == ["", partial]
    assert [table.marks(row) for row in table.rows] == [[], [1]]
    assert table.notes == [note]
    for text in (markdown([table]), latex([table]), comma_separated([table])):
        assert partial in text
        assert note in text


def test_other_demonstrations_than_the_papers_are_noted(tmp_path: Path) -> None:
    table = table_of(write_run(tmp_path, every_set(), shots={"lemma_svamp": 0, "lemma_math": 2}))
    assert table is not None
    assert table.notes == ["Demonstrations unlike the paper's: MATH 2, there 0; SVAMP 0, there 4."]


def test_what_else_must_be_known_is_noted(tmp_path: Path) -> None:
    write_run(tmp_path, every_set(), log_samples=False, stamp="2026-11-20T10-00-00")
    place = write_run(
        tmp_path, every_set(), log_samples=False, chat_template="{{ x }}", config={"gen_kwargs": "temperature=1"}
    )
    table = table_of(place)
    assert table is not None
    binomial, unlike, older = table.notes
    assert binomial.startswith("Samples not logged: the interval is that of a binomial share")
    assert unlike == "Asked with a chat template and generation settings of its own, unlike the paper."
    assert older.startswith("The newest of 2 results files")
    [row] = table.rows
    assert all(cell.low is not None for cell in row.cells.values())


def test_a_set_on_which_all_rows_came_out_alike_is_explained(tmp_path: Path) -> None:
    alike = table_of(write_run(tmp_path / "a", {"lemma_gsm8k": scored(20, 20)}))
    mixed = table_of(write_run(tmp_path / "b", {"lemma_gsm8k": scored(10, 20)}))
    assert alike is not None
    assert mixed is not None
    assert [any("no width" in remark for remark in table.remarks) for table in (alike, mixed)] == [True, False]


def votes(right: int, size: int) -> Rows:
    single: Rows = scored(right, size)
    return [{**row, "maj@8": 1.0, "maj@32": 1.0, "pass@32": 1.0, "qwen_maj@32": 0.0} for row in single]


def test_votes_stand_beside_single_replies(tmp_path: Path) -> None:
    place = write_run(tmp_path, {"lemma_gsm8k": scored(5, 10), "lemma_gsm8k_maj32": votes(6, 10)})
    only_single = write_run(tmp_path / "other", {"lemma_gsm8k": scored(5, 10)})
    assert table_of(only_single, key="maj32") is None
    table = table_of(place, only_single, key="maj32", paper="llama")
    assert table is not None
    assert [(row.label, row.line, row.cells["GSM8K"].score) for row in table.rows if row.is_run] == [
        ("run 0", "Pass@1", 50.0),
        ("run 0", "Maj@8", 100.0),
        ("run 0", "Maj@32", 100.0),
        ("run 0", "Pass@32", 100.0),
    ]
    lemma = {row.line: row.cells for row in table.rows if row.label == "LEMMA"}
    assert (lemma["Pass@1"]["MATH"].score, lemma["Maj@32"]["MATH"].score) == (38.3, 53.1)
    assert "MAWPS" not in lemma["Maj@32"]
    published = table_of(place, key="maj32", metric="qwen_match")
    assert published is not None
    assert [(row.line, row.cells["GSM8K"].score) for row in published.rows] == [("Pass@1", 50.0), ("Maj@32", 0.0)]


@pytest.mark.parametrize("metric", ["math_verify", "qwen_match"])
def test_mathchat_is_scored_by_its_own_rules(tmp_path: Path, metric: str) -> None:
    rows: Rows = [{**row, "refaug_match": float(n < 7)} for n, row in enumerate(scored(5, 10))]
    place = write_run(tmp_path, {"lemma_mathchat_fqa": rows, "lemma_mathchat_fqa_turn3": rows})
    table = table_of(place, key="mathchat", metric=metric, paper="llama")
    assert table is not None
    [run] = [row for row in table.rows if row.is_run]
    assert {heading: cell.score for heading, cell in run.cells.items()} == {"FQA-1": 70.0, "FQA-3": 70.0}
    [lemma] = [row for row in table.rows if row.label == "LEMMA"]
    assert [lemma.cells[heading].score for heading in table.headings] == [83.4, 49.4, 43.4, 84.7]


def test_shares_of_bad_replies_are_told_per_set(tmp_path: Path) -> None:
    place = write_run(
        tmp_path, {"lemma_gsm8k": scored(5, 10, unparsed=0.5), "lemma_math": scored(5, 10, length_cut=1.0)}
    )
    table = table_of(place, key="shares", paper="all")
    assert table is not None
    told = {row.line: {heading: cell.score for heading, cell in row.cells.items()} for row in table.rows}
    assert told == {
        "unparsed": {"GSM8K": 50.0, "MATH": 0.0},
        "timed out": {"GSM8K": 0.0, "MATH": 0.0},
        "length-cut": {"MATH": 100.0},
    }


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (
            {"versions": {"lemma_math": 2.0}},
            "lemma_math: different task versions cannot be compared (1.0 in org/a, 2.0 in org/b)",
        ),
        (
            {"shots": {"lemma_math": 8}},
            "lemma_math: different numbers of demonstrations cannot be compared (0 in org/a, 8 in org/b)",
        ),
    ],
)
def test_different_tasks_are_not_compared(command: Any, tmp_path: Path, change: dict[str, Any], told: str) -> None:
    write_run(tmp_path / "a", every_set(), model="org/a")
    write_run(tmp_path / "b", every_set(), model="org/b", **change)
    ended, rows = command(tmp_path / "a", tmp_path / "b")
    assert (ended.exit_code, rows) == (2, [])
    assert told in ended.stderr
    assert command(tmp_path / "b")[0].exit_code == 0


def test_a_place_that_cannot_be_written_is_refused(command: Any, tmp_path: Path) -> None:
    write_run(tmp_path / "a", every_set())
    (tmp_path / "report").write_text("a file", encoding="utf-8")
    ended, _ = command(tmp_path / "a")
    assert ended.exit_code == 2
    assert "cannot be written" in ended.stderr


def test_a_run_of_other_tasks_is_refused(command: Any, tmp_path: Path) -> None:
    write_run(tmp_path / "a", {"gsm8k": scored(1, 2)})
    ended, rows = command(tmp_path / "a")
    assert (ended.exit_code, rows) == (2, [])
    assert "run lm_eval --tasks lemma" in ended.stderr


@pytest.mark.parametrize(
    ("asked", "chosen"),
    [
        ([], dict.fromkeys(["LLaMA3-8B", "DeepSeekMath-7B", "Mistral-7B-v0.1", "Qwen2-Math-7B"], ("SFT", "LEMMA"))),
        (["none"], {}),
        (["qwen2"], {"Qwen2-Math-7B": None}),
        (["Mistral-7B-v0.1", "llama3-8b"], {"Mistral-7B-v0.1": None, "LLaMA3-8B": None}),
    ],
)
def test_the_papers_rows_are_chosen_by_base_model(asked: list[str], chosen: dict[str, Any]) -> None:
    assert choose_paper(asked) == chosen
    assert choose_paper(["all"]) == dict.fromkeys(paper_models())


@pytest.mark.parametrize("asked", ["gpt", "", "LLaMA3-8B-Instruct"])
def test_a_model_that_the_paper_has_not_is_refused(asked: str) -> None:
    with pytest.raises(RefusedError, match="use LLaMA3-8B, DeepSeekMath-7B"):
        choose_paper([asked])


def test_runs_are_told_apart(command: Any, tmp_path: Path) -> None:
    for folder in ("one", "two", "three"):
        write_run(tmp_path / folder, every_set(), model="/data/runs/lemma/checkpoint-9")
    ended, rows = command(tmp_path / "one", tmp_path / "two", f"ours={tmp_path / 'three'}")
    assert ended.exit_code == 0, ended.output
    labels = [row["row"] for row in rows if row["group"] == "Runs" and row["table"] == "main"]
    assert [label.rpartition("/")[2] for label in labels] == ["one)", "two)", "ours"]
    assert all(label.startswith("lemma/checkpoint-9 (") for label in labels[:2])
    twice = [row["row"] for row in command(tmp_path / "one", tmp_path / "one")[1] if row["table"] == "main"]
    assert len(set(twice[-2:])) == 2


@pytest.mark.parametrize("name", HOSTILE)
def test_names_of_models_are_only_text(command: Any, tmp_path: Path, name: str) -> None:
    write_run(tmp_path / "runs", every_set(), model="org/model")
    [results_file] = (tmp_path / "runs").rglob("results_*.json")
    run = Run.read(results_file)
    run.results["model_name"] = name
    results_file.write_text(json.dumps(run.results), encoding="utf-8")
    ended, rows = command(tmp_path / "runs", "--paper", "none")
    assert ended.exit_code == 0, ended.output
    assert "\x1b" not in ended.output
    [row] = [row for row in rows if row["table"] == "main"]
    assert row["row"]
    assert row["row"].isprintable()
    assert row["row"][0] not in "=+-@"
    assert len(row["row"]) < 60

    lines = (tmp_path / "report" / "results.md").read_text(encoding="utf-8").splitlines()
    cells = [len(re.findall(r"(?<!\\)(?:\\\\)*\|", line)) for line in lines if line.startswith("|")]
    assert set(cells) == {10}
    assert not re.search(r"<(?!/?sup>)", re.sub(r"\\.", "", "\n".join(lines)))

    [line] = [
        line
        for line in (tmp_path / "report" / "results.tex").read_text(encoding="utf-8").splitlines()
        if line.count("$") >= 16 and line.startswith("{")
    ]
    label = line.partition("} & $")[0].removeprefix("{")
    assert label == escape_latex(row["row"].removeprefix("'"))
    bare = re.sub(r"\\(?:[{}$&#_%]|text[a-z]+\{\}|dots\{\})", "", label)
    assert not set(bare) & set("\\{}$&#_%~^")


def test_escaped_latex_commands_lose_their_meaning() -> None:
    assert escape_latex(r"\input{x}") == r"\textbackslash{}input\{x\}"


def test_the_picture_shows_runs_under_any_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from matplotlib import figure as figures

    legends = []
    save = figures.Figure.savefig

    def saved(figure: Any, *arguments: Any, **settings: Any) -> None:
        save(figure, *arguments, **settings)
        legends.append([text.get_text() for text in figure.axes[0].get_legend().get_texts()])

    monkeypatch.setattr(figures.Figure, "savefig", saved)
    [layout] = [layout for layout in layouts("math_verify") if layout.key == "main"]
    names = ["_hidden", "$\\frac{$", "$x^2$", "a|b", "{}%s"]
    place = write_run(tmp_path, every_set())
    table = Table.build(layout, [RunScores(Run.read(place)) for _ in names], names, choose_paper(["llama"]))
    assert table is not None
    picture.draw([table], tmp_path / "results.png")
    [legend] = legends
    assert [name.strip() for name in legend] == ["LLaMA3-8B SFT, paper", "LLaMA3-8B LEMMA, paper", *names]
    data = (tmp_path / "results.png").read_bytes()
    assert data.startswith(b"\x89PNG")
    width, height = (int.from_bytes(data[at : at + 4], "big") for at in (16, 20))
    assert width > 1500
    assert height > 600
