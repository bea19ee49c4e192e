"""Error types before and after training: what is read, what is refused, what is drawn."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from lemma_steps.error_analysis.error_counts import ErrorCounts
from lemma_steps.error_analysis.error_shift import ErrorShift
from lemma_steps.errors import RefusedError


def line(n: int, error_type: str | None, **more: Any) -> dict[str, Any]:
    return {"problem_id": f"p{n}", "sample": 0, "error_type": error_type, "model": "m", **more}


def write(file: Path, lines: list[Any]) -> Path:
    text = "".join(json.dumps(one) + "\n" for one in lines)
    file.write_bytes(gzip.compress(text.encode()) if file.suffix == ".gz" else text.encode())
    return file


@pytest.mark.parametrize("name", ["a.jsonl", "a.jsonl.gz"])
def test_codes_names_and_aliases_are_one_type(tmp_path: Path, name: str) -> None:
    lines = [
        line(1, "CA"),
        line(2, "Calculation Error"),
        line(3, "arithmetic_error"),
        line(4, "QM"),
        line(5, None),
        line(6, ""),
    ]
    read = ErrorCounts.read(write(tmp_path / name, lines))
    assert (read.model, dict(read.counts), read.untyped, read.errors) == ("m", {"CA": 3, "QM": 1}, 2, 4)
    assert len(read.problems) == 6


def test_questions_stand_for_problems_and_samples_are_told_apart(tmp_path: Path) -> None:
    lines = [{"question": "How many?", "sample": n, "error_type": "MS", "model": "m"} for n in range(3)]
    read = ErrorCounts.read(write(tmp_path / "a.jsonl", lines))
    assert (read.counts, len(read.problems)) == ({"MS": 3}, 1)


def test_a_distribution_is_read(tmp_path: Path) -> None:
    file = tmp_path / "a.json"
    file.write_text(
        json.dumps({"source": "math", "student": "s", "n": 10, "counts": {"FC": 6, "Counting Error": 1, "NO": 0}})
    )
    read = ErrorCounts.read(file)
    assert (read.model, read.counts, read.untyped, read.source) == ("s", {"FC": 6, "CO": 1}, 3, "math")


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("a.jsonl", json.dumps(line(1, "XX")), "unknown error type 'XX'"),
        ("a.jsonl", json.dumps(line(1, "no error")), "unknown error type"),
        ("a.jsonl", json.dumps(line(1, 7)), "unknown error type"),  # type: ignore[arg-type]
        ("a.jsonl", json.dumps({"problem_id": "p", "sample": 0, "error_type": "CA"}), "line 1"),
        ("a.jsonl", json.dumps({"sample": 0, "error_type": "CA", "model": "m"}), "line 1"),
        ("a.jsonl", json.dumps([1]), "line 1"),
        ("a.jsonl", f"{json.dumps(line(1, 'CA'))}\n{json.dumps(line(1, 'QM'))}", "line 2.*twice"),
        ("a.jsonl", f"{json.dumps(line(1, 'CA'))}\n{json.dumps(line(2, 'QM', model='n'))}", "2 models"),
        ("a.jsonl", "", "0 models"),
        ("a.jsonl", '{"problem_id": ', "cannot be read"),
        ("a.jsonl.gz", "no gzip", "cannot be read"),
        ("a.json", json.dumps({"counts": {"CA": -1}}), "not a count"),
        ("a.json", json.dumps({"counts": {"CA": 1.5}}), "not a count"),
        ("a.json", json.dumps({"counts": {"ZZ": 1}}), "unknown error type"),
        ("a.json", json.dumps({"QM": 1}), "not an error distribution"),
        ("a.json", "[" * 100_000, "cannot be read"),
    ],
)
def test_what_is_no_count_of_errors_is_refused(tmp_path: Path, name: str, text: str, said: str) -> None:
    (tmp_path / name).write_text(text)
    with pytest.raises(RefusedError, match=said):
        ErrorCounts.read(tmp_path / name)


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(RefusedError, match="cannot be read"):
        ErrorCounts.read(tmp_path / "a.jsonl")


BEFORE = ErrorCounts("base", {"QM": 40, "CA": 25, "CS": 2}, frozenset({"a", "b"}), untyped=1)
AFTER = ErrorCounts("ours", {"QM": 10, "CA": 25, "HA": 1, "MS": 3}, frozenset({"b", "c"}))


def test_types_come_by_falling_count_and_none_is_left_out() -> None:
    report = ErrorShift(BEFORE, [AFTER]).report()
    told = [(row["error_type"], row["before"], row["after"]) for row in report["types"]]
    assert told == [("QM", 40, [10]), ("CA", 25, [25]), ("CS", 2, [0]), ("MS", 0, [3]), ("HA", 0, [1])]
    assert [model["errors"] for model in report["models"]] == [67, 39]
    assert any("1 problems were classified for every model" in note for note in report["notes"])


def test_other_problems_and_no_errors_are_refused() -> None:
    with pytest.raises(RefusedError, match="different problems"):
        ErrorShift(ErrorCounts("a", {"CA": 1}, source="math"), [ErrorCounts("b", {"CA": 1}, source="gsm8k")])
    with pytest.raises(RefusedError, match="no sample"):
        ErrorShift(ErrorCounts("a", {}), [ErrorCounts("b", {})])


def test_the_figure_is_drawn_with_any_name(tmp_path: Path) -> None:
    from lemma_steps.error_analysis.error_picture import draw_shift

    named = [ErrorCounts(name, {"QM": 3}) for name in ("_hidden", "$\\frac{$", "x" * 300, "\x1b[2J")]
    draw_shift(ErrorShift(BEFORE, named), tmp_path / "a.png")
    assert (tmp_path / "a.png").read_bytes().startswith(b"\x89PNG")
