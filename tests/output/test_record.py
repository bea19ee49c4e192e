"""The record: columns, types, what a kept row must be."""

from __future__ import annotations

import json
import math

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lemma_steps.output.record import KEPT_SCHEMA, MEANINGS, REJECTED_SCHEMA, faults, normalise
from tests.output.rows import kept, rejected

DESIGN = {
    "string": "id problem_id source split method question gold_solution gold_answer origin strategy error_type "
    "erroneous_prefix reflection correction instruction input output verdict student teacher",
    "int64": "error_step n_steps error_begin error_end",
    "double": "locator_agreement",
    "list<element: struct<label: bool, text: string>>": "segments",
    "list<element: struct<step: string, template: string, key: string, model: string, tokens_in: int64, "
    "tokens_cached: int64, tokens_out: int64, usd: double>>": "provenance",
}
ANY_TEXT = st.text(st.characters(codec=None), max_size=40)


@pytest.mark.parametrize(("kind", "names"), DESIGN.items())
def test_columns_of_the_design_have_its_types(kind, names):
    for name in names.split():
        assert str(KEPT_SCHEMA.field(name).type).replace("item:", "element:") == kind


def test_rejected_rows_have_the_same_columns_and_three_more():
    assert REJECTED_SCHEMA.names == [*KEPT_SCHEMA.names, "rejected_by", "reason", "detail"] == list(MEANINGS)
    assert all(MEANINGS.values())


def test_columns_of_the_stream_alone_are_left_out_and_missing_ones_are_null():
    record = normalise({**rejected(1, "load_problems", "no_answer"), "samples": [1], "style": "gsm8k"})
    assert list(record) == REJECTED_SCHEMA.names
    assert record["output"] is None
    assert record["provenance"] is None
    assert list(normalise(kept(1))) == KEPT_SCHEMA.names


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("question", 3),
        ("error_step", "2"),
        ("error_step", 2.5),
        ("locator_agreement", "half"),
        ("segments", [{"label": True, "text": 5}]),
        ("provenance", [{"tokens_in": "many"}]),
    ],
)
def test_a_value_of_another_type_is_named(column, value):
    with pytest.raises(TypeError, match=r"row 00000001ii: column \w+: .* is no "):
        normalise(kept(1, **{column: value}))


def test_nan_is_null():
    assert normalise(kept(1, locator_agreement=math.nan))["locator_agreement"] is None


@settings(deadline=None)
@given(ANY_TEXT)
def test_any_text_fits_in_every_file_and_keeps_its_length(text):
    row = normalise(kept(1, explanation=text, segments=[{"label": True, "text": text}]))
    assert len(row["explanation"]) == len(text)
    assert row["explanation"] == row["segments"][0]["text"]
    table = pa.Table.from_pylist([row], KEPT_SCHEMA)
    assert table.to_pylist()[0] == row == json.loads(json.dumps(row, ensure_ascii=False).encode("utf-8"))


@pytest.mark.parametrize(
    ("changes", "fault"),
    [
        ({}, None),
        ({"verdict": "wrong"}, "verdict wrong"),
        ({"verdict": "unparsed"}, "verdict unparsed"),
        ({"output": None}, "no output"),
        ({"strategy": None}, "no strategy"),
        ({"correction": "The answer is: 1"}, "output is not prefix"),
        ({"error_end": 10_000}, "outside the prefix"),
        ({"error_begin": 40, "error_end": 40}, "outside the prefix"),
        ({"segments": [{"label": True, "text": "other"}]}, "segments do not end"),
    ],
)
def test_what_a_kept_row_must_be(changes, fault):
    found = faults(normalise({**kept(1), **changes}))
    assert (fault is None and not found) or fault in found[0]


def test_other_methods_leave_the_columns_of_the_error_null():
    sft = kept(1) | {"method": "sft", "erroneous_prefix": "", "reflection": "", "origin": None, "strategy": None}
    sft |= {
        "error_type": None,
        "error_step": None,
        "n_steps": None,
        "error_begin": None,
        "error_end": None,
        "teacher": None,
    }
    sft |= {"output": sft["correction"], "segments": [{"label": True, "text": sft["correction"]}]}
    assert faults(normalise(sft)) == []


def test_defect_34_a_kept_row_can_be_traced_and_stratified():
    record = normalise(kept(3))
    for column in ("source", "origin", "error_type", "strategy", "error_step", "teacher", "gold_answer", "provenance"):
        assert record[column] is not None
    assert record["output"][record["error_begin"] : record["error_end"]] == "They hold 6 * 15 = 100 rolls.\n"
