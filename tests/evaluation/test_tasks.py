"""The tasks as lm-eval sees them: names, settings, documents, and how their scores become those of the groups."""

from __future__ import annotations

import json
import math
import re
from fractions import Fraction
from functools import cache
from pathlib import Path
from statistics import fmean
from typing import Any

import pytest

pytest.importorskip("lm_eval", reason="lm-eval is not installed (uv sync --extra eval)")

from lm_eval import simple_evaluate
from lm_eval.api.model import LM
from lm_eval.api.task import Task
from lm_eval.tasks import TaskManager

from lemma_steps.answers import Verdict, qwen, verify, verify_many
from lemma_steps.contamination import shipped_index
from lemma_steps.evaluation.benchmarks.registry import registry
from lemma_steps.evaluation.tasks.demonstrations import demonstrations
from lemma_steps.evaluation.tasks.questions import with_hint
from lemma_steps.sources.files import read_file
from lemma_steps.trajectory import OUTPUT_START, closing

TASKS = Path(__file__).parents[2] / "eval_tasks"
ID = ["gsm8k", "math"]
OOD = ["asdiv", "mathematics", "mawps", "svamp", "college_math"]
FEW_SHOT = ["asdiv", "mawps", "svamp"]
SETS = [*ID, "math500", *OOD, "mathchat_fqa", "mathchat_ec"]
LATER_TURNS = ["mathchat_fqa_turn2", "mathchat_fqa_turn3"]
GROUPS = ["lemma", "lemma_id", "lemma_maj32", "lemma_mathchat", "lemma_ood"]
STOPS = ["\n\n#", "\n\nInstruction:", "</s>"]
PUBLISHED_GOLDS_IN_A_BOX = {"math-6", "math-1714", "math-1991", "math-4667", "math500-383"}
"""Their published gold is `\\boxed{...}` as a whole: the published rules read the box in a sentence, and find it different."""


@cache
def manager() -> TaskManager:
    return TaskManager(include_path=str(TASKS), include_defaults=False)


def task_of(name: str) -> Task:
    return manager().load([name])["tasks"][name]


def documents(name: str) -> list[dict[str, Any]]:
    return list(task_of(f"lemma_{name}").test_docs())


class Scripted(LM):
    """Answers each document with what a function says of its number within the set."""

    def __init__(self, answers) -> None:
        super().__init__()
        self._answers = answers

    def generate_until(self, requests, **_):
        return [OUTPUT_START + closing(self._answers(request)) for request in requests]

    def loglikelihood(self, requests, **_):
        raise NotImplementedError

    loglikelihood_rolling = loglikelihood


def results_of(tasks: list[str], answers) -> dict[str, Any]:
    return simple_evaluate(model=Scripted(answers), tasks=tasks, task_manager=manager(), bootstrap_iters=0)


def test_all_tasks_are_there_and_no_others():
    names = [f"lemma_{name}" for name in (*SETS, *LATER_TURNS)]
    names += [f"lemma_{name}_maj32" for name in SETS] + [f"lemma_{name}_0shot" for name in FEW_SHOT]
    assert sorted(manager().all_tasks) == sorted([*names, *GROUPS])


def stops_of(config) -> list[str]:
    """The stop strings that a model is given: the published ones, as far as servers take them (four, one of them their own)."""
    given = config.generation_kwargs["until"]
    assert set(STOPS[:2]) <= set(given) <= set(STOPS)
    assert len(given) <= 3
    return given


@pytest.mark.parametrize("name", [*SETS, *(f"{name}_0shot" for name in FEW_SHOT)])
def test_one_greedy_reply(name, stand_ins):
    config = task_of(f"lemma_{name}").config
    settings = {"do_sample": False, "temperature": 0.0, "max_gen_toks": 1024, "until": stops_of(config)}
    assert config.generation_kwargs == settings
    assert (config.repeats, config.num_fewshot) == (1, 4 if name in FEW_SHOT else 0)
    assert config.metadata["version"] == 1.0


@pytest.mark.parametrize("name", SETS)
def test_thirty_two_sampled_replies(name, stand_ins):
    greedy, config = task_of(f"lemma_{name}").config, task_of(f"lemma_{name}_maj32").config
    settings = {"do_sample": True, "temperature": 0.7, "top_p": 1.0, "seed": None, "max_gen_toks": 1024}
    assert config.generation_kwargs == settings | {"until": stops_of(config)}
    assert (config.repeats, config.num_fewshot) == (32, greedy.num_fewshot)


def check_documents(name: str, found: list[dict[str, Any]]) -> None:
    assert len({doc["id"] for doc in found}) == len(found)
    assert all(re.fullmatch(rf"{name}-\d+", doc["id"]) and doc["question"].strip() for doc in found)
    ours = verify_many((doc["answer"], OUTPUT_START + closing(doc["answer"])) for doc in found)
    assert [doc["id"] for doc, verdict in zip(found, ours, strict=True) if verdict is not Verdict.RIGHT] == []
    published = [(doc["published_answer"], OUTPUT_START + closing(doc["published_answer"])) for doc in found]
    verdicts = zip(found, qwen.match_many(published), strict=True)
    assert {doc["id"] for doc, verdict in verdicts if verdict is not Verdict.RIGHT} <= PUBLISHED_GOLDS_IN_A_BOX


@pytest.mark.parametrize("name", SETS)
def test_both_graders_read_every_gold(name, stand_ins):
    check_documents(name, documents(name))


@pytest.mark.parametrize("name", SETS)
def test_both_graders_read_every_gold_of_the_public_rows(name, lemma_data, monkeypatch):
    monkeypatch.delenv("LEMMA_DIGESTS", raising=False)
    monkeypatch.setenv("LEMMA_DATA_SUBSET", "1")
    task = task_of(f"lemma_{name}")
    found, rows = list(task.test_docs()), registry()[name].rows
    check_documents(name, found)
    said = None if len(found) == rows else f"{len(found):,} of {rows:,} rows"
    assert task.config.metadata.get("subset") == said
    assert not said or said in task.config.task_alias


@pytest.mark.parametrize("name", SETS)
def test_every_folder_tells_of_its_tasks_and_rows(name):
    said = (TASKS / name / "README.md").read_text("utf-8")
    assert f"{registry()[name].rows:,} " in said
    assert [path.stem for path in (TASKS / name).glob("*.yaml") if f"`{path.stem}`" not in said] == []
    overview = (TASKS / "README.md").read_text("utf-8")
    assert f"({name}/README.md)" in overview
    assert f"| {registry()[name].rows:,} |" in overview


@pytest.mark.parametrize(
    ("answer", "hint"),
    [
        ("True", "True or False"),
        ("false", "True or False"),
        ("Yes.", "Yes or No"),
        (" no", "Yes or No"),
        ("none", None),
        ("7", None),
        ("", None),
    ],
)
def test_a_question_that_a_word_answers_names_the_words(answer, hint):
    assert with_hint("Is it?", answer) == ("Is it?" if hint is None else f"Is it? ({hint})")


@pytest.mark.parametrize(
    ("name", "row", "question", "answer", "published"),
    [
        ("asdiv", {"body": "A. ", "question": "How far?", "answer": "5 (km)"}, "A. How far?", "5", "5"),
        ("asdiv", {"body": "A.", "question": "Is it?", "answer": "Yes"}, "A. Is it? (Yes or No)", "Yes", "Yes"),
        ("svamp", {"Body": "There are 3", "Question": "How many?", "Answer": 3.0}, "There are 3. How many?", "3", "3.0"),
        ("svamp", {"Body": "There are 3.", "Question": "How many?", "Answer": 2.5}, "There are 3. How many?", "2.5", "2.5"),
        ("mawps", {"sQuestion": "How many ? ", "lSolutions": [7.0]}, "How many ?", "7", "7.0"),
        ("college_math", {"question": "Solve", "answer": "$x=2$"}, "Solve", "$x=2$", "x=2"),
        ("college_math", {"question": "Is it?", "answer": "No."}, "Is it? (Yes or No)", "No.", "No."),
        ("mathematics", {"question": "Is 4 prime?", "answer": "False"}, "Is 4 prime? (True or False)", "False", "False"),
        ("gsm8k", {"question": "How many?", "answer": "So 2.\n#### 1,002"}, "How many?", "1,002", "1,002"),
    ],
)  # fmt: skip
def test_rows_become_documents(name, row, question, answer, published, stand_ins):
    doc = task_of(f"lemma_{name}").to_doc(row)
    assert (doc["question"], doc["published_answer"]) == (question, published)
    assert verify(answer, OUTPUT_START + closing(doc["answer"])) is Verdict.RIGHT


@pytest.mark.parametrize(
    ("name", "row"),
    [("math", {"type": "Counting & Probability", "level": "Level 4"}), ("math500", {"subject": "Counting & Probability", "level": 4, "answer": "2"})],
)  # fmt: skip
def test_subject_and_level_become_parts(name, row, stand_ins):
    task = task_of(f"lemma_{name}")
    parts = task.to_doc({"problem": "P", "solution": r"It is $\boxed{2}$."} | row)["parts"]
    assert parts == ["counting_and_probability", "level_4"]
    assert set(parts) <= set(task.PARTS)


def test_demonstrations_are_no_test_questions():
    asked = [shot["question"] for shot in demonstrations()]
    assert len(set(asked)) == 4
    assert [shipped_index().query(question) for question in asked] == [None] * 4


def test_demonstrations_are_training_rows_with_their_golds(lemma_data):
    golds = {
        row["question"]: row["answer"].split("####")[1].strip()
        for _, row in read_file(lemma_data / "gsm8k_train.jsonl.gz")
    }
    for shot in demonstrations():
        assert shot["answer"].endswith(f"\n{closing(golds[shot['question']])}")


RIGHT = {"gsm8k": 1, "math": 3, "math500": 0, "asdiv": 4, "mathematics": 0, "mawps": 3, "svamp": 2, "college_math": 1}
RIGHT |= {"mathchat_fqa": 3, "mathchat_ec": 2}
"""How many documents of each stand-in set the script answers rightly: the first ones."""


def first_ones_right(request) -> str:
    name, place = request.doc["id"].rsplit("-", 1)
    return request.doc["answer"] if int(place) < RIGHT[name] else "987654"


@pytest.fixture
def scripted(stand_ins) -> dict[str, Any]:
    return results_of(["lemma", "lemma_mathchat", "lemma_math500"], first_ones_right)


def test_groups_are_macro_means_of_their_sets(scripted):
    sizes = {name: count["original"] for name, count in scripted["n-samples"].items()}
    share = {name: right / sizes[f"lemma_{name}"] for name, right in RIGHT.items()}
    scores = {name: found["math_verify,none"] for name, found in scripted["results"].items()}
    assert {name: scores[f"lemma_{name}"] for name in RIGHT} == pytest.approx(share)
    assert len(set(share.values())) > 4
    for group, sets in {
        "lemma_id": ID,
        "lemma_ood": OOD,
        "lemma": ID + OOD,
        "lemma_mathchat": ["mathchat_fqa", "mathchat_ec"],
    }.items():
        assert scores[group] == pytest.approx(fmean(share[name] for name in sets))
    # neither a mean of the two groups' means nor a mean over documents
    assert abs(scores["lemma"] - fmean([scores["lemma_id"], scores["lemma_ood"]])) > 0.01
    assert abs(scores["lemma"] - sum(RIGHT[n] for n in ID + OOD) / sum(sizes[f"lemma_{n}"] for n in ID + OOD)) > 0.001
    assert set(scripted["group_subtasks"]["lemma"]) == {"lemma_id", "lemma_ood"}


@pytest.mark.parametrize("stop", STOPS)
def test_a_reply_ends_at_every_published_stop_string(stop, stand_ins):
    found = results_of(["lemma_gsm8k"], lambda request: f"{request.doc['answer']}{stop} {closing('987654')}")
    assert found["results"]["lemma_gsm8k"]["math_verify,none"] == 1
    assert all(stop not in reply for sample in found["samples"]["lemma_gsm8k"] for reply in sample["filtered_resps"][0])


def test_rows_that_stand_in_for_a_set_say_so(scripted):
    assert all("stand-in rows" in scripted["results"][f"lemma_{name}"]["alias"] for name in RIGHT)
    assert scripted["results"]["lemma"]["share_of_set,none"] == 0


@pytest.mark.parametrize("kind", ["level", "subject"])
@pytest.mark.parametrize("name", ["math", "math500"])
def test_parts_add_up_to_the_whole(name, kind, scripted):
    task, found = task_of(f"lemma_{name}"), scripted["results"][f"lemma_{name}"]
    parts = [part for part in task.PARTS if part.startswith("level_") is (kind == "level")]
    sizes = {part: sum(part in doc["parts"] for doc in task.test_docs()) for part in parts}
    assert sum(sizes.values()) == len(task.test_docs())
    right = sum(size * found[f"math_verify_{part},none"] for part, size in sizes.items() if size)
    assert right == pytest.approx(RIGHT[name])
    assert all(math.isnan(found[f"math_verify_{part},none"]) for part, size in sizes.items() if not size)


def test_votes_over_scripted_samples(stand_ins):
    asked: dict[str, int] = {}

    def answers(request) -> str:
        """Of 32 samples 12 are right, in two spellings; the first eight agree on something wrong."""
        number = asked[request.doc["id"]] = asked.get(request.doc["id"], -1) + 1
        gold = Fraction(request.doc["answer"])
        spellings = ["987654"] * 8 + [f"{float(gold)}"] * 6 + [f"{2 * gold.numerator}/{2 * gold.denominator}"] * 6
        return spellings[number] if number < len(spellings) else str(number * 1000)

    found = results_of(["lemma_svamp_maj32"], answers)["results"]["lemma_svamp_maj32"]
    scores = {
        name: found[f"{name},none"] for name in ("math_verify", "maj@32", "maj@8", "pass@32", "qwen_maj@32", "unparsed")
    }
    expected = {"math_verify": 12 / 32, "maj@32": 1, "maj@8": 0, "pass@32": 1, "qwen_maj@32": 0, "unparsed": 0}
    assert scores == pytest.approx(expected)


def test_a_fake_of_a_set_is_not_evaluated(tmp_path, monkeypatch):
    """A row that the published set does not hold is refused, not scored."""
    (tmp_path / "svamp_eval.jsonl").write_text(json.dumps({"Body": "A", "Question": "B", "Answer": 1.0}), "utf-8")
    monkeypatch.setenv("LEMMA_DATA", str(tmp_path))
    monkeypatch.setenv("LEMMA_DATA_SUBSET", "1")
    monkeypatch.delenv("LEMMA_DIGESTS", raising=False)
    with pytest.raises(Exception, match=r"row 1 of .* is altered, or no row of the published set"):
        task_of("lemma_svamp")
