"""The report: what it counts, what a reader is told, and that nobody's text gets out of its line."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from lemma_steps.errors import RefusedError
from lemma_steps.review.answers import NAME, Answer, replace
from lemma_steps.review.record import content
from lemma_steps.review.report import CONTRADICTIONS, report, write_report
from lemma_steps.review.report_text import CHANGES, WIDTH
from lemma_steps.review.rows import kept_rows
from recipes.review import app

GOOD = {
    "first_wrong_step": "2",
    "error_type": "CA",
    "prefix_right": "yes",
    "correction_right": "yes",
    "reflection_names_error": "yes",
    "decision": "keep",
}


def row(id_: str) -> dict[str, Any]:
    return {
        "id": id_,
        "question": f"What is 2 + 3 + 4 ({id_})?",
        "gold_solution": "2 + 3 = 5.\n5 + 4 = 9.",
        "erroneous_prefix": " I add.\n2 + 3 = 6.\n",
        "reflection": "Wait, that is wrong.\n",
        "correction": "2 + 3 = 5.\n5 + 4 = 9.\nThe answer is: 9",
        "error_step": 2,
        "error_type": "CA",
        "error_begin": 8,
        "error_end": 20,
    }


def answer(id_: str, reviewer: str, changed: Mapping[str, str] | None = None, choice: str = "random") -> Answer:
    labels = {"error_step": 2, "error_type": "CA", "label_source": "teacher", "locator_agreement": None}
    return Answer(id_, content(row(id_)), "team", "out", reviewer, GOOD | (changed or {}), labels | {"choice": choice})


def of(*answers: Answer, rows: int = 10) -> dict[str, Any]:
    return report((row(f"r{number}") for number in range(rows)), answers)


@pytest.mark.parametrize(
    ("changed", "counted"),
    [
        ({}, {"steps_confirmed": 1}),
        ({"decision": "drop"}, {"dropped": 1}),
        ({"first_wrong_step": "none"}, {"dropped": 1}),
        ({"first_wrong_step": "1"}, {"steps_moved": 1}),
        ({"error_type": "OP"}, {"types_changed": 1, "steps_confirmed": 1}),
        ({"edited_correction": "The answer is: 9"}, {"edited": 1, "steps_confirmed": 1}),
        ({"edited_correction": "x", "edited_reflection": "y"}, {"edited": 1, "steps_confirmed": 1}),
        ({"first_wrong_step": "9"}, {"impossible": 1}),
        ({"comment": "hm"}, {"steps_confirmed": 1}),
    ],
)
def test_what_is_asked_for_is_counted(changed: dict[str, str], counted: dict[str, int]) -> None:
    found = of(answer("r1", "ana", changed))["changes"]
    assert [*found] == [*CHANGES]
    assert {name: count for name, count in found.items() if count} == counted


def test_answers_about_rows_that_are_gone_or_other_are_counted() -> None:
    gone = answer("no such row", "ana")
    other = Answer(**{name: getattr(answer("r1", "ben"), name) for name in Answer.__slots__} | {"content": "0" * 16})
    found = of(gone, other, answer("r2", "ana"))
    assert found["changes"]["other_text"] == 2
    assert (found["records"], found["answers"], found["population"]) == (1, 1, 10)


def test_different_edits_are_counted_as_refused() -> None:
    found = of(answer("r1", "ana", {"edited_reflection": "A"}), answer("r1", "ben", {"edited_reflection": "B"}))
    assert (found["changes"]["edited"], found["changes"]["refused"]) == (0, 2)


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({}, []),
        ({"first_wrong_step": "none", "error_type": "none"}, ["kept although no step is called wrong"]),
        ({"first_wrong_step": "none", "error_type": "none", "decision": "drop"}, []),
        ({"correction_right": "no"}, ["kept although the correction is called wrong, and not edited"]),
        ({"correction_right": "no", "edited_correction": "x"}, []),
        ({"correction_right": "no", "decision": "drop"}, []),
        ({"reflection_names_error": "no"}, ["kept although the reflection is said to miss the error, and not edited"]),
        ({"reflection_names_error": "no", "edited_reflection": "x"}, []),
        ({"first_wrong_step": "1"}, ["steps before the marked one called right, but one of them named as wrong"]),
        ({"first_wrong_step": "1", "prefix_right": "no"}, []),
        ({"prefix_right": "no"}, ["steps before the marked one called wrong, but none of them named"]),
        (
            {"first_wrong_step": "none", "decision": "drop"},
            ["no step called wrong, but an error type given"],
        ),
        ({"error_type": "none"}, ["a step called wrong, but no error type given"]),
    ],
)
def test_contradictions_within_one_reviewer(changed: dict[str, str], words: list[str]) -> None:
    found = of(answer("r1", "ana", changed), answer("r2", "ana"))["contradictions"]
    assert found == {said: ["r1"] for said in words}
    assert {*found} <= {*CONTRADICTIONS}


def test_two_reviewers_who_contradict_each_other_are_no_contradiction_but_a_disagreement() -> None:
    found = of(answer("r1", "ana"), answer("r1", "ben", {"correction_right": "no", "decision": "drop"}))
    assert found["contradictions"] == {}
    [one] = found["disagreements"]
    assert (one["id"], sorted(one["questions"])) == ("r1", ["correction_right", "decision"])
    assert sorted(one["undecided"]) == ["correction_right", "decision"]


def test_what_a_majority_settled_stands_after_what_it_did_not() -> None:
    settled = [answer("r1", who, {"decision": said}) for who, said in [("a", "keep"), ("b", "keep"), ("c", "drop")]]
    open_ = [answer("r2", "a"), answer("r2", "b", {"decision": "drop"})]
    found = of(*settled, *open_)["disagreements"]
    assert [(one["id"], one["undecided"]) for one in found] == [("r2", ["decision"]), ("r1", [])]


def test_reviewers_are_counted_one_by_one() -> None:
    found = of(answer("r1", "ben", {"decision": "drop", "comment": "?"}), answer("r2", "ben"), answer("r1", "ana"))
    assert found["by_reviewer"] == [
        {"reviewer": "ana", "answers": 1, "keep": 1, "drop": 0, "edits": 0, "comments": 0},
        {"reviewer": "ben", "answers": 2, "keep": 1, "drop": 1, "edits": 0, "comments": 1},
    ]


@pytest.fixture(scope="session")
def reviewed(produced: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[Answer]]:
    """A produced set on which two people answered, and a third whose name is not to be trusted."""
    directory = tmp_path_factory.mktemp("reviewed")
    (directory / "train.parquet").write_bytes((produced / "train.parquet").read_bytes())
    given = []
    for number, found in enumerate(kept_rows(directory)):
        labels = {name: found[name] for name in ("error_step", "error_type", "label_source", "locator_agreement")}
        said = GOOD | {"first_wrong_step": str(found["error_step"]), "error_type": found["error_type"]}
        people = ["ana", "ben", "x\x1b[31m[red]\nfoo"][: 3 if number == 1 else 1 + (number % 3 > 0)]
        for place, who in enumerate(people):
            if (number + place) % 10 == 4:
                said = said | {"decision": "drop", "correction_right": "no", "error_type": "HA"}
            labels["choice"] = "uncertain" if number % 20 == 19 else "random"
            given.append(Answer(found["id"], content(found), "team", "out", who, said, dict(labels)))
    return directory, given


def test_the_text_fits_a_terminal_and_has_its_parts(reviewed: tuple[Path, list[Answer]], tmp_path: Path) -> None:
    directory, given = reviewed
    replace(directory, "team", "out", given)
    shown = CliRunner().invoke(app, ["report", str(directory), "--json", str(tmp_path / "figures.json")])
    assert shown.exit_code == 0, shown.output
    lines = shown.stdout.splitlines()
    assert max(map(len, lines)) <= max(WIDTH, len(str(directory)) + 10)
    for part in (
        *("Review of", "Reviewers and labels", "Reviewers among themselves", "Reviewers", "Error types"),
        *("What apply would be asked to do", "Reviewers differ on"),
    ):
        assert any(line.startswith(part) for line in lines), part
    assert "\x1b" not in shown.stdout
    figures = json.loads((tmp_path / "figures.json").read_text("utf-8"))
    assert figures["answers"] == len(given)
    assert f"{figures['records']:,} of {figures['population']:,} rows" in " ".join(shown.stdout.split())
    kappa = next(one for one in figures["questions"] if one["name"] == "error_type")["with_labels"]["kappa"]
    assert f"{kappa:.2f}" in shown.stdout
    assert write_report(directory, None) + "\n" == shown.stdout


@pytest.mark.parametrize(
    ("prepare", "words"),
    [
        (lambda path: None, "no answers yet"),
        (lambda path: (path / NAME).write_text("{\n"), "line 1: not an answer"),
        (lambda path: replace(path, "team", "out", [answer("r1", "ana")]), "none of the 1 answers is about the rows"),
        (
            lambda path: (replace(path, "team", "out", [answer("r1", "a")]), (path / "train.parquet").unlink()),
            "train.parq",
        ),
    ],
)
def test_refusals(produced: Path, tmp_path: Path, prepare: Any, words: str) -> None:
    (tmp_path / "train.parquet").write_bytes((produced / "train.parquet").read_bytes())
    prepare(tmp_path)
    shown = CliRunner().invoke(app, ["report", str(tmp_path)])
    assert shown.exit_code == 2
    assert shown.stderr.startswith("error: ")
    assert words in shown.stderr
    assert shown.stderr.count("\n") == 1


def test_a_file_for_the_figures_that_cannot_be_written_is_refused(
    reviewed: tuple[Path, list[Answer]], tmp_path: Path
) -> None:
    directory, given = reviewed
    replace(directory, "team", "out", given)
    with pytest.raises(RefusedError, match="cannot be written"):
        write_report(directory, tmp_path / "no" / "figures.json")
