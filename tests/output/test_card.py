"""The dataset card: valid for the Hub, honest about labels and licences."""

from __future__ import annotations

import re

import pytest
import yaml

from lemma_steps.output import Summary, normalise, render_card
from lemma_steps.output.card import cell, fenced, size_category
from lemma_steps.output.record import MEANINGS
from tests.output.rows import STEPS, kept, stream


def card(rows, settings=None, **options):
    summary = Summary(STEPS)
    for row in rows:
        summary.add(normalise(row))
    report = summary.report(
        settings=settings or {"teacher": "offline"}, run={"command": "uv run recipes/lemma.py --seed 7"}
    )
    return render_card(report, summary.examples, **options)


def front_matter(text):
    assert text.startswith("---\n")
    return yaml.safe_load(text.split("---\n")[1])


def test_the_front_matter_is_what_the_hub_reads():
    matter = front_matter(card(stream(60)))
    by_name = {config["config_name"]: config for config in matter["configs"]}
    assert by_name["default"]["data_files"] == [{"split": "train", "path": "train.parquet"}]
    assert by_name["default"]["default"] is True
    assert by_name["rejected"]["data_files"] == [{"split": "train", "path": "rejected.parquet"}]
    assert matter["license"] == ["apache-2.0", "unknown"]
    assert matter["size_categories"] == ["n<1K"]


def test_a_run_that_rejects_nothing_has_no_config_that_cannot_be_loaded():
    text = card([kept(1)])
    assert [config["config_name"] for config in front_matter(text)["configs"]] == ["default"]
    assert "no row was rejected" in text
    assert '"rejected", split' not in text


@pytest.mark.parametrize(
    ("source", "licence", "tag", "said"),
    [
        ("gsm8k", "MIT", "mit", "arXiv:2110.14168"),
        ("math", "MIT (contested)", "mit", "DMCA notice"),
        ("metamath", "MIT", "mit", "GPT-3.5"),
        ("starter", "Apache-2.0", "apache-2.0", "Written for this project"),
        ("my_problems", "not stated", "unknown", "No licence was stated"),
        ("my_problems", "CC-BY-4.0", "other", "Stated by the user: CC-BY-4.0"),
        ("org/some-set", None, "unknown", "https://huggingface.co/datasets/org/some-set"),
    ],
)
def test_the_licence_of_every_source_is_on_the_card(source, licence, tag, said):
    text = card([kept(1, source=source, licence=licence)])
    assert front_matter(text)["license"] == tag
    assert said in text


@pytest.mark.parametrize(
    ("rows", "bounds"), [(0, "n<1K"), (999, "n<1K"), (1000, "1K<n<10K"), (88_904, "10K<n<100K"), (10**8, "n>10M")]
)
def test_size_categories(rows, bounds):
    assert size_category(rows) == bounds


def test_labels_that_nobody_measured_are_called_so():
    text = card(stream(30))
    assert "not measured: nobody voted" in text
    voted = card([kept(1, label_source="teacher", locator_agreement=0.8, teacher="some-model")])
    assert "80.0 % in 1 rows; accuracy on human labels not measured" in voted


def test_the_offline_teacher_is_called_what_it_is():
    assert "set of rules, not a language model" in card([kept(1)])
    assert "set of rules" not in card([kept(1, teacher="some-model")])


@pytest.mark.parametrize(
    ("left_out", "gone", "said"),
    [
        ("error-augmentation", "2. More errors are injected", "2. No error is injected"),
        ("truncation", "3. The solution is cut", "3. The solution is not cut"),
        ("fresh-restart", "`fresh_restart` begins anew", "correction: `fix_continue` mends the step and goes on."),
        ("fix-continue", "`fix_continue` mends", "correction: `fresh_restart` begins anew."),
    ],
)
def test_what_was_left_out_is_not_told_as_done(left_out, gone, said):
    whole = card([kept(1)])
    text = card([kept(1)], settings={"teacher": "offline", "ablate": [left_out]})
    assert (gone in whole, said in whole) == (True, False)
    assert (gone in text, said in text) == (False, True)


def test_an_ablated_decontamination_is_not_kept_quiet():
    settings = {"teacher": "offline", "ablate": ["decontamination", "smooth"]}
    text = card([kept(1)], settings)
    assert "decontamination was switched off" in text
    assert "Left out of the method: decontamination, smooth" in text


def test_command_columns_and_paper_are_there():
    text = card(stream(20), repo="me/set")
    assert "uv run recipes/lemma.py --seed 7" in text
    assert 'load_dataset("me/set", "rejected", split="train")' in text
    assert "2503.17439" in text
    for name in MEANINGS:
        assert f"| `{name}` |" in text


HOSTILE = 'a|b\n---\nlicense: mit\n# head <script>alert(1)</script> [x](javascript:y) ``` "q"'


def test_names_and_texts_of_rows_add_no_markup():
    text = card([kept(1, source=HOSTILE, teacher=HOSTILE, question="```\n# out\n````\n", licence=HOSTILE)])
    assert front_matter(text)["license"] == "other"
    outside = re.sub(r"(?ms)^(`{3,})text\n.*?^\1$", "", text)
    assert "<script>" not in outside
    assert "[x](" not in outside.replace("\\[", "")
    assert "\n# out" not in outside
    assert outside.count("\n---\n") == 1


def test_tables_have_as_many_cells_in_every_row():
    widths = {}
    for line in card(stream(60)).splitlines():
        if line.startswith("|"):
            widths.setdefault(len(re.findall(r"(?<!\\)\|", line)), []).append(line)
    assert set(widths) <= {3, 4, 5}


@pytest.mark.parametrize(
    ("value", "shown"), [("a|b", r"a\|b"), ("x\n y", "x y"), ("<b>", r"\<b\>"), ("fix_on", r"fix\_on")]
)
def test_cells(value, shown):
    assert cell(value) == shown


def test_a_fence_is_longer_than_any_inside():
    assert fenced("a ```` b").startswith("`````text\n")


def question(name, title, share=0.9, kappa=0.8, note=None, between=True):
    apart = {"kappa": 0.7, "low": 0.5, "high": 0.9, "note": None}
    figures = {"records": 29, "n": 40, "agree": 36, "share": share, "low": 0.8, "high": 0.95}
    return {
        "name": name,
        "title": title,
        "records": 30,
        "with_labels": {**figures, "kappa": kappa, "kappa_low": 0.6, "kappa_high": 0.9, "note": note},
        "between": {
            "records": 10,
            "share": 0.85,
            "low": 0.7,
            "high": 0.9,
            "cohen": {"pairs": 1, **apart},
            "fleiss": apart,
        }
        if between
        else None,
    }


def reviewed(choices=None, over=None, why=None, **changes):
    done = {"dropped": 3, "types_changed": 2, "steps_confirmed": 20, "steps_moved": 1, "edited": 4}
    return {
        "records": 30,
        "answers": 40,
        "reviewers": 2,
        "choices": choices or {"random": 30},
        "over": {"choices": over or ["random"], "why": why},
        "population": 500,
        "questions": [
            question("first_wrong_step", "Which step?", share=0.912),
            question("error_type", "What kind?", share=0.834),
            question("decision", "Keep | drop <b>?", kappa=None, note="no kappa: a kept row always says keep"),
        ],
        "changes": {**done, "refused": {"answer_wrong": 5}, "undecided": 6, "other_text": 7, "impossible": 1} | changes,
    }


def card_of(review):
    summary = Summary(STEPS)
    for row in stream(30):
        summary.add(normalise(row))
    run = {"command": "apply out", "reviewed": {"command": "lemma", "reviewed": None}}
    report = summary.report(settings={"teacher": "offline"}, run=run) | ({"review": review} if review else {})
    return render_card(report, summary.examples)


@pytest.mark.parametrize("review", [None, {**reviewed(), "records": 0}])
def test_a_card_of_a_set_that_nobody_reviewed_speaks_of_no_review(review):
    text = card_of(review)
    assert "Human agreement" not in text
    assert "not measured by people" in text
    assert "review" not in text.partition("## Columns")[0]


def test_a_reviewed_set_says_how_far_people_agree():
    text = card_of(reviewed())
    assert "reviewers name the same step in 91.2 % of 29 rows of the set before review |" in text
    assert "reviewers name the same type in 83.4 % of 29 rows of the set before review |" in text
    assert "not measured" not in text
    assert "| Which step? | 29 | 36 of 40 | 91.2 % (80.0 to 95.0) | 0.80 (0.60 to 0.90) |" in text
    assert "| Which step? | 10 | 85.0 % (70.0 to 90.0) | 0.70 (0.50 to 0.90) | 0.70 (0.50 to 0.90) |" in text
    assert "| refused: answer\\_wrong | 5 |" in text
    assert "| none, an answer about another text or an impossible one | 8 |" in text
    assert "moved the first wrong step (1 of the reviewed rows)" in text
    assert "lemma\napply out\n```" in text
    assert "judged by two people" not in text


@pytest.mark.parametrize(
    ("choices", "over", "why", "said", "unsaid"),
    [
        (
            {"random": 30},
            ["random"],
            None,
            "30 rows drawn at random: what is found on them holds for the whole",
            "doubtful",
        ),
        ({"random": 1}, ["random"], None, "- 1 row drawn at random", "left out of the figures"),
        ({"random": 30}, ["random"], "30 of 40 drawn", "30 rows drawn at random: 30 of 40 drawn.", "holds for"),
        (
            {"random": 30},
            ["random"],
            "30 of 40 drawn",
            "rows of the set before review, not all that were drawn",
            "holds for",
        ),
        ({"uncertain": 30}, ["uncertain"], "no", "most doubtful: they do not speak for the set.", "holds for"),
        (
            {"uncertain": 30},
            ["uncertain"],
            "no",
            "rows of the set before review, the most doubtful ones only",
            "left out of the figures",
        ),
        ({"random": 29, "uncertain": 1}, ["random"], None, "1 row chosen as the most doubtful", "doubtful ones only"),
        (
            {"random": 29, "uncertain": 1},
            ["random"],
            None,
            "speak for the set, and left out of the figures.",
            "ones only",
        ),
        ({"all": 30}, ["all"], "30 of 500 rows", "30 rows of a review of all rows: 30 of 500 rows.", "doubtful"),
        ({"all": 500}, ["all"], None, "500 rows of a review of all rows.", "not complete"),
        ({"random": 29, "all": 1}, ["random"], None, "which is not complete, and left out of the figures.", "doubtful"),
    ],
)
def test_what_the_choice_of_rows_allows_to_say(choices, over, why, said, unsaid):
    text = card_of(reviewed(choices, over, why))
    assert said in text
    assert unsaid not in text


def test_titles_notes_and_reasons_add_no_markup():
    hostile = "</table>|<script>\n# x"
    review = reviewed(refused={hostile: 1})
    review["questions"] = [question("decision", hostile, note=hostile, between=False)]
    text = card_of(review)
    assert "<script>" not in text
    assert "\n# x" not in text
    assert "No row was judged by two people" in text
