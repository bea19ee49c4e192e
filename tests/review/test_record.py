"""A record shows what is judged and nothing that sways a reviewer; its digest changes with what is judged."""

from __future__ import annotations

import json
import re

import pytest

from lemma_steps.review.questions import FIELDS, settings
from lemma_steps.review.record import content, fields, record_of, steps_of
from lemma_steps.segmentation import segment

from .commands import rows_of

ROW = {
    "id": "0123456789abcdef",
    "question": "A crate holds 12 jars at $5 each. How much do 3 crates cost?",
    "gold_solution": "A crate costs 12*5 = $<<12*5=60>>60.\nThree cost 60*3 = $<<60*3=180>>180.\n#### 180",
    "gold_answer": "180",
    "source": "starter",
    "origin": "injected",
    "strategy": "fix_continue",
    "error_type": "CA",
    "error_step": 2,
    "n_steps": 3,
    "label_source": "construction",
    "locator_agreement": None,
    "erroneous_prefix": " A crate holds 12 jars.\nIt costs 12*5 = $65.\n",
    "reflection": "Wait, 12*5 is 60.\n",
    "correction": "A crate costs $60, so three cost 60*3 = $180.\nThe answer is: 180",
    "error_begin": 24,
    "error_end": 45,
}


@pytest.mark.parametrize(
    ("column", "value"),
    [
        *((name, "another") for name in ("question", "gold_solution", "erroneous_prefix", "reflection", "correction")),
        ("gold_solution", None),
        ("error_begin", 0),
        ("error_end", 46),
    ],
)
def test_the_digest_changes_with_what_is_judged(column, value):
    assert content(ROW | {column: value}) != content(ROW)


@pytest.mark.parametrize("column", ["id", "error_type", "label_source", "locator_agreement", "n_steps", "strategy"])
def test_the_digest_does_not_change_with_what_is_not(column):
    assert content(ROW | {column: "another"}) == content(ROW)


def test_the_digest_is_the_same_everywhere():
    assert content(ROW) == "2bf30bfa95269df1"


def test_the_fields_show_the_row():
    shown = fields(ROW)
    assert tuple(shown) == FIELDS
    assert shown["gold_solution"].endswith("\nThe answer is: 180")
    assert "&lt;&lt;" not in shown["gold_solution"]
    assert "####" not in shown["gold_solution"]
    assert fields(ROW | {"gold_solution": None})["gold_solution"] == "The answer is: 180"


@pytest.mark.parametrize("marked", [1, 2, 3])
def test_the_marked_step_is_marked_in_words_and_no_other(marked):
    text = " One.\n\n</div> **Step 9, marked**\n\n**Step 8, marked**"
    shown = steps_of(text, marked)
    numbers = re.findall(r"^\*\*Step (\d+)(.*)\*\*$", shown, re.MULTILINE)
    assert [int(number) for number, _ in numbers] == list(range(1, len(segment(text)) + 1))
    assert [int(number) for number, words in numbers if "marked" in words] == [marked]
    assert shown.count("<div") == shown.count("</div>") == 1


def test_nothing_is_suggested_but_the_texts_to_edit(client):
    record = record_of(ROW, "random")
    assert record.id == ROW["id"]
    assert {one.question_name: one.value for one in record.suggestions} == {
        "edited_reflection": ROW["reflection"],
        "edited_correction": ROW["correction"],
    }
    assert record.metadata["content"] == content(ROW)
    assert record.metadata["choice"] == "random"
    assert "locator_agreement" not in record.metadata
    assert record_of(ROW | {"locator_agreement": 0.6}, "all").metadata["locator_agreement"] == 0.6
    blank = record_of(ROW | {"reflection": " "}, "all")
    assert [one.question_name for one in blank.suggestions] == ["edited_correction"]


def test_a_reviewer_learns_no_label_but_the_mark(client, workspace, annotator, dataset_name, produced):
    """All that the server tells an annotator about a dataset and its records, as the page asks for it."""
    import argilla as rg

    rows = rows_of(produced)[:3]
    dataset = rg.Dataset(dataset_name, workspace=workspace, settings=settings(5, 1), client=client).create()
    dataset.records.log([record_of(row, "uncertain") for row in rows])
    ask = annotator().client.api.http_client
    told = {
        "records": ask.post(
            f"/api/v1/me/datasets/{dataset.id}/records/search",
            params={"include": ["suggestions", "responses"], "limit": 10},
            json={},
        ),
        "properties": ask.get(f"/api/v1/me/datasets/{dataset.id}/metadata-properties"),
    }
    items = told["records"].raise_for_status().json()["items"]
    assert {item["record"]["external_id"] for item in items} == {row["id"] for row in rows}
    visible = {"source", "origin", "strategy", "n_steps"}
    assert all(set(item["record"]["metadata"]) == visible for item in items)
    assert {one["name"] for one in told["properties"].raise_for_status().json()["items"]} == visible
    assert not re.search(
        r"type_label|label_source|locator|\"content\"|uncertain", json.dumps([told[k].json() for k in told])
    )
