"""What a consensus asks for, and what a row is with it: texts joined, offsets moved, nothing else touched."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lemma_steps.review.answers import Answer
from lemma_steps.review.changes import CONFLICTING, CONTRADICTION, Change, changes, dropped, is_masked
from lemma_steps.review.consensus import Consensus, consensus
from lemma_steps.review.record import content
from lemma_steps.segmentation import segment
from tests.output.rows import kept

ROW = kept(1)
"""Two steps before the reflection, the second marked, error type CA."""
LABELS = {"error_step": 2, "error_type": "CA", "label_source": "construction", "locator_agreement": None}


def of(*given: dict[str, str], names: str = "ana ben cyd") -> Consensus:
    """What these answers say of `ROW`."""
    made = [
        Answer(ROW["id"], content(ROW), "team", "set", name, answers, {**LABELS, "choice": "all"})
        for name, answers in zip(names.split(), given, strict=False)
    ]
    return consensus(ROW, made)


def edit(text: str, column: str = "correction") -> dict[str, str]:
    return {f"edited_{column}": text}


@pytest.mark.parametrize(
    ("given", "detail"),
    [
        ([{"decision": "drop"}], "drop: ana"),
        ([{"decision": "keep"}], None),
        ([{"decision": "drop"}, {"decision": "keep"}], None),
        ([{"decision": "drop"}, {"decision": "drop"}, {"decision": "keep"}], "drop: ana, ben"),
        ([{"first_wrong_step": "none", "decision": "keep"}], "no step is wrong: ana"),
        ([{"first_wrong_step": "none"}, {"first_wrong_step": "2"}], None),
        (
            [{"first_wrong_step": "none", "decision": "drop", "comment": "why?; ben: x"}, {"comment": "ok"}],
            "no step is wrong: ana; drop: ana; ana: why?; ben: x; ben: ok",
        ),
        ([{"comment": "nothing else"}], None),
    ],
)
def test_who_drops_a_row_and_why(given: list[dict[str, str]], detail: str | None) -> None:
    assert dropped(of(*given)) == detail


@pytest.mark.parametrize(
    ("given", "asked"),
    [
        ([], []),
        ([{"decision": "keep", "prefix_right": "no", "comment": "hm"}], []),
        ([{"error_type": "CA"}], []),
        ([{"error_type": "OP"}], [({"error_type": "OP"}, "ana", None)]),
        ([{"error_type": "none"}], [({"error_type": "none"}, "ana", CONTRADICTION)]),
        ([{"error_type": "OP"}, {"error_type": "CA"}], []),
        ([{"first_wrong_step": "2"}], [({"error_step": 2}, "ana", None)]),
        ([{"first_wrong_step": "1"}, {"first_wrong_step": "1"}], [({"error_step": 1}, "ana, ben", None)]),
        ([{"first_wrong_step": "3"}], []),
        ([edit("A new text.")], [({"correction": "A new text."}, "ana", None)]),
        ([edit(ROW["correction"] + "  \n")], []),
        ([edit("One."), edit("One. \r\n")], [({"correction": "One."}, "ana, ben", None)]),
        ([edit("One."), {"decision": "keep"}], [({"correction": "One."}, "ana", None)]),
        (
            [edit("One."), edit("Two."), edit("One.")],
            [({"correction": "One."}, "ana, cyd", CONFLICTING), ({"correction": "Two."}, "ben", CONFLICTING)],
        ),
        (
            [edit("Wait.", "reflection") | edit("One.")],
            [({"reflection": "Wait.", "correction": "One."}, "ana", None)],
        ),
        (
            [edit("Wait.", "reflection"), edit("One.")],
            [({"reflection": "Wait."}, "ana", None), ({"correction": "One."}, "ben", None)],
        ),
        (
            [edit("One.") | {"first_wrong_step": "1", "error_type": "OP"}],
            [
                ({"error_step": 1}, "ana", None),
                ({"error_type": "OP"}, "ana", None),
                ({"correction": "One."}, "ana", None),
            ],
        ),
    ],
)
def test_what_reviewers_ask_for_in_order(
    given: list[dict[str, str]], asked: list[tuple[dict[str, Any], str, str | None]]
) -> None:
    found = changes(ROW, of(*given))
    assert [(dict(change.values), change.reviewers, change.refused) for change in found] == asked


def test_a_moved_step_takes_its_offsets_along_and_no_text() -> None:
    voted = {**ROW, "locator_agreement": 0.8, "label_source": "teacher"}
    moved = Change({"error_step": 1}, "ana").applied(voted)
    assert moved["output"][moved["error_begin"] : moved["error_end"]] == segment(ROW["erroneous_solution"])[0]
    changed = {name for name in voted if moved[name] != voted[name]}
    assert changed == {"error_step", "error_begin", "error_end", "label_source", "locator_agreement"}
    assert moved["locator_agreement"] is None


def test_a_confirmed_step_changes_who_says_so_and_nothing_else() -> None:
    voted = {**ROW, "locator_agreement": 0.8, "label_source": "teacher"}
    change = Change({"error_step": 2}, "ana")
    assert change.confirms(voted)
    assert change.applied(voted) == {**voted, "label_source": "human"}


@given(st.text(max_size=80), st.text(max_size=80))
def test_an_edit_leaves_the_prefix_and_the_parts_make_the_output(reflection: str, correction: str) -> None:
    made = Change({"reflection": reflection, "correction": correction}, "ana").applied(ROW)
    assert made["erroneous_prefix"] == ROW["erroneous_prefix"]
    assert made["output"] == made["erroneous_prefix"] + made["reflection"] + made["correction"]
    assert made["reflection"].split() == reflection.split()
    assert made["correction"] == correction.strip()
    assert kept(1) == ROW


def test_an_entry_for_each_column_with_both_values() -> None:
    change = Change({"error_step": 1}, "ana, ben")
    assert change.entries(ROW, "refused", "why") == [
        {
            "reviewer": "ana, ben",
            "column": "error_step",
            "before": "2",
            "after": "1",
            "outcome": "refused",
            "reason": "why",
        }
    ]


@pytest.mark.parametrize(
    ("labels", "masked"), [([False, True], False), ([False, True, False, True], True), ([False, False, True], True)]
)
def test_whether_a_row_masks_its_wrong_step_shows_in_its_segments(labels: list[bool], masked: bool) -> None:
    assert is_masked({"segments": [{"label": label, "text": "x"} for label in labels]}) is masked
