"""The questions stand in data: what a reviewer is asked, in which words, and what the buttons say."""

from __future__ import annotations

import pytest

from lemma_steps.review import questions
from lemma_steps.review.consensus import EDITS, JUDGEMENTS
from lemma_steps.taxonomy import TAXONOMY


def test_every_judgement_is_asked_for_by_buttons_and_every_edit_by_a_box():
    asked = {name: questions.labels(name) for name in questions.QUESTIONS}
    assert {name for name, labels in asked.items() if labels} == set(JUDGEMENTS)
    assert {name for name, labels in asked.items() if not labels} == {*EDITS, "comment"}
    assert set(questions.labels("error_type")) == {*TAXONOMY, questions.NONE}
    assert set(questions.labels("decision")) == {"keep", "drop"}
    for name in ("prefix_right", "reflection_names_error", "correction_right"):
        assert set(questions.labels(name)) == {"yes", "no"}


@pytest.mark.parametrize("steps", [0, 1, 7, 8, 9, 10, 11, 12, 20, 21, 22, 99, 110, 111, 120, 221, 498, 499, 5000])
def test_the_key_of_a_step_is_its_number(steps):
    labels = list(questions.labels("first_wrong_step", steps))
    assert labels[:-1] == [str(number) for number in range(1, len(labels))]
    assert labels[-1] == questions.NONE
    assert min(max(steps, 8), 499) <= len(labels) - 1 <= 499
    # Two keys in haste, of which the second belongs to the next question, must not say "no step".
    assert not set(str(len(labels))) <= {"1", "2"}


@pytest.mark.parametrize("name", questions.QUESTIONS)
def test_words_are_short_enough_to_be_read(name):
    description = questions._PAGE["questions"][name]["description"]
    assert len(questions.title(name)) <= 50
    assert 20 <= len(description) <= 250
    assert "\n" not in description


def test_the_guidelines_name_every_question_button_and_kind_of_error():
    text = questions.guidelines()
    for name in JUDGEMENTS:
        assert questions.title(name) in text
    for code in TAXONOMY:
        assert text.count(f"\n**{questions.labels('error_type')[code]}** ({code}). ") == 1
    assert text.count("*For example:*") == len(TAXONOMY)
    assert len(text.split()) <= 1500  # five minutes
    assert "$" not in text  # money of the examples would be read as a formula
    assert "{{" not in text


def test_settings_are_what_argilla_takes(client, workspace, dataset_name):
    import argilla as rg

    rg.Dataset(dataset_name, workspace=workspace, settings=questions.settings(30, 2), client=client).create()
    made = client.datasets(dataset_name, workspace=workspace).settings
    assert [field.name for field in made.fields] == list(questions.FIELDS)
    assert all(field.use_markdown and field.required for field in made.fields)
    assert [question.name for question in made.questions] == list(questions.QUESTIONS)
    assert [question.name for question in made.questions if question.required] == [
        name for name in questions.QUESTIONS if name in JUDGEMENTS
    ]
    assert made.questions["first_wrong_step"].labels == [*map(str, range(1, 31)), "none"]
    assert made.questions["first_wrong_step"].visible_labels == 31
    assert made.distribution.min_submitted == 2
    assert made.guidelines == questions.guidelines()
