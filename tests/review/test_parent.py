"""What the report of a set says of how its rows are to be checked again."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from lemma_steps.errors import RefusedError
from lemma_steps.review.parent import Parent
from lemma_steps.steps import LoadRows

REPORT = {"entered": 3, "settings": {}, "run": {"command": "x"}, "funnel": [{"step": "load"}, {"step": "join"}]}


def parent(folder: Path, **changes: Any) -> Parent:
    (folder / "train.parquet").write_bytes(b"rows")
    (folder / "report.json").write_text(json.dumps(REPORT | changes), encoding="utf-8")
    return Parent.read(folder)


@pytest.mark.parametrize(
    ("settings", "checks"),
    [
        ({}, {"truncated": True}),
        ({"ablate": ["smooth"], "steps": {"smooth": {"max_tokens": 9}}}, {"truncated": True}),
        ({"ablate": ["smooth", "truncation"]}, {"truncated": False}),
        ({"ablate": None, "steps": {"audit_trajectory": {"max_tokens": 99}}}, {"truncated": True, "max_tokens": 99}),
        (
            {"steps": {"answer_filter": {"timeout_s": 9.0, "column": "output"}}},
            {"truncated": True, "timeout_s": 9.0},
        ),
    ],
)
def test_rows_are_checked_as_they_were(tmp_path: Path, settings: dict[str, Any], checks: dict[str, Any]) -> None:
    assert parent(tmp_path, settings=settings).checks == checks


@pytest.mark.parametrize(
    ("funnel", "steps"),
    [
        (["load", "join"], ["load", "join", "review"]),
        (["load", "review"], ["load", "review"]),
        (["subset"], ["subset", "review"]),
    ],
)
def test_review_is_the_last_step_of_the_chain_once(tmp_path: Path, funnel: list[str], steps: list[str]) -> None:
    assert parent(tmp_path, funnel=[{"step": step} for step in funnel]).steps == steps


def test_a_subset_stays_one(tmp_path: Path) -> None:
    drawn = {"rows": 9, "seed": 0}
    assert parent(tmp_path, subset_of=drawn).about == {"subset_of": drawn}
    assert parent(tmp_path).about == {}


@pytest.mark.parametrize(
    "changes", [{"entered": None}, {"settings": []}, {"run": "x"}, {"funnel": {}}, {"funnel": [1]}]
)
def test_another_report_is_refused(tmp_path: Path, changes: dict[str, Any]) -> None:
    with pytest.raises(RefusedError, match="no finished result"):
        parent(tmp_path, **changes)


def test_another_set_than_was_reviewed_is_not_loaded(tmp_path: Path) -> None:
    meant = parent(tmp_path)
    loading = LoadRows(name="load_rows", directory=str(tmp_path), sha256=meant.sha256)
    loading.load()
    (tmp_path / "train.parquet").write_bytes(b"other rows")
    with pytest.raises(RefusedError, match="another than was reviewed"):
        loading.load()
