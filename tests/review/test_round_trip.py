"""Two hundred produced rows go to a real server, two reviewers answer, and every row is what their answers make of it."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from .commands import password_in, recipe, reviews_of, rows_of
from .conftest import respond_to_all, signed_in

SIZE = 200
Row = dict[str, Any]
Answers = dict[str, str]


def as_labelled(row: Row) -> Answers:
    """The answers of someone who finds nothing to object to; the boxes for edits are left as they are filled."""
    return {
        "first_wrong_step": str(row["error_step"]),
        "error_type": row["error_type"],
        "prefix_right": "yes",
        "correction_right": "yes",
        "reflection_names_error": "yes",
        "decision": "keep",
        "edited_reflection": row["reflection"],
        "edited_correction": row["correction"],
    }


def other_type(row: Row) -> str:
    return "QM" if row["error_type"] != "QM" else "MS"


def reworded(row: Row) -> str:
    return f"Wait, that cannot be ({row['id']}).\nLet me look at it again."


def wrong_end(row: Row) -> str:
    return f"{row['correction'].rpartition('The answer is:')[0]}The answer is: 987654321"


# What the two say where they differ from the label, and how: (ana, ben); None: she or he does not submit.
CASES: dict[str, Callable[[Row], tuple[Answers | None, Answers | None]]] = {
    "agreed": lambda row: ({}, {}),
    "dropped": lambda row: ({"decision": "drop", "comment": "Muddled."}, {"decision": "drop"}),
    "one would drop it": lambda row: ({"decision": "drop"}, {}),
    "another type": lambda row: ({"error_type": other_type(row)}, {"error_type": other_type(row)}),
    "types differ": lambda row: ({"error_type": other_type(row)}, {}),
    "good edit": lambda row: ({"edited_reflection": reworded(row)}, {}),
    "edit that breaks the answer": lambda row: ({"edited_correction": wrong_end(row)}, None),
    "two edits": lambda row: ({"edited_reflection": "Hm, no."}, {"edited_reflection": "Hm, wrong."}),
    "nothing submitted": lambda row: (None, None),
    "no step is wrong": lambda row: ({"first_wrong_step": "none", "error_type": "none"}, None),
}


class Round:
    """What was sent and what the two did: `cases` is row id -> name of the case."""

    def __init__(self, directory: Path, server: Any, client: Any) -> None:
        self.directory, self.server, self.client = directory, server, client
        self.rows = {row["id"]: row for row in rows_of(directory)}
        self.sent = self.review("push", directory, "--choose", "random", "--size", SIZE, "--reviewers", 2)
        self.records = sorted(self.dataset.records(with_responses=True), key=lambda record: record.id)
        names = list(CASES)
        self.cases = {record.id: names[number % len(names)] for number, record in enumerate(self.records)}

    def review(self, command: str, *arguments: Any, code: int = 0) -> str:
        home = ("--home", self.server.home) if command in ("invite", "push", "pull") else ()
        return recipe("review", command, *arguments, *home, code=code)

    @property
    def dataset(self) -> Any:
        return self.client.datasets(self.directory.name, workspace="lemma")

    def answer_all(self) -> None:
        told = self.review("invite", "ana", "ben")
        for at, (name, otherwise) in enumerate((("ana", "draft"), ("ben", "discarded"))):
            given = []
            for record in self.records:
                row = self.rows[record.id]
                answers = CASES[self.cases[record.id]](row)[at]
                said, status = ({"decision": "drop"}, otherwise) if answers is None else (answers, "submitted")
                given.append((record, as_labelled(row) | said, status))
            respond_to_all(signed_in(self.server.url, name, password_in(told, name)), given)

    def those(self, case: str) -> list[str]:
        return [number for number, name in self.cases.items() if name == case]


@pytest.fixture(scope="module")
def first(produced: Path, argilla_server: Any, client: Any) -> Round:
    """The whole way once: push, answers, pull, report, apply."""
    done = Round(produced, argilla_server, client)
    done.answer_all()
    done.pulled = done.review("pull", produced)
    done.figures = produced.with_name("figures.json")
    done.report = done.review("report", produced, "--json", done.figures)
    done.output = produced.with_name("reviewed")
    done.applied = done.review("apply", produced, "--output", done.output)
    done.kept = {row["id"]: row for row in rows_of(done.output)}
    done.rejected = {row["id"]: row for row in rows_of(done.output, "rejected") if row["rejected_by"] == "review"}
    return done


def test_the_sample_is_sent_once_each(first):
    assert len(first.records) == len({record.id for record in first.records}) == SIZE
    assert {record.id for record in first.records} <= set(first.rows)
    assert str(SIZE) in first.sent


def test_only_submitted_answers_come_back(first):
    expected = Counter(
        number
        for number, case in first.cases.items()
        for answers in CASES[case](first.rows[number])
        if answers is not None
    )
    assert Counter(line["id"] for line in reviews_of(first.directory)) == expected
    assert {line["reviewer"] for line in reviews_of(first.directory)} == {"ana", "ben"}


def test_what_was_said_comes_back_and_an_untouched_box_says_nothing(first):
    for line in reviews_of(first.directory):
        row = first.rows[line["id"]]
        given = dict(zip(("ana", "ben"), CASES[first.cases[row["id"]]](row), strict=True))[line["reviewer"]]
        judged = {name: value for name, value in as_labelled(row).items() if not name.startswith("edited")}
        assert line["answers"] == judged | given


def test_rows_without_an_answer_are_as_they_were(first):
    unreviewed = set(first.rows) - set(first.cases) | set(first.those("nothing submitted"))
    for number in unreviewed:
        assert first.kept[number] == first.rows[number] | {"changelog": None}


def test_rows_that_both_drop_or_find_right_are_rejected(first):
    assert first.rejected.keys() == {*first.those("dropped"), *first.those("no step is wrong")}
    assert {row["reason"] for row in first.rejected.values()} == {"human"}
    assert all("Muddled." in first.rejected[number]["detail"] for number in first.those("dropped"))
    assert len(first.kept) + len(first.rejected) == len(first.rows)


def test_agreed_labels_are_confirmed_by_people(first):
    for number in (*first.those("agreed"), *first.those("one would drop it")):
        row = first.kept[number]
        assert row == first.rows[number] | {"label_source": "human", "changelog": row["changelog"]}
        assert [(entry["column"], entry["outcome"]) for entry in row["changelog"]] == [("error_step", "confirmed")]


def test_a_type_changes_where_both_say_so(first):
    for number in first.those("another type"):
        assert first.kept[number]["error_type"] == other_type(first.rows[number])
        assert entries(first.kept[number], "error_type") == [("applied", first.rows[number]["error_type"])]
    for number in first.those("types differ"):
        assert first.kept[number]["error_type"] == first.rows[number]["error_type"]
        assert entries(first.kept[number], "error_type") == []


def test_a_good_edit_is_in_the_row_and_the_rest_of_the_text_stays(first):
    for number in first.those("good edit"):
        row, before = first.kept[number], first.rows[number]
        assert row["reflection"].strip() == reworded(before)
        assert row["output"] == before["erroneous_prefix"] + row["reflection"] + row["correction"]
        assert row["correction"].strip() == before["correction"].strip()
        assert "".join(part["text"] for part in row["segments"]).endswith(row["output"])
        assert row["verdict"] == "right"
        assert entries(row, "reflection") == [("applied", before["reflection"])]


@pytest.mark.parametrize("case", ["edit that breaks the answer", "two edits"])
def test_a_refused_edit_leaves_the_text_and_says_why(first, case):
    column = "correction" if case.startswith("edit") else "reflection"
    assert first.those(case)
    for number in first.those(case):
        row, before = first.kept[number], first.rows[number]
        assert row["output"] == before["output"]
        refused = [entry for entry in row["changelog"] if entry["column"] == column]
        assert {entry["outcome"] for entry in refused} == {"refused"}
        code = "conflicting_edits" if case == "two edits" else "answer_wrong"
        assert {entry["reason"].partition(":")[0] for entry in refused} == {code}


def test_the_figures_count_what_was_answered(first):
    figures = json.loads(first.figures.read_text())
    lines = reviews_of(first.directory)
    assert (figures["records"], figures["answers"], figures["reviewers"]) == (
        len({one["id"] for one in lines}),
        len(lines),
        2,
    )
    assert figures["population"] == len(first.rows)
    of = {question["name"]: question for question in figures["questions"]}
    compared = [one for one in lines if one["answers"]["first_wrong_step"] == str(one["labels"]["error_step"])]
    same = sum(one["answers"]["error_type"] == one["labels"]["error_type"] for one in compared)
    assert 0 < same < len(compared) < len(lines)
    assert (of["error_type"]["with_labels"]["n"], of["error_type"]["with_labels"]["agree"]) == (len(compared), same)
    assert {one["labels"]["sent"] for one in lines} == {SIZE}
    assert figures["over"]["why"].startswith(f"{figures['records']} of {SIZE} drawn rows are answered")
    assert of["decision"]["with_labels"]["kappa"] is None
    report = json.loads((first.output / "report.json").read_text())
    assert report["kept"] == len(first.kept)
    assert report["entered"] == report["kept"] + report["rejected"]
    assert report["review"]["changes"]["dropped"] == len(first.rejected)
    assert "Human agreement" in (first.output / "README.md").read_text()


def test_sending_and_applying_again_changes_nothing(first):
    before = state(first.dataset)
    assert re.search(
        r"\b0 new\b", first.review("push", first.directory, "--choose", "random", "--size", SIZE, "--reviewers", 2)
    )
    assert state(first.dataset) == before
    again = first.output.with_name("reviewed-again")
    first.review("apply", first.directory, "--output", again)
    for name in ("train.parquet", "train.jsonl", "rejected.parquet"):
        assert (again / name).read_bytes() == (first.output / name).read_bytes(), name


def test_the_reviewed_set_goes_to_a_second_round(first):
    first.review("push", first.output, "--dataset", "second-round")
    sent = {record.id: record for record in first.client.datasets("second-round", workspace="lemma").records()}
    assert sent.keys() == first.kept.keys()
    edited = first.those("good edit")[0]
    assert sent[edited].suggestions["edited_reflection"].value.strip() == reworded(first.rows[edited])


def entries(row: Row, column: str) -> list[tuple[str, str]]:
    """Outcome and former value of what the changelog says of a column."""
    return [(entry["outcome"], entry["before"]) for entry in row["changelog"] or () if entry["column"] == column]


def state(dataset: Any) -> list[Any]:
    """All that a dataset holds."""
    return [record.to_dict() for record in sorted(dataset.records(with_responses=True), key=lambda record: record.id)]
