"""The report: what it counts, what a reader is told, and that nobody's text gets out of its line."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import replace as replaced
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from lemma_steps.errors import RefusedError
from lemma_steps.review.answers import NAME, Answer, replace
from lemma_steps.review.questions import title
from lemma_steps.review.record import content
from lemma_steps.review.report import CONTRADICTIONS, report, write_report
from lemma_steps.review.report_text import CHANGES, SMALL, WIDTH, WITHOUT_PART, beginning, in_line, text
from lemma_steps.review.rows import kept_rows
from recipes.review import app

AT = "2026-01-02T03:04:05.000006+00:00"
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


def answer(
    id_: str, reviewer: str, changed: Mapping[str, str] | None = None, choice: str = "random", sent: int = 1
) -> Answer:
    labels = {"error_step": 2, "error_type": "CA", "label_source": "teacher", "locator_agreement": None}
    return Answer(
        id_,
        content(row(id_)),
        "team",
        "out",
        reviewer,
        GOOD | (changed or {}),
        labels | {"choice": choice, "sent": sent},
        AT,
    )


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
        ({"first_wrong_step": "9"}, {"impossible": 2}),  # the step, and the type of it
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


def test_a_row_that_two_people_edit_is_one_row() -> None:
    texts = {"ana": {"edited_reflection": "A"}, "ben": {"edited_correction": "B"}}
    found = of(*(answer(id_, who, text) for id_ in ("r1", "r2") for who, text in texts.items()))
    assert found["changes"]["edited"] == 2
    assert [one["edits"] for one in found["by_reviewer"]] == [2, 2]


def test_who_contradicts_himself_in_two_datasets_is_named_once() -> None:
    one = answer("r1", "ana", {"error_type": "none"})
    found = of(one, replaced(one, dataset="pilot"))["contradictions"]
    assert [where["reviewers"] for [where] in found.values()] == [["ana"]]


def test_different_edits_are_counted_as_refused() -> None:
    found = of(answer("r1", "ana", {"edited_reflection": "A"}), answer("r1", "ben", {"edited_reflection": "B"}))
    assert (found["changes"]["edited"], found["changes"]["refused"]) == (0, 1)


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
    one = {"id": "r1", "question": "What is 2 + 3 + 4 (r1)?", "reviewers": ["ana"]}
    assert found == {said: [one] for said in words}
    assert {*found} <= {*CONTRADICTIONS}


def test_two_reviewers_who_contradict_each_other_are_no_contradiction_but_a_disagreement() -> None:
    found = of(answer("r1", "ana"), answer("r1", "ben", {"correction_right": "no", "decision": "drop"}))
    assert found["contradictions"] == {}
    [one] = found["disagreements"]
    assert (one["id"], one["question"]) == ("r1", "What is 2 + 3 + 4 (r1)?")
    assert one["said"] == {
        "correction_right": {"yes": ["ana"], "no": ["ben"]},
        "decision": {"keep": ["ana"], "drop": ["ben"]},
    }
    assert sorted(one["undecided"]) == ["correction_right", "decision"]


def test_what_a_majority_settled_stands_after_what_it_did_not() -> None:
    settled = [answer("r1", who, {"decision": said}) for who, said in [("a", "keep"), ("b", "keep"), ("c", "drop")]]
    open_ = [answer("r2", "a"), answer("r2", "b", {"decision": "drop"})]
    found = of(*settled, *open_)["disagreements"]
    assert [(one["id"], one["undecided"]) for one in found] == [("r2", ["decision"]), ("r1", [])]


def shown(*answers: Answer, rows: int = 10) -> str:
    return text(of(*answers, rows=rows), "out")


def test_who_said_what_stands_under_the_beginning_of_the_problem() -> None:
    lines = shown(
        *(answer("r1", who, {"decision": "drop", "error_type": kind}) for who, kind in [("ana", "OP"), ("cem", "HA")]),
        answer("r1", "ben"),
    ).splitlines()
    begin = lines.index("  r1  What is 2 + 3 + 4 (r1)?")
    assert lines[begin + 1 : begin + 3] == [
        "    error_type*: OP (ana), CA (ben), HA (cem)",
        "    decision: drop (ana, cem), keep (ben)",
    ]
    assert any('"Submitted"' in line for line in lines[:begin])


def test_the_first_twenty_are_shown_and_all_are_in_the_figures() -> None:
    given = [one for n in range(25) for one in (answer(f"r{n}", "ana"), answer(f"r{n}", "ben", {"error_type": "OP"}))]
    figures = of(*given, rows=25)
    assert len(figures["disagreements"]) == 25
    said = text(figures, "out")
    assert said.count("error_type*: CA (ana), OP (ben)") == 20
    assert said.count("... and 5 more; --json FILE has them all") == 1
    slips = of(*(answer(f"r{n}", "ana", {"error_type": "none"}) for n in range(25)), rows=25)
    [listed] = slips["contradictions"].values()
    assert len(listed) == 25
    said = text(slips, "out")
    assert said.count("    ana: r") == 20
    assert said.count("... and 5 more; --json FILE has them all") == 1


@pytest.mark.parametrize(("people", "said"), [("ab", None), ("abc", "the mean over 3 pairs"), ("abcd", "over 6 pairs")])
def test_the_mean_over_pairs_is_said_to_be_one(people: str, said: str | None) -> None:
    found = shown(*many(*people, rows=3))
    assert (said in found) if said else ("the mean over" not in found)


def test_two_pairs_are_more_than_one() -> None:
    found = shown(*many("a", "b", rows=3), answer("r5", "b"), answer("r5", "c"))
    assert "Cohen's kappa is the mean over 2 pairs of reviewers." in found


@pytest.mark.parametrize(
    ("typed", "seen"),
    [
        ("Short?", "Short?"),
        ("Two\n\n  lines\tof\u2028text\u00a0here", "Two lines of text here"),
        ("x" * 50, "x" * 50),
        ("x" * 51, "x" * 50 + "..."),
        (
            "\x1b[31m\u202egnp\u200b\ud800",
            "\u27e8U+001B\u27e9[31m\u27e8U+202E\u27e9gnp\u27e8U+200B\u27e9\u27e8U+D800\u27e9",
        ),
    ],
)
def test_the_beginning_of_a_problem_is_one_visible_line(typed: str, seen: str) -> None:
    assert in_line(beginning(typed)) == seen


@pytest.mark.parametrize("hostile", ["a\x1b[2Jb", "a\nb", "a\u202eb", "[red]a[/red]", "\x85"])
def test_no_text_of_others_gets_out_of_its_line(hostile: str) -> None:
    both = [
        answer("r1", hostile, {"first_wrong_step": "none"}),
        answer("r1", "ben", {"decision": "drop"}),
    ]
    found = of(*both)
    for one in (*found["disagreements"], *(one for many in found["contradictions"].values() for one in many)):
        one |= {"id": hostile, "question": hostile}
    said = text(found, "out")
    assert all(sign == "\n" or sign.isprintable() for sign in said)
    assert len(said.splitlines()) == said.count("\n") + 1
    assert "[red]" not in hostile or "[red]a[/red]" in said


FEW, ALONE, DIFFER = "Few rows", "No row has answers of two people", "Reviewers often differ on"
OPEN, DROPS, UNREAD = "no majority", "would be dropped", "that nobody read"
SLIPS, TEXTS, GONE = "do not go together", "different texts", "no longer in the set"
DOUBTFUL, APPLY = "chosen as uncertain", "recipes/review.py apply"


def many(
    *people: str, rows: int = 40, changed: Mapping[str, str] | None = None, choice: str = "random"
) -> list[Answer]:
    return [answer(f"r{n}", who, changed, choice) for n in range(rows) for who in people]


DROP = {"decision": "drop"}
CASES = {
    "all is well": (many("a", "b", rows=40), 40, set()),
    "one person": (many("a", rows=40), 40, {ALONE}),
    "few rows": (many("a", "b", rows=4), 40, {FEW}),
    "a dozen rows": (many("a", "b", rows=12), 400, {FEW}),
    "few rows, and doubtful ones": (many("a", "b", rows=4, choice="uncertain"), 40, set()),
    "they differ, and it is undecided": (
        many("a", rows=40) + many("b", rows=40, changed={"error_type": "OP"}),
        40,
        {DIFFER, OPEN},
    ),
    "three differ, but two agree": (
        many("a", "b", rows=40) + many("c", rows=40, changed={"error_type": "OP"}),
        40,
        {DIFFER},
    ),
    "many drops of a sample": (many("a", "b", rows=40, changed=DROP), 400, {DROPS, UNREAD}),
    "many drops of all": (many("a", "b", rows=40, changed=DROP, choice="all"), 40, {DROPS}),
    "many drops among the doubtful": (many("a", "b", changed=DROP, choice="uncertain"), 400, {DROPS, DOUBTFUL}),
    "few drops": (many("a", "b", rows=38) + [answer("r39", who, DROP) for who in "ab"], 40, set()),
    "one drop": (many("a", "b", rows=5)[:-2] + [answer("r4", who, DROP) for who in "ab"], 5, set()),
    "a slip": ([*many("a", "b", rows=40), answer("r1", "c", {"error_type": "none"})], 40, {SLIPS}),
    "two texts": (
        many("a", "b", rows=39) + [answer("r39", who, {"edited_reflection": f"No, {who}."}) for who in "ab"],
        40,
        {TEXTS},
    ),
    "rows that are gone": ([*many("a", "b", rows=40), answer("x", "a")], 40, {GONE}),
}


@pytest.mark.parametrize("case", CASES)
def test_what_to_do_depends_on_what_was_found(case: str) -> None:
    given, rows, words = CASES[case]
    said = " ".join(shown(*given, rows=rows).rpartition("What now?")[2].split())
    known = {FEW, ALONE, DIFFER, OPEN, DROPS, UNREAD, SLIPS, TEXTS, GONE, DOUBTFUL}
    assert {one for one in known if one in said} == words
    assert said.endswith("uv run recipes/review.py apply out --output out-reviewed")
    assert ("Nothing above speaks against it" in said) == (not words)


def test_what_reviewers_differ_on_most_comes_first_with_its_figure() -> None:
    odd = {n: {"decision": "drop"} | ({"prefix_right": "no"} if n > 3 else {}) for n in range(2, 10)}
    said = shown(*(answer(f"r{n}", who, odd.get(n) if who == "b" else None) for n in range(10) for who in "ab"))
    first, second = (
        f'"{title(name)}" ({share} % the same, 10 rows)' for name, share in (("decision", 20), ("prefix_right", 40))
    )
    assert f"{DIFFER} {first}, {second}." in " ".join(said.split())


@pytest.mark.parametrize(
    ("name", "command"),
    [
        ("a b", "apply 'a b' --output 'a b-reviewed'"),
        ("/data/out", "apply /data/out --output out-reviewed"),
        ("../out", "apply ../out --output out-reviewed"),
        ("-out", "apply ./-out --output ./-out-reviewed"),
    ],
)
def test_the_last_line_can_be_copied(name: str, command: str) -> None:
    assert text(of(*many("a", "b", rows=3)), name).endswith(command)


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
            labels |= {"choice": "uncertain", "sent": 36} if number % 20 == 19 else {"choice": "random", "sent": 687}
            given.append(Answer(found["id"], content(found), "team", "out", who, said, dict(labels), AT))
    return directory, given


def test_the_text_fits_a_terminal_and_has_its_parts(reviewed: tuple[Path, list[Answer]], tmp_path: Path) -> None:
    directory, given = reviewed
    replace(directory, "team", "out", given)
    shown = CliRunner().invoke(app, ["report", str(directory), "--json", str(tmp_path / "figures.json")])
    assert shown.exit_code == 0, shown.output
    lines = shown.stdout.splitlines()
    assert max(map(len, lines[:-1])) <= max(WIDTH, len(str(directory)) + 10)  # the last one is to be copied
    for part in (
        *("Review of", "Reviewers and labels", "Reviewers among themselves", "Reviewers", "Error types"),
        *("What apply would be asked to do", "Reviewers differ on", "What now?"),
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


def test_one_is_no_plural() -> None:
    two = text(of(*(answer(id_, who, {"decision": "drop"}) for id_ in ("r1", "r2") for who in ("a", "b"))), "out")
    assert "Review of out: 1 of 1 row, 1 answer, 1 reviewer (1 drawn at random)." in text(
        report([row("r1")], [answer("r1", "ana")]), "out"
    )
    assert "2  rows dropped" in two
    assert "1  row dropped" in text(of(answer("r1", "ana", {"decision": "drop"})), "out")
    assert "4 answers, 2 reviewers" in two


def test_a_sample_that_is_not_answered_has_no_interval() -> None:
    part, whole = (text(of(answer("r1", "ana", sent=sent), answer("r2", "ana", sent=sent)), "out") for sent in (3, 2))
    why = "2 of 3 drawn rows are answered, the rest may differ: no interval for the set."
    said = " ".join(part.split())
    assert why in said
    assert f"{why} Let the reviewers finish, then pull again." in said
    assert part.count("100.0") == whole.count("100.0") // 2  # the share without its upper bound
    assert "drawn rows are answered" not in whole
    assert re.search(r"\d+\.\d to 100\.0", whole)
    assert not re.search(r"\d+\.\d to 100\.0", part)


def test_a_later_answer_in_another_dataset_leaves_a_sample_answered() -> None:
    first, second = answer("r1", "ana", sent=2), answer("r2", "ana", sent=2)
    found = of(first, second, replaced(answer("r1", "ana"), dataset="pilot", at=AT.replace("2026", "2027")))
    assert found["over"] == {"choices": ["random"], "why": None}
    assert found["drawn"] == {"random": {"answered": 3, "sent": 3}}
    assert (found["records"], found["answers"], found["by_reviewer"][0]["answers"]) == (2, 2, 2)


def test_rows_of_a_review_that_is_not_complete_are_left_out() -> None:
    found = of(answer("r1", "ana"), answer("r2", "ana", choice="all"))
    assert WITHOUT_PART in " ".join(text(found, "out").split())
    assert WITHOUT_PART not in " ".join(text(of(answer("r1", "ana")), "out").split())


def test_agreement_is_split_by_where_the_label_is_from() -> None:
    def of_sources(count: int, *sources: str) -> str:
        given = [answer(f"r{number}", "ana") for number in range(count)]
        labelled = [
            replaced(one, labels={**one.labels, "label_source": sources[number % len(sources)]})
            for number, one in enumerate(given)
        ]
        return text(of(*labelled, rows=count), "out")

    shown = of_sources(59, "injected", "arith\x1bmetic")
    part = shown.partition("The same by where the label of the step is from")[2].partition("\n\n\n")[0]
    assert "arith⟨U+001B⟩metic" in part
    assert re.search(r"injected +30 ", part)
    assert re.search(r"metic +29 \[1\]", part)
    assert f"[1] {SMALL}" in part
    assert "by where the label" not in of_sources(59, "injected")
