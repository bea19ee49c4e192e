"""The reviewed set: what was agreed on is done if it holds, all else stays byte for byte, and every count adds up."""

from __future__ import annotations

import json
import os
import random
import shutil
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import combinations
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from click.testing import Result
from review import app
from typer.testing import CliRunner

from lemma_steps.audits import audit
from lemma_steps.output import KEPT_SCHEMA
from lemma_steps.review.answers import Answer
from lemma_steps.review.answers import replace as write_answers
from lemma_steps.review.record import content
from lemma_steps.segmentation import segment
from lemma_steps.subsets import Subset
from lemma_steps.training.dataset import open_dataset
from tests.hub_server import TOKEN, HubServer

ROOT = Path(__file__).parents[2]
Row = dict[str, Any]
DATA = ("train.parquet", "train.jsonl", "rejected.parquet")
AT = "2026-01-01T00:00:00Z"
GOOD = {"prefix_right": "yes", "correction_right": "yes", "reflection_names_error": "yes", "decision": "keep"}
RIGHT = "Let me take the steps one by one again.\nThe answer is: {}"


def rows_of(directory: Path, name: str = "train") -> list[Row]:
    return pq.read_table(directory / f"{name}.parquet").to_pylist()


def answer(row: Row, reviewer: str = "ana", /, **answers: str) -> Answer:
    labels = {name: row[name] for name in ("error_step", "error_type", "label_source", "locator_agreement")}
    return Answer(
        row["id"], content(row), "team", "set", reviewer, answers, {**labels, "choice": "random", "sent": 1}, AT
    )


def part(produced: Path, to: Path, answers: Iterable[Answer]) -> Path:
    """A copy of the produced set with these answers beside it."""
    shutil.copytree(produced, to, ignore=shutil.ignore_patterns("requests.sqlite*", "*.html"))
    write_answers(to, "team", "set", answers)
    return to


def apply(directory: Path, output: Path, *options: str, code: int = 0) -> Result:
    result = CliRunner().invoke(app, ["apply", str(directory), "--output", str(output), *options])
    assert result.exit_code == code, result.output + repr(result.exception)
    return result


def report_of(directory: Path) -> Row:
    return json.loads((directory / "report.json").read_text("utf-8"))


def with_steps(rows: list[Row], steps: int) -> Iterator[Row]:
    return (row for row in rows if row["error_step"] >= steps)


def moves(row: Row) -> bool:
    """Whether the step before the marked one could be wrong: it is none of the gold solution's."""
    begin = sum(map(len, segment(row["erroneous_prefix"])[: row["error_step"] - 2]))
    end = begin + len(segment(row["erroneous_prefix"])[row["error_step"] - 2])
    moved = {"error_step": row["error_step"] - 1, "error_begin": begin, "error_end": end, "label_source": "human"}
    return not audit({**row, **moved})


CASES: dict[str, tuple[dict[str, str], list[tuple[str, str, str | None]]]] = {
    "confirmed": ({"first_wrong_step": "{error_step}"}, [("error_step", "confirmed", None)]),
    "type": ({"error_type": "HA"}, [("error_type", "applied", None)]),
    "no type": ({"error_type": "none"}, [("error_type", "refused", "contradiction")]),
    "impossible step": ({"first_wrong_step": "77"}, []),
    "good reflection": (
        {"edited_reflection": "Wait, this is not right; let me see."},
        [("reflection", "applied", None)],
    ),
    "good correction": ({"edited_correction": RIGHT}, [("correction", "applied", None)]),
    "both": (
        {"edited_reflection": "Hold on, I made a mistake.", "edited_correction": RIGHT},
        [("reflection", "applied", None), ("correction", "applied", None)],
    ),
    "one of both": (
        {"edited_reflection": "Wait, that is wrong.", "edited_correction": "The answer is: 123456"},
        [("reflection", "applied", None), ("correction", "refused", "answer_wrong")],
    ),
    "as shown": ({"edited_correction": "\n {correction}\n\n"}, []),
    "wrong answer": ({"edited_correction": "The answer is: 987654"}, [("correction", "refused", "answer_wrong")]),
    "no closing": ({"edited_correction": "So it is {gold_answer}."}, [("correction", "refused", "no_closing")]),
    "more after it": (
        {"edited_correction": RIGHT + ". I hope that this helps. Good luck!"},
        [("correction", "refused", "no_closing")],
    ),
    "no reflection": ({"edited_reflection": "So it is."}, [("reflection", "refused", "no_reflection")]),
    "unbalanced": ({"edited_correction": "\\( 1 + 1\n" + RIGHT}, [("correction", "refused", "unbalanced_math")]),
    "control": ({"edited_correction": "a\x07b\n" + RIGHT}, [("correction", "refused", "control_characters")]),
    "right to left": ({"edited_correction": "\u202ea\n" + RIGHT}, [("correction", "refused", "control_characters")]),
    "mark": ({"edited_correction": "<<1+1=2>>\n" + RIGHT}, [("correction", "refused", "marks")]),
    "megabyte": ({"edited_correction": "x = 1 + " * 125_000 + RIGHT}, [("correction", "refused", "too_long")]),
    "unclosed drawings": ({"edited_correction": "[asy]" * 200_000 + RIGHT}, [("correction", "refused", "too_long")]),
    "markup": ({"edited_correction": "</script> <b>{{{{x}}}}\n" + RIGHT}, [("correction", "applied", None)]),
}


@pytest.fixture(scope="module")
def cases(produced: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path, dict[str, str]]:
    """The set, the reviewed set, and the id of the row that each case is about."""
    rows = rows_of(produced)
    of_case = dict(zip(CASES, rows[::4], strict=False))
    assert len(of_case) == len(CASES)
    answers = [
        answer(row, **GOOD, **{name: value.format(row["gold_answer"], **row) for name, value in CASES[case][0].items()})
        for case, row in of_case.items()
    ]
    home = tmp_path_factory.mktemp("cases")
    directory = part(produced, home / "set", answers)
    begin = time.monotonic()
    apply(directory, home / "reviewed")
    assert time.monotonic() - begin < 60
    return directory, home / "reviewed", {case: row["id"] for case, row in of_case.items()}


@pytest.mark.parametrize("case", CASES)
def test_a_change_is_made_if_the_row_holds_and_else_refused_with_the_reason(
    case: str, cases: tuple[Path, Path, dict[str, str]]
) -> None:
    directory, reviewed, ids = cases
    [before] = (row for row in rows_of(directory) if row["id"] == ids[case])
    [after] = (row for row in rows_of(reviewed) if row["id"] == ids[case])
    log = after["changelog"]
    reasons = [(entry["reason"] or "").partition(":")[0] or None for entry in log]
    assert [(e["column"], e["outcome"], why) for e, why in zip(log, reasons, strict=True)] == CASES[case][1]
    assert all(entry["reviewer"] == "ana" and entry["before"] == str(before[entry["column"]]) for entry in log)
    changed = {name for name in before if before[name] != after[name]} - {"changelog"}
    applied = {entry["column"] for entry in log if entry["outcome"] == "applied"}
    follows = {"output", "segments"} if applied & {"reflection", "correction"} else set()
    confirmed = {"label_source"} if case == "confirmed" else set()
    assert changed == applied | follows | confirmed
    assert after["output"] == after["erroneous_prefix"] + after["reflection"] + after["correction"]
    assert "".join(piece["text"] for piece in after["segments"]).endswith(after["output"])
    assert audit(after) == []


def test_the_counts_and_the_refusals_are_told(cases: tuple[Path, Path, dict[str, str]]) -> None:
    _, reviewed, _ = cases
    done = report_of(reviewed)["review"]["changes"]
    expected = Counter(entry[2] for _, log in CASES.values() for entry in log if entry[1] == "refused")
    assert done["refused"] == dict(sorted(expected.items(), key=lambda item: (-item[1], item[0])))
    assert (done["types_changed"], done["steps_confirmed"], done["steps_moved"], done["impossible"]) == (1, 1, 0, 1)
    assert done["edited"] == 5


def test_a_row_that_nobody_reviewed_keeps_its_bytes(produced: Path, tmp_path: Path) -> None:
    rows = rows_of(produced)
    other = Answer(rows[0]["id"], "0" * 16, "team", "set", "ana", {"decision": "drop"}, answer(rows[0]).labels, AT)
    gone = Answer("f" * 16, "0" * 16, "team", "set", "ana", {"decision": "drop"}, answer(rows[0]).labels, AT)
    directory = part(produced, tmp_path / "set", [other, gone])
    said = apply(directory, tmp_path / "reviewed").stdout
    assert "answers about another text 2" in said
    for name in DATA:
        assert (tmp_path / "reviewed" / name).read_bytes() == (directory / name).read_bytes()
    before, after = report_of(directory), report_of(tmp_path / "reviewed")
    assert after["funnel"].pop() == {"step": "review", "rows_in": len(rows), "rows_out": len(rows), "rejected": {}}
    assert after["review"].pop("changes")["other_text"] == 2
    assert after["run"]["reviewed"] == before["run"]
    for name in before.keys() - {"run", "settings"}:
        assert after[name] == before[name]
    assert after["settings"].items() >= before["settings"].items()
    assert "Human agreement" not in (tmp_path / "reviewed" / "README.md").read_text("utf-8")


def test_many_answers_of_two_reviewers_add_up(produced: Path, tmp_path: Path) -> None:
    rows, chance = rows_of(produced), random.Random(5)
    answers = [
        answer(
            row,
            reviewer,
            decision=chance.choice(["keep", "keep", "keep", "drop"]),
            first_wrong_step=chance.choice(["none", "1", "2", "3", *[str(row["error_step"])] * 5]),
            error_type=chance.choice(["CA", "OP", row["error_type"], row["error_type"]]),
            **({"edited_correction": RIGHT.format(row["gold_answer"])} if chance.random() < 0.2 else {}),
        )
        for row in rows[::2]
        for reviewer in ("ana", "ben")[: chance.choice([1, 2])]
    ]
    directory = part(produced, tmp_path / "set", answers)
    for name in ("one", "two"):
        apply(directory, tmp_path / name)
    assert all((tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes() for name in DATA)
    report, before = report_of(tmp_path / "one"), report_of(directory)
    kept, rejected, done = rows_of(tmp_path / "one"), rows_of(tmp_path / "one", "rejected"), report["review"]["changes"]
    assert report["entered"] == report["kept"] + report["rejected"] == before["entered"]
    assert (report["kept"], report["rejected"]) == (len(kept), len(rejected))
    assert (report["problems"], report["calls"]) == (before["problems"], before["calls"])
    assert [step["step"] for step in report["funnel"]] == [*(s["step"] for s in before["funnel"]), "review"]
    assert report["funnel"][-1]["rejected"] == {"human": done["dropped"]}

    ids = {row["id"] for row in kept}
    assert [row["id"] for row in kept] == [row["id"] for row in rows if row["id"] in ids]
    assert [row for row in rejected if row["rejected_by"] != "review"] == rows_of(directory, "rejected")
    dropped = [row for row in rejected if row["rejected_by"] == "review"]
    assert [row["id"] for row in dropped] == [row["id"] for row in rows if row["id"] not in ids]
    assert {row["reason"] for row in dropped} == {"human"}

    log = [(row, entry) for row in kept for entry in row["changelog"] or []]
    outcomes = Counter((entry["column"], entry["outcome"]) for _, entry in log)
    assert outcomes["error_type", "applied"] == done["types_changed"] > 0
    assert outcomes["error_step", "confirmed"] == done["steps_confirmed"] > 0
    assert outcomes["error_step", "applied"] == done["steps_moved"] > 0
    assert outcomes["correction", "applied"] == done["edited"] > 0
    assert sum(done["refused"].values()) == sum(entry["outcome"] == "refused" for _, entry in log) > 0
    reviewed = {answer.id for answer in answers}
    originals = {row["id"]: row for row in rows}
    for row in kept:
        assert (row["changelog"] is not None) == (row["id"] in reviewed)
        assert audit(row) == []
        assert row["erroneous_prefix"] == originals[row["id"]]["erroneous_prefix"]
        if row["id"] not in reviewed:
            assert row == originals[row["id"]]


def test_a_step_moves_to_an_earlier_one_that_is_not_the_gold_solutions(produced: Path, tmp_path: Path) -> None:
    rows = list(with_steps(rows_of(produced), 2))
    good, bad = next(filter(moves, rows)), next(row for row in rows if not moves(row))
    types = {row["id"]: "CS" if row["error_type"] != "CS" else "HA" for row in (good, bad)}
    answers = [
        answer(row, first_wrong_step=str(row["error_step"] - 1), error_type=types[row["id"]]) for row in (good, bad)
    ]
    said = apply(part(produced, tmp_path / "set", answers), tmp_path / "reviewed").stdout
    found = {row["id"]: row for row in rows_of(tmp_path / "reviewed")}
    moved, stayed = found[good["id"]], found[bad["id"]]
    assert (moved["error_step"], moved["label_source"]) == (good["error_step"] - 1, "human")
    assert moved["error_type"] == types[good["id"]]
    steps = segment(good["erroneous_solution"])
    assert moved["output"][moved["error_begin"] : moved["error_end"]] == steps[moved["error_step"] - 1]
    assert moved["output"] == good["output"]
    assert stayed == bad | {"changelog": stayed["changelog"]}
    assert [entry["reason"].partition(":")[0] for entry in stayed["changelog"]] == ["step_not_wrong", "of_another_step"]
    assert f"refused: {bad['id']}: error_step: step_not_wrong" in said
    assert "moved the first wrong step (1 of the reviewed rows)" in (tmp_path / "reviewed" / "README.md").read_text(
        "utf-8"
    )


def test_what_a_set_leaves_out_of_training_follows_its_wrong_step(produced: Path, tmp_path: Path) -> None:
    row = next(filter(moves, with_steps(rows_of(produced), 2)))
    answers = [
        answer(row, first_wrong_step=str(row["error_step"] - 1), edited_correction=RIGHT.format(row["gold_answer"]))
    ]
    directory = part(produced, tmp_path / "set", answers)
    masked = []
    for one in rows_of(directory):
        begin, end, output = one["error_begin"], one["error_end"], one["output"]
        pieces = [(True, output[:begin]), (False, output[begin:end]), (True, output[end:])]
        segments = [one["segments"][0], *({"label": label, "text": text} for label, text in pieces if text)]
        masked.append({**one, "segments": segments})
    pq.write_table(pa.Table.from_pylist(masked, KEPT_SCHEMA), directory / "train.parquet")
    apply(directory, tmp_path / "reviewed")
    [made] = (one for one in rows_of(tmp_path / "reviewed") if one["id"] == row["id"])
    assert [entry["outcome"] for entry in made["changelog"]] == ["applied", "applied"]
    untrained = [piece["text"] for piece in made["segments"][1:] if not piece["label"]]
    assert untrained == [made["output"][made["error_begin"] : made["error_end"]]]
    assert "".join(piece["text"] for piece in made["segments"][1:]) == made["output"]
    examples = open_dataset(str(tmp_path / "reviewed"), "lemma_steps.training.masked_response").examples
    assert len(list(examples)) == len(masked)


@pytest.mark.parametrize("later", [False, True])
@pytest.mark.parametrize("dropped", [False, True])
def test_no_edit_makes_a_row_repeat_another_that_stays(
    produced: Path, tmp_path: Path, later: bool, dropped: bool
) -> None:
    """Two strategies of one error have one prefix: with the other's words they are the same row."""
    rows = rows_of(produced)
    pairs = (pair for pair in combinations(rows, 2) if len({row["erroneous_prefix"] for row in pair}) == 1)
    first, second = next(pairs)
    row, other = (second, first) if later else (first, second)
    same = {"edited_reflection": other["reflection"], "edited_correction": other["correction"]}
    answers = [answer(row, **same), answer(other, decision="drop" if dropped else "keep")]
    apply(part(produced, tmp_path / "set", answers), tmp_path / "reviewed")
    [made] = (one for one in rows_of(tmp_path / "reviewed") if one["id"] == row["id"])
    outcomes = {entry["column"]: (entry["outcome"], entry["reason"]) for entry in made["changelog"]}
    if dropped:
        assert made["output"] == other["output"]
    else:
        assert made["correction"] != other["correction"] or made["reflection"] != other["reflection"]
        assert any(found == "refused" and f"of {other['id']}" in why for found, why in outcomes.values())


def test_of_two_rows_that_become_the_same_the_first_changes(produced: Path, tmp_path: Path) -> None:
    pairs = combinations(rows_of(produced), 2)
    first, second = next(pair for pair in pairs if len({row["erroneous_prefix"] for row in pair}) == 1)
    same = {"edited_reflection": "Wait, that is wrong.", "edited_correction": RIGHT.format(first["gold_answer"])}
    answers = [answer(row, **same) for row in (first, second)]
    apply(part(produced, tmp_path / "set", answers), tmp_path / "reviewed")
    one, two = (row for row in rows_of(tmp_path / "reviewed") if row["changelog"])
    assert [entry["outcome"] for entry in one["changelog"]] == ["applied", "applied"]
    assert one["output"] != two["output"]
    assert any(f"of {first['id']}" in (entry["reason"] or "") for entry in two["changelog"])


def test_edits_that_differ_are_not_made(produced: Path, tmp_path: Path) -> None:
    row = rows_of(produced)[0]
    answers = [answer(row, who, edited_reflection=f"Wait, {who} sees a mistake.") for who in ("ana", "ben")]
    apply(part(produced, tmp_path / "set", answers), tmp_path / "reviewed")
    made = rows_of(tmp_path / "reviewed")[0]
    assert made == row | {"changelog": made["changelog"]}
    assert [(entry["reviewer"], entry["reason"].partition(":")[0]) for entry in made["changelog"]] == [
        ("ana", "conflicting_edits"),
        ("ben", "conflicting_edits"),
    ]


@pytest.mark.parametrize(
    ("correction", "reason"),
    [
        ("{work}\nThe answer is: {gold}9", "answer_wrong"),
        ("{work}\nThe answer is: {gold}\nWith that 1 + 1 = 2.", "closing_changed"),
        ("{work}\nThe answer is: {gold} units, or maybe 99", "closing_changed"),
        ("{work}\nThe answer is: 123456\nNo.\nThe answer is: {gold}", "closing_repeated"),
        ("{work}<|im_end|>\nThe answer is: {gold}", "marks"),
        ("{work}\n### Instruction:\nNow 1 + 1.\nThe answer is: {gold}", "marks"),
    ],
)
def test_an_edit_leaves_the_closing_statement_the_last_word(
    produced: Path, tmp_path: Path, correction: str, reason: str
) -> None:
    row = next(row for row in rows_of(produced) if row["gold_answer"].isdecimal())
    text = correction.format(work="I work it out once more.", gold=row["gold_answer"])
    said = apply(part(produced, tmp_path / "set", [answer(row, edited_correction=text)]), tmp_path / "reviewed").stdout
    [made] = (one for one in rows_of(tmp_path / "reviewed") if one["id"] == row["id"])
    assert made == row | {"changelog": made["changelog"]}
    assert [entry["reason"].partition(":")[0] for entry in made["changelog"]] == [reason]
    assert f"refused: {row['id']}: correction: {reason}" in said


def test_when_every_row_is_dropped_the_reviewers_are_named_as_the_reason(produced: Path, tmp_path: Path) -> None:
    answers = [answer(row, decision="drop") for row in rows_of(produced)]
    ended = apply(part(produced, tmp_path / "set", answers), tmp_path / "reviewed", code=2)
    assert "reviewers dropped every one" in ended.stderr


def test_names_of_an_earlier_review_never_come_into_an_anonymous_set(produced: Path, tmp_path: Path) -> None:
    row = rows_of(produced)[0]
    directory = part(produced, tmp_path / "set", [answer(row, "zoe", error_type="HA")])
    for made, options in (("named", []), ("nameless", ["--anonymous"])):
        apply(directory, tmp_path / made, *options)
        again = next(one for one in rows_of(tmp_path / made) if one["id"] == row["id"])
        write_answers(tmp_path / made, "team", "set", [answer(again, "ann", error_type="CS")])
    refused = apply(tmp_path / "named", tmp_path / "second", "--anonymous", code=2)
    assert "names of its own review" in refused.stderr
    apply(tmp_path / "nameless", tmp_path / "second", "--anonymous")
    [made] = (one for one in rows_of(tmp_path / "second") if one["id"] == row["id"])
    assert [entry["reviewer"] for entry in made["changelog"]] == ["reviewer-1", "round-2-reviewer-1"]


def test_names_are_numbers_if_asked(produced: Path, tmp_path: Path) -> None:
    rows = rows_of(produced)
    answers = [
        answer(rows[0], "zoe", decision="drop", comment="no"),
        answer(rows[1], "zoe", error_type="HA"),
        answer(rows[1], "bob", error_type="HA"),
    ]
    apply(part(produced, tmp_path / "set", answers), tmp_path / "reviewed", "--anonymous")
    assert rows_of(tmp_path / "reviewed")[0]["changelog"][0]["reviewer"] == "reviewer-1, reviewer-2"
    detail = next(row["detail"] for row in rows_of(tmp_path / "reviewed", "rejected") if row["reason"] == "human")
    assert detail == "drop: reviewer-2; reviewer-2: no"
    for file in filter(Path.is_file, (tmp_path / "reviewed").rglob("*")):
        assert b"zoe" not in file.read_bytes()


def test_more_answers_replace_the_result_and_other_settings_do_not(produced: Path, tmp_path: Path) -> None:
    rows = rows_of(produced)
    directory, output = part(produced, tmp_path / "set", [answer(rows[0], decision="drop")]), tmp_path / "reviewed"
    apply(directory, output)
    write_answers(directory, "team", "set", [answer(rows[0], decision="drop"), answer(rows[1], decision="drop")])
    apply(directory, output)
    assert [row["id"] for row in rows_of(output)] == [row["id"] for row in rows[2:]]
    assert "other settings" in apply(directory, output, "--anonymous", code=2).stderr
    shutil.copy(output / "train.parquet", directory / "train.parquet")
    assert "other settings" in apply(directory, output, code=2).stderr


def test_a_second_review_goes_on_from_the_first(produced: Path, tmp_path: Path) -> None:
    row = rows_of(produced)[0]
    apply(part(produced, tmp_path / "set", [answer(row, error_type="HA")]), tmp_path / "one")
    again = rows_of(tmp_path / "one")
    write_answers(
        tmp_path / "one", "team", "set", [answer(again[0], "ben", error_type="UC"), answer(again[1], decision="drop")]
    )
    apply(tmp_path / "one", tmp_path / "two")
    log = rows_of(tmp_path / "two")[0]["changelog"]
    assert [(entry["reviewer"], entry["before"], entry["after"]) for entry in log] == [
        ("ana", row["error_type"], "HA"),
        ("ben", "HA", "UC"),
    ]
    assert [step["step"] for step in report_of(tmp_path / "two")["funnel"]].count("review") == 1
    card = (tmp_path / "two" / "README.md").read_text("utf-8")
    assert card.count("recipes/lemma.py --limit") == 1
    assert card.count("python recipes/review.py") == 2


@pytest.mark.parametrize(
    ("break_it", "said"),
    [
        (lambda folder: (folder / "reviews.jsonl").unlink(), "no answers yet"),
        (lambda folder: (folder / "report.json").unlink(), "no finished result"),
        (lambda folder: (folder / "report.json").write_text("{}"), "no finished result"),
        (lambda folder: (folder / "train.parquet").unlink(), "no finished result"),
        (lambda folder: (folder / "train.parquet").write_text("x"), "cannot be read"),
        (lambda folder: (folder / "rejected.parquet").unlink(), "cannot be read"),
    ],
)
def test_what_cannot_be_applied_is_refused_in_one_line(
    produced: Path, tmp_path: Path, break_it: Any, said: str
) -> None:
    directory = part(produced, tmp_path / "set", [answer(rows_of(produced)[0], decision="drop")])
    break_it(directory)
    told = apply(directory, tmp_path / "reviewed", code=2).stderr
    assert said in told
    assert told.count("\n") == 1


def test_the_set_itself_is_never_written(produced: Path, tmp_path: Path) -> None:
    directory = part(produced, tmp_path / "set", [answer(rows_of(produced)[0], decision="drop")])
    assert "give another directory" in apply(directory, tmp_path / "set" / ".." / "set", code=2).stderr


def test_a_reviewed_set_is_trained_on_and_drawn_from_like_any_other(produced: Path, tmp_path: Path) -> None:
    answers = [answer(row, error_type="HA") for row in rows_of(produced)[:9]]
    apply(part(produced, tmp_path / "set", answers), tmp_path / "reviewed")
    assert len(list(open_dataset(str(tmp_path / "reviewed"), "lemma_steps.training.response").examples)) == len(
        rows_of(produced)
    )
    Subset(tmp_path / "reviewed").write(tmp_path / "drawn", "subset", rows=50)
    drawn, whole = rows_of(tmp_path / "drawn"), {row["id"]: row for row in rows_of(tmp_path / "reviewed")}
    assert all(row == whole[row["id"]] for row in drawn)


def test_it_is_published_in_one_commit_and_names_nobody_in_public(produced: Path, tmp_path: Path) -> None:
    directory = part(produced, tmp_path / "set", [answer(rows_of(produced)[0], "zoe", decision="drop")])
    assert "--anonymous" in apply(directory, tmp_path / "a", "--push-to-hub", "me/set", "--public", code=2).stderr
    assert not (tmp_path / "a").exists()
    with HubServer() as hub:
        environment = {**os.environ, "HF_ENDPOINT": hub.url, "HF_TOKEN": TOKEN, "HF_HOME": str(tmp_path / "hf")}
        options = ["--output", str(tmp_path / "b"), "--anonymous", "--push-to-hub", "me/set", "--public"]
        command = [sys.executable, str(ROOT / "recipes" / "review.py"), "apply", str(directory), *options]
        run = subprocess.run(command, env=environment, capture_output=True, text=True)
        assert "published: " in run.stdout, run.stderr
        _, (_, files) = hub.branches["me/set", "main"]
        hub.shutdown()
    assert files["train.parquet"] == (tmp_path / "b" / "train.parquet").read_bytes()
    assert not any(b"zoe" in found for found in files.values())
    assert 'load_dataset("me/set"' in files["README.md"].decode("utf-8")
