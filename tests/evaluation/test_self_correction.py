"""Flips, false steps, shares and their intervals, and the command from logged samples to files."""

from __future__ import annotations

import csv
import json
from math import isclose
from pathlib import Path

import pytest
import self_correction as recipe
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from lemma_steps.answers import Verdict
from lemma_steps.errors import RefusedError
from lemma_steps.evaluation.runs.logged import Logged
from lemma_steps.evaluation.runs.reply import Reply
from lemma_steps.evaluation.self_correction.observation import FLIPS, Observation, observe
from lemma_steps.evaluation.self_correction.telemetry import BASES, SelfCorrection, spread
from lemma_steps.share import Share
from tests.evaluation.recorded_run import STAMP, sample, scored, write_run

RIGHT, WRONG, UNPARSED, TIMED_OUT = Verdict.RIGHT, Verdict.WRONG, Verdict.UNPARSED, Verdict.TIMED_OUT
SEVEN = "The answer is: 7"
REPLIES = [
    # reply to a problem whose answer is 7, reflections, before, after, flip, false step
    (f" 3 + 4 = 7.\n{SEVEN}", 0, None, RIGHT, None, None),
    (" 3 + 4 = 8.\nThe answer is: 8", 0, None, WRONG, None, None),
    (
        f" 3 + 4 = 8.\nThe answer is: 8. Wait, that is wrong.\n3 + 4 = 7.\n{SEVEN}",
        1,
        WRONG,
        RIGHT,
        "helpful_flip",
        False,
    ),
    (f" {SEVEN}, wait, no. It is 9.\nThe answer is: 9", 1, RIGHT, WRONG, "harmful_flip", False),
    (f" {SEVEN}. Hmm, let me recheck. 3 + 4 = 7.\n{SEVEN}", 1, RIGHT, RIGHT, "stayed_right", False),
    (" So \\boxed{8}. Oops, I made a mistake.\nThe answer is: 9", 1, WRONG, WRONG, "stayed_wrong", False),
    (f" 3 + 4 = 8.\nWait, 3 + 4 = 7.\n{SEVEN}", 1, None, RIGHT, None, True),
    (f" There are 3 * 2 = 6 of them.\nHmm, I misread that.\n{SEVEN}", 1, None, RIGHT, None, False),
    (f" So let me think.\nWait, 3 + 4 = 7.\n{SEVEN}", 1, None, RIGHT, None, False),
    (f" {SEVEN}. Wait, that is wrong, and I do not know.", 1, RIGHT, RIGHT, "stayed_right", False),
]


def test_replies_are_read_as_the_table_says() -> None:
    seen = list(observe(Reply(str(n), "7", row[0]) for n, row in enumerate(REPLIES)))
    assert [one.reply.text for one in seen] == [row[0] for row in REPLIES]
    for one, (text, turns, before, after, flip, false_step) in zip(seen, REPLIES, strict=True):
        found = (one.reflections, one.before, one.after, one.flip, one.false_step)
        assert found == (turns, before, after, flip, false_step), text


@pytest.mark.parametrize(
    ("before", "after", "flip"),
    [
        (None, RIGHT, None),
        (WRONG, RIGHT, "helpful_flip"),
        (RIGHT, WRONG, "harmful_flip"),
        (RIGHT, UNPARSED, "harmful_flip"),
        (RIGHT, RIGHT, "stayed_right"),
        (WRONG, WRONG, "stayed_wrong"),
        (WRONG, UNPARSED, "stayed_wrong"),
        (UNPARSED, RIGHT, "undecided"),
        (TIMED_OUT, RIGHT, "undecided"),
        (RIGHT, TIMED_OUT, "undecided"),
        (WRONG, TIMED_OUT, "undecided"),
    ],
)
def test_four_verdicts_make_five_outcomes(before: Verdict | None, after: Verdict, flip: str | None) -> None:
    assert Observation(Reply("r", "7", ""), 1, after, before, False).flip == flip


def _seen(row: str, turns: int, after: Verdict, before: Verdict | None = None, cut: float | None = None) -> Observation:
    return Observation(Reply(row, "7", "one two three", cut), turns, after, before, None if not turns else turns > 1)


def test_shares_are_of_what_they_say() -> None:
    counts = SelfCorrection.of(
        [
            _seen("a", 0, RIGHT, cut=0.0),
            _seen("b", 0, WRONG, cut=1.0),
            _seen("c", 1, RIGHT, WRONG),
            _seen("d", 2, WRONG, RIGHT),
            _seen("e", 1, RIGHT),
        ]
    )
    told = {name: (share["count"], share["of"]) for name, share in counts.report()["shares"].items()}
    assert told == {
        "reflects": (3, 5),
        "right": (3, 5),
        "right_if_reflecting": (2, 3),
        "right_otherwise": (1, 2),
        "no_answer_before": (1, 3),
        "helpful_flip": (1, 2),
        "harmful_flip": (1, 2),
        "stayed_right": (0, 2),
        "stayed_wrong": (0, 2),
        "undecided": (0, 2),
        "false_step_before": (1, 3),
        "length_cut": (1, 2),
    }
    assert counts.report()["reflections_per_reply"] == {"0": 2, "1": 2, "2": 1}


verdicts = st.sampled_from(list(Verdict))
observations = st.lists(
    st.builds(
        lambda row, turns, after, before: _seen(row, turns, after, before if turns else None),
        st.sampled_from("abcdef"),
        st.integers(0, 3),
        verdicts,
        st.none() | verdicts,
    ),
    max_size=40,
)


@given(observations)
def test_counts_add_up(seen: list[Observation]) -> None:
    report = SelfCorrection.of(seen).report()
    shares = report["shares"]
    assert shares.keys() == BASES.keys()
    assert shares["reflects"]["of"] == report["replies"] == len(seen)
    assert shares["right_if_reflecting"]["of"] == shares["reflects"]["count"] == shares["no_answer_before"]["of"]
    assert shares["right_if_reflecting"]["count"] + shares["right_otherwise"]["count"] == shares["right"]["count"]
    with_answer = shares["no_answer_before"]["of"] - shares["no_answer_before"]["count"]
    assert sum(shares[flip]["count"] for flip in FLIPS) == shares["undecided"]["of"] == with_answer
    for share in shares.values():
        assert share["of"] == 0 or 0 <= share["low"] <= share["share"] <= share["high"] <= 1


@pytest.mark.parametrize(
    ("count", "of", "low", "high"),
    [(0, 10, 0.0, 0.2775), (5, 10, 0.2366, 0.7634), (10, 10, 0.7225, 1.0), (81, 263, 0.2553, 0.3662)],
)
def test_intervals_are_wilsons(count: int, of: int, low: float, high: float) -> None:
    """The last row is Newcombe's example (1998)."""
    share = Share.by_row([(float(n < count), 1) for n in range(of)])
    assert share.low is not None
    assert share.high is not None
    assert isclose(share.low, low, abs_tol=1e-4)
    assert isclose(share.high, high, abs_tol=1e-4)


def test_replies_to_one_problem_that_agree_count_once() -> None:
    alone = Share.by_row([(1, 1)] * 6 + [(0, 1)] * 4)
    agreeing = Share.by_row([(32, 32)] * 6 + [(0, 32)] * 4)
    mixed = Share.by_row([(19, 32), (20, 32)] * 5)
    assert agreeing.value == alone.value
    assert width(agreeing) > 0.9 * width(alone)
    assert width(mixed) < 0.5 * width(alone)
    assert width(Share.by_row([(0, 32)] * 10)) == width(Share.by_row([(0, 1)] * 10))


def width(share: Share) -> float:
    assert share.low is not None
    assert share.high is not None
    return share.high - share.low


def test_nothing_has_no_share() -> None:
    assert Share.by_row([]) == Share.by_row([(0, 0)]) == Share(0, 0, None, None)
    assert spread([]) == {
        "n": 0,
        "mean": None,
        "p5": None,
        "p25": None,
        "p50": None,
        "p75": None,
        "p95": None,
        "p100": None,
    }


def test_lengths_are_spread() -> None:
    assert spread(list(range(1, 101))) == {
        "n": 100,
        "mean": 50.5,
        "p5": 5,
        "p25": 25,
        "p50": 50,
        "p75": 75,
        "p95": 95,
        "p100": 100,
    }


def test_tokens_are_counted_where_a_counter_is_given() -> None:
    seen = [_seen("a", 1, RIGHT), _seen("b", 0, RIGHT)]
    assert SelfCorrection.of(seen).report()["length"]["tokens"] is None
    tokens = SelfCorrection.of(seen, count_tokens=lambda text: 10).report()["length"]["tokens"]
    assert (tokens["all"]["n"], tokens["reflecting"]["n"], tokens["all"]["mean"]) == (2, 1, 10.0)


def logged_run(folder: Path, model: str, replies: list[list[str]], **more: object) -> Path:
    place = write_run(folder, {"lemma_gsm8k": scored(len(replies), len(replies))}, model=model, **more)  # type: ignore[arg-type]
    lines = [sample(n, {"length_cut": 0.0}) | {"filtered_resps": [texts]} for n, texts in enumerate(replies)]
    (place / f"samples_lemma_gsm8k_{STAMP}.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    return place


@pytest.fixture
def runs(tmp_path: Path) -> list[Path]:
    texts = [[row[0]] for row in REPLIES]
    return [logged_run(tmp_path, "org/[red]base[/red]\x1b[2J", texts[:2] * 5), logged_run(tmp_path, "ours", texts)]


def invoke(*args: object) -> tuple[int, str, str]:
    import typer

    app = typer.Typer()
    app.command()(recipe.main)
    result = CliRunner().invoke(app, [str(arg) for arg in args])
    return result.exit_code, result.stdout, result.stderr


def test_one_command_from_samples_to_files(runs: list[Path], tmp_path: Path) -> None:
    code, shown, _ = invoke(runs[0], f"mine={runs[1]}", "--output", tmp_path / "out")
    assert code == 0
    assert "\x1b[2J" not in shown
    assert "[red]" in shown
    assert "mine" in shown
    report = json.loads((tmp_path / "out" / "self_correction.json").read_text())
    first, second = report["tasks"]
    assert (first["task"], second["run"], second["version"]) == ("lemma_gsm8k", "mine", 1.0)
    assert (first["shares"]["reflects"]["count"], second["shares"]["reflects"]["count"]) == (0, 8)
    assert second["shares"]["helpful_flip"] | {"low": 0, "high": 0} == {
        **{"count": 1, "of": 5, "share": 0.2, "low": 0, "high": 0},
        "base": "replies with an answer before",
    }
    rows = list(csv.DictReader((tmp_path / "out" / "self_correction.csv").open()))
    assert {"run": "mine", "measure": "harmful_flip", "count": "1", "of": "5"}.items() <= {
        key: value
        for row in rows
        if (row["run"], row["measure"]) == ("mine", "harmful_flip")
        for key, value in row.items()
    }.items()
    assert r"\[red\]" in (tmp_path / "out" / "self_correction.md").read_text()


def test_samples_alone_are_enough(runs: list[Path], tmp_path: Path) -> None:
    (runs[1] / f"results_{STAMP}.json").unlink()
    code, _, _ = invoke(runs[1] / f"samples_lemma_gsm8k_{STAMP}.jsonl", "--output", tmp_path / "out")
    assert code == 0
    [entry] = json.loads((tmp_path / "out" / "self_correction.json").read_text())["tasks"]
    assert (entry["replies"], entry["version"]) == (len(REPLIES), None)


def test_several_replies_to_a_row_are_each_read(tmp_path: Path) -> None:
    place = logged_run(tmp_path, "m", [[" The answer is: 7", " The answer is: 8"], [" 7", " 7"]])
    [logged] = Logged.find([str(place)])
    replies = list(logged.replies("lemma_gsm8k"))
    assert [(reply.row, reply.text) for reply in replies][1:3] == [("row-0", " The answer is: 8"), ("row-1", " 7")]
    assert {reply.gold for reply in replies} == {"7"}


@pytest.mark.parametrize(
    "line",
    [
        {"doc": {"id": "a"}, "filtered_resps": [["x"]]},
        {"doc": {"answer": "7"}},
        {"doc": {"answer": "7"}, "filtered_resps": [[]]},
        {"doc": {"answer": "7"}, "filtered_resps": [[7]]},
    ],
)
def test_foreign_samples_are_refused(runs: list[Path], line: dict[str, object]) -> None:
    file = runs[1] / f"samples_lemma_gsm8k_{STAMP}.jsonl"
    file.write_text(json.dumps(line) + "\n")
    [logged] = Logged.find([str(file)])
    with pytest.raises(RefusedError, match="line 1"):
        list(logged.replies("lemma_gsm8k"))


def test_what_cannot_be_read_is_refused_in_one_line(runs: list[Path], tmp_path: Path) -> None:
    other = logged_run(tmp_path / "new", "ours", [["x"]], versions={"lemma_gsm8k": 2.0})
    unlogged = write_run(tmp_path / "unlogged", {"lemma_gsm8k": scored(1, 2)}, log_samples=False)
    for args, said in (
        ([], "nothing to do"),
        ([tmp_path / "nothing"], "no results_"),
        ([tmp_path / "samples.jsonl"], "samples_<task>"),
        ([unlogged], "--log_samples"),
        ([runs[1], other], "versions"),
        ([runs[1], "--tokenizer", "no/such"], "--tokenizer"),
        (["--errors-before", tmp_path / "a"], "needs both"),
    ):
        code, _, error = invoke(*args, "--output", tmp_path / "out")
        assert (code, error.count("\n")) == (2, 1), error
        assert error.startswith("error: ")
        assert said in error
