"""The index on questions of our own: what it finds, what it keeps, what it stores."""

from __future__ import annotations

import pytest

from lemma_steps.contamination import ContaminationIndex
from lemma_steps.contamination.build import build, write
from lemma_steps.contamination.questions import Copy, EvalSet
from lemma_steps.contamination.sketch import NUMBER_BIT, first_paragraph, sketch, turns

STORY = (
    "Mara's bakery sells 48 poppy rolls every morning and 17 raisin buns every afternoon. Each roll costs $3 and each bun "
    "costs $4. If the bakery stays open for 26 days, how many dollars does Mara collect in total?"
)
RESTATED = (
    "I have a question about a bakery. Every morning Mara sells 48 poppy rolls at $3 each, and every afternoon 17 raisin "
    "buns at $4 each. Could you tell me how many dollars she collects over 26 days of being open?"
)
ALGEBRA = "Let $p$ and $q$ be the solutions of $7x^2 - 19x + 4 = 0$. What is the value of $(p-2)(q-2)$?"
STORIES = [
    STORY,
    *(
        f"Ola {verb} {number} {thing} at the {place} and then {number + 9} more. How many {thing} are there?"
        for number, (verb, thing, place) in enumerate(
            [
                (v, t, p)
                for v in ("counts", "paints", "folds")
                for t in ("kites", "lamps", "maps")
                for p in ("harbour", "mill", "barn")
            ],
            start=31,
        )
    ),
]


@pytest.fixture(scope="module")
def index():
    def copy(texts):
        return [Copy("own texts", "0" * 64, {row: [text] for row, text in enumerate(texts)})]

    stories = EvalSet("stories", {"join": ["question"]}, prose=True)
    algebra = EvalSet("algebra", {"join": ["question"]})
    return build([(stories, copy(STORIES)), (algebra, copy(["Compute $\\tan 22.5^\\circ.$", ALGEBRA]))])


@pytest.mark.parametrize(
    ("question", "name", "row", "kind"),
    [
        (STORY, "stories", 0, "exact"),
        (STORY.upper().replace("$", "\\$"), "stories", 0, "exact"),
        (STORY + "\nLet's think step by step.", "stories", 0, "exact"),
        (STORY.replace("'", "’") + "\n\nThe bakery sells 48 rolls, so ...\n\nThat is wrong.", "stories", 0, "exact"),
        (f"A: {STORY}\nB: 48 rolls make 144 dollars.\nA: That is wrong.", "stories", 0, "exact"),
        (STORY.replace("Mara", "Tomas"), "stories", 0, "near"),
        (RESTATED, "stories", 0, "near"),
        (f"A: {RESTATED}\n\nB: That makes 5 dollars.", "stories", 0, "near"),
        ("Compute $\\tan {22.5}^{\\circ}$", "algebra", 0, "exact"),
        (ALGEBRA.replace("be the solutions of", "denote both solutions of"), "algebra", 1, "near"),
        (ALGEBRA.replace("What is", "Please find"), "algebra", 1, "near"),
    ],
)
def test_a_repeated_question_is_found(index, question, name, row, kind):
    match = index.query(question)
    assert match is not None
    assert (match.set, match.row, match.kind) == (name, row, kind)


@pytest.mark.parametrize(
    "question",
    [
        "Compute $\\tan 225^\\circ.$",
        "Compute $\\cot 22.5^\\circ.$",
        ALGEBRA.replace("- 19x", "+ 19x"),
        ALGEBRA.replace("7x^2", "9x^2"),
        ALGEBRA.replace("the value of", "the minimum of"),
        STORY.replace("48", "52").replace("17", "23").replace("26", "30"),
        "How many hens does Mara have?",
        "",
        "48 17 3 4 26",
        "Ola counts 31 hats.",
    ],
)
def test_another_question_is_kept(index, question):
    assert index.query(question) is None


def test_defect_27_a_match_names_the_set_and_the_row(index):
    match = index.query(STORY)
    assert (match.set, match.row, match.kind, match.similarity) == ("stories", 0, "exact", 1.0)
    assert 0.3 <= index.query(RESTATED).similarity < 1


def test_answers_do_not_depend_on_the_order_of_asking(index):
    questions = [RESTATED, ALGEBRA, STORY, "nothing"]
    assert [index.query(q) for q in questions] == [index.query(q) for q in reversed(questions)][::-1]


def test_the_index_stores_no_text(index, tmp_path):
    write(index, tmp_path / "index.npz")
    assert {array.dtype.kind for array in index.arrays.values()} <= {"u", "b"}
    assert set(index.arrays) == {"whole", "skeleton", "set", "row", "shared", "begin", "features"}
    assert not any(word in str(index.meta) for word in ("bakery", "Mara", "48"))


def test_it_is_read_back_as_it_was_written(index, tmp_path):
    write(index, tmp_path / "index.npz")
    again = ContaminationIndex.load(tmp_path / "index.npz")
    assert again.meta == index.meta
    assert [again.query(q) for q in (STORY, RESTATED, ALGEBRA)] == [index.query(q) for q in (STORY, RESTATED, ALGEBRA)]


def test_hostile_questions_cost_nothing(index):
    for question in ("A: " * 10**5, "\n\n" * 10**5, "9" * 10**6, "{" * 10**6, "\ud800 48 17 26"):
        assert index.query(question) is None


@pytest.mark.parametrize(
    ("dialogue", "said"),
    [
        ("A: one\n\nB: two\n\nA: three\nmore", ["one", "three\nmore"]),
        ("User: one\nAssistant: two", ["one"]),
        ("Point A: the left one", []),
        ("no marks", []),
    ],
)
def test_turns_of_a_dialogue(dialogue, said):
    assert turns(dialogue) == said


def test_sketches_mark_numbers_and_forget_order():
    one, other = sketch("Ola counts 31 kites"), sketch("31 kites Ola counts")
    assert one.features == other.features
    assert one.whole != other.whole
    assert sum(feature >= NUMBER_BIT for feature in one.features) == 1
    assert one.skeleton == 0
    assert first_paragraph("\n\none\ntwo\n \nthree") == "one\ntwo"
