"""Counts of the report: types, declines, openings, lengths, calls."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lemma_steps.output.calls import Calls
from lemma_steps.output.composition import Composition
from lemma_steps.output.examples import MAX_KINDS, Examples, pieces
from lemma_steps.output.lengths import Lengths
from lemma_steps.output.reflection_variety import opening
from lemma_steps.output.summary import Summary
from tests.output.rows import STEPS, candidate, kept, rejected, stream


def composed(rows):
    composition = Composition()
    for row in rows:
        composition.add(row)
    return composition.report()


@pytest.mark.parametrize(
    ("reflection", "words"),
    [
        ("\nWait, that is wrong.", "wait that is"),
        ("Hmm… I don't think so.", "hmm i don't"),
        ("**Hold on** -- let me see", "hold on let"),
        ("No!", "no"),
        ("$x=2$ is off", "x 2 is"),
        ("...", ""),
    ],
)
def test_an_opening_is_three_words(reflection, words):
    assert opening(reflection) == words


@pytest.mark.parametrize(
    ("detail", "code"),
    [
        ("type_not_available: no unit", "type_not_available"),
        ("no_computed_quantity", "no_computed_quantity"),
        ("I am sorry, I cannot help", "other"),
        ("", "other"),
        (None, "other"),
        ("x" * 60 + ": y", "other"),
    ],
)
def test_declines_are_counted_by_step_type_and_reason(detail, code):
    [decline] = composed([rejected(1, "inject_error", "declined", detail, **candidate(1, code="UC"))])["declines"]
    assert decline == {"step": "inject_error", "error_type": "UC", "reason": code, "count": 1}


def test_requested_made_and_kept_types():
    rows = [
        kept(1),  # CA, injected and kept
        rejected(2, "inject_error", "declined", "x: y", **candidate(2, code="CA")),
        {**kept(1), "rejected_by": "answer_filter", "reason": "wrong"},
        kept(1, origin="student"),
    ]
    assert composed(rows)["error_types"]["CA"] == {
        "requested": 3,
        "injected": 2,
        "injected_kept": 1,
        "student": 1,
        "student_kept": 1,
    }


def test_contaminated_rows_are_all_listed():
    rows = [rejected(n, "decontaminate", "contaminated", f"exact match with gsm8k_test row {n}") for n in range(300)]
    listed = composed(rows)["contamination"]
    assert [entry["detail"].split()[-1] for entry in listed] == [str(n) for n in range(300)]
    assert listed[0]["problem_id"] == "starter-0000"


@settings(deadline=None, max_examples=50)
@given(st.lists(st.integers(1, 30_000), min_size=1, max_size=60))
def test_lengths_are_those_of_the_outputs(lengths):
    measured = Lengths()
    for length in lengths:
        measured.add(kept(1, output="x" * 4 * length))
    report = measured.report()["output_tokens"]
    ordered = sorted(lengths)
    assert report["max"] == ordered[-1]
    assert report["median"] == ordered[(len(ordered) + 1) // 2 - 1]
    assert report["mean"] == pytest.approx(sum(lengths) / len(lengths), abs=0.06)
    assert sum(b["count"] for b in report["histogram"]) == len(lengths)
    assert len(report["histogram"]) <= 60
    assert "no tokenizer" in report["estimate"]


def test_a_call_shared_by_the_candidates_of_a_problem_is_counted_once():
    call = {"step": "inject_error", "template": "t@1", "key": "k", "model": "m", "tokens_in": 10, "tokens_out": 5}
    calls = Calls()
    calls.add([call], new_problem=True)
    calls.add([call, {**call, "key": "other", "usd": 0.25}], new_problem=False)
    calls.add([call], new_problem=True)
    calls.add(None, new_problem=True)
    [entry] = calls.report()
    assert entry["calls"] == 3
    assert (entry["tokens_in"], entry["tokens_out"], entry["usd"], entry["unpriced"]) == (30, 15, 0.25, 2)
    assert (entry["templates"], entry["models"]) == (["t@1"], ["m"])


def test_unknown_prices_give_no_cost():
    calls = Calls()
    calls.add([{"step": "smooth", "key": None}, {"step": "smooth", "key": None}], new_problem=True)
    assert calls.report()[0]["usd"] is None
    assert calls.report()[0]["calls"] == 2


def shown(rows):
    examples = Examples()
    for row in rows:
        examples.add(row)
    return {kind: row["id"] for kind, row in examples.kept.items()}, {
        kind: row.get("id") or row["problem_id"] for kind, row in examples.rejected.items()
    }


def test_there_is_an_example_of_every_kind_whatever_the_order():
    rows = stream(60)
    of_kept, of_rejected = shown(rows)
    assert set(of_kept) == {(r["origin"], r["strategy"], r["error_type"]) for r in rows if "rejected_by" not in r}
    assert set(of_rejected) == {(r["rejected_by"], r["reason"]) for r in rows if "rejected_by" in r}
    assert shown(rows[::-1]) == (of_kept, of_rejected)


def test_examples_are_drawn_and_not_the_first():
    rows = [kept(number, error_type="CA") for number in range(200)]
    [drawn] = shown(rows)[0].values()
    assert drawn not in [row["id"] for row in rows[:3]]
    assert len({shown(rows[begin : begin + 20])[0].popitem()[1] for begin in range(0, 200, 20)}) == 10
    places = [
        [r["id"] for r in rows[b : b + 20]].index(shown(rows[b : b + 20])[0].popitem()[1]) for b in range(0, 200, 20)
    ]
    assert len(set(places)) > 3


def test_hostile_kinds_do_not_fill_the_memory():
    of_kept, of_rejected = shown(
        [*(kept(n, error_type=f"T{n}") for n in range(300)), *(rejected(n, "smooth", f"r{n}") for n in range(300))]
    )
    assert len(of_kept) == len(of_rejected) == MAX_KINDS


def test_the_pieces_of_an_example_are_its_output():
    row = kept(1)
    assert [kind for kind, _ in pieces(row)] == ["before", "wrong", "reflection", "correction"]
    assert "".join(text for _, text in pieces(row)) == row["output"]
    whole = kept(1, error_end=row["error_end"] - 8)
    assert dict(pieces(whole))["after"] == row["erroneous_prefix"][-8:]


def test_a_report_is_the_same_twice_and_what_varies_stands_under_run():
    def made(seconds):
        summary = Summary(STEPS)
        for row in stream(40):
            summary.add(row)
        return summary.report(settings={"seed": 0}, run={"command": "lemma", "seconds": seconds})

    first, second = made(1), made(2)
    assert first.pop("run") != second.pop("run")
    assert json.dumps(first) == json.dumps(second)
    assert {"entered", "kept", "rejected", "funnel"} <= set(first)
    assert first["entered"] == first["kept"] + first["rejected"]
