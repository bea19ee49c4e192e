"""The error types, the spellings that mean them, and the published shares."""

from __future__ import annotations

import gzip
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lemma_steps.taxonomy import TAXONOMY, default_distribution, resolve

SPELLINGS = [
    ("CA", "CA"),
    ("NO", "NO"),
    ("`OP`", "OP"),
    ("Calculation Error", "CA"),
    ("calculation error", "CA"),
    ("calculation_error", "CA"),
    ("**Counting Errors**", "CO"),
    ("referencing_context_value_error", "CV"),
    ("referencing_value", "CV"),
    ("adding_irrelevant_information", "HA"),
    ("Hallucination", "HA"),
    ("unit_conversion_error", "UC"),
    ("operator-error", "OP"),
    ("operation_error", "OP"),
    ("confusing_formula_error", "FC"),
    ("Formula Confusion", "FC"),
    ("missing_step", "MS"),
    ("missing_step_error", "MS"),
    ("referencing_previous_step_value_error", "CS"),
    ("Contradictory Step", "CS"),
    ("question_understanding_error", "QM"),
    ("question_misinterpretation_error", "QM"),
    ("confusing_concept_error", "CC"),
    ("nonsense_output_error", "NO"),
    ("arithmetic_error", "CA"),
    ("rounding_error", "CA"),
    ("exponent_error", "OP"),
]
NO_TYPE = [
    "",
    "none",
    "no",
    "No",
    "no error",
    "correct",
    "error",
    "not CA",
    "CA and OP",
    "calculation_error, missing_step",
]
SOURCES = [
    ("gsm8k", "gsm8k"),
    ("gsm8k_train", "gsm8k"),
    ("openai/gsm8k", "gsm8k"),
    ("math", "math"),
    ("math_train", "math"),
    ("EleutherAI/hendrycks_math", "math"),
    ("DigitalLearningGmbH/MATH-lighteval", "math"),
    ("metamath", "both"),
    ("meta-math/MetaMathQA", "both"),
    ("starter", "both"),
    ("aftermath", "both"),
    ("somebody/own-problems", "both"),
]
MODELS = ["LLaMA3-8B", "Mistral-7B", "DeepSeekMath-7B", "Qwen2-Math-7B"]


def test_the_twelve_types_are_complete():
    assert list(TAXONOMY) == ["CA", "CO", "CV", "HA", "UC", "OP", "FC", "MS", "CS", "QM", "CC", "NO"]
    for code, type_ in TAXONOMY.items():
        assert type_.code == code
        assert type_.name
        assert type_.definition.endswith(".")
        assert "Wrong step" in type_.example
        assert type_.aliases
    assert len({t.example for t in TAXONOMY.values()}) == len({t.definition for t in TAXONOMY.values()}) == 12


@pytest.mark.parametrize(("spelling", "code"), SPELLINGS)
def test_resolve(spelling, code):
    assert resolve(spelling) == code


@pytest.mark.parametrize("spelling", NO_TYPE)
def test_resolve_nothing(spelling):
    assert resolve(spelling) is None


def test_no_spelling_means_two_types():
    for type_ in TAXONOMY.values():
        assert {resolve(s) for s in (type_.code, type_.name, *type_.aliases)} == {type_.code}


@given(st.sampled_from([(s, t.code) for t in TAXONOMY.values() for s in (t.name, *t.aliases)]), st.data())
def test_dress_does_not_matter(case, data):
    spelling, code = case
    words = spelling.split()
    dressed = data.draw(st.sampled_from(["_", " ", "-", "  "])).join(words)
    dressed = data.draw(st.sampled_from([str.upper, str.lower, str.title]))(dressed)
    assert (
        resolve(data.draw(st.sampled_from(["", "*", "`", "'"])) + dressed + data.draw(st.sampled_from(["", ".", "**"])))
        == code
    )


@given(st.text(max_size=40))
def test_resolve_takes_any_text(text):
    assert resolve(text) in {None, *TAXONOMY}


def test_defect_15_the_injection_names_are_known():
    assert resolve("question_misinterpretation") == resolve("question_understanding_error") == "QM"


def test_defect_26_no_type_is_called_an_error_error():
    assert not any("error error" in str(t).casefold() for t in TAXONOMY.values())


def test_paper_names_and_codes(lemma_data):
    for record in json.loads((lemma_data / "lemma_paper_numbers.json").read_text("utf-8"))["taxonomy"]:
        type_ = TAXONOMY[record["code"]]
        assert type_.name == record["name"]
        for name in filter(None, (record["analysis_name"], record["injection_name"])):
            assert resolve(name) == type_.code


@pytest.mark.parametrize("name", ["eic_gsm8k", "eic_mathqa"])
def test_every_label_of_eic_resolves(lemma_data, name):
    with gzip.open(lemma_data / f"{name}.jsonl.gz", "rt", encoding="utf-8") as lines:
        rows = [json.loads(line) for line in lines]
    assert {r["wrong_type"] for r in rows if resolve(r["wrong_type"]) is None} == set()


@pytest.mark.parametrize(("source", "kind"), SOURCES)
def test_which_figure_speaks_for_a_source(source, kind):
    gsm8k, math = default_distribution("gsm8k"), default_distribution("math")
    both = {code: (gsm8k[code] + math[code]) / 2 for code in gsm8k}
    assert default_distribution(source) == pytest.approx({"gsm8k": gsm8k, "math": math, "both": both}[kind])


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("source", ["gsm8k", "math", "starter"])
def test_shares_sum_to_one(source, model):
    shares = default_distribution(source, model)
    assert sum(shares.values()) == pytest.approx(1, abs=1e-12)
    assert list(shares.values()) == sorted(shares.values(), reverse=True)
    assert shares.keys() <= TAXONOMY.keys()


def test_the_default_student_is_the_papers():
    assert default_distribution("math") == default_distribution("math", "LLaMA3-8B")
    assert default_distribution("math") != default_distribution("math", "Qwen2-Math-7B")


def test_an_unknown_student_is_refused():
    with pytest.raises(ValueError, match="LLaMA3-8B, Mistral-7B"):
        default_distribution("math", "GPT-2")


def test_shares_are_the_papers(lemma_data):
    figures = json.loads((lemma_data / "lemma_paper_numbers.json").read_text("utf-8"))["error_type_percent"]
    for kind in ("gsm8k", "math"):
        assert sorted(figures[kind]) == sorted(MODELS)
        for model, percent in figures[kind].items():
            total = sum(percent.values())
            assert default_distribution(kind, model) == pytest.approx({c: p / total for c, p in percent.items()})
