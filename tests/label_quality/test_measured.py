"""Measurements are kept by what decided them, and a run quotes those of its own teacher and prompts, and no other."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import lemma_steps
from lemma_steps.errors import StoppedError
from lemma_steps.label_quality.measured import measured, own_folder, store
from lemma_steps.label_quality.of_run import AS_LOCATED, ROLES, label_quality
from lemma_steps.label_quality.scores import SHARES
from lemma_steps.prompts import template_id
from lemma_steps.steps import LocateFirstError

SHIPPED = Path(lemma_steps.__file__).parent / "data" / "label_quality"
TEMPLATE = "locate_first_error@123"
FIGURE = {"value": 0.5, "low": 0.4, "high": 0.6}
TYPED = {"n": 5, **dict.fromkeys(("accuracy", "macro_f1", "answered"), FIGURE)}


def located(n=10):
    return {"n": n, "n_wrong": n, "n_right": 0, **dict.fromkeys(SHARES, FIGURE)}


BASE = {
    **{"kind": "locator", "teacher": "m/one", "template": TEMPLATE, "with_reference": True, "votes": 1},
    **{"checker": "off", "seed": 0, "sampling": {}, "limit": None, "made": {"command": "all"}},
    "sets": {"processbench_math": located()},
}
CALLS = [{"step": "locate_first_error", "templates": [TEMPLATE], "models": ["m/one"]}]


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.setenv("LEMMA_MEASURED", str(tmp_path))
    return tmp_path


def test_what_is_stored_is_found_by_its_own_teacher_and_prompt_only():
    assert store(BASE).parent == own_folder()
    assert measured("locator", "m/one", TEMPLATE) == [BASE]
    assert measured("locator", "m/two", TEMPLATE) == []
    assert measured("locator", "m/one", "locate_first_error@124") == []
    assert measured("classifier", "m/one", TEMPLATE) == []


def test_the_same_measurement_takes_the_place_of_the_former():
    store(BASE)
    store({**BASE, "sets": {"processbench_math": located(20)}})
    assert [one["sets"]["processbench_math"]["n"] for one in measured("locator", "m/one", TEMPLATE)] == [20]
    store({**BASE, "votes": 5})
    assert [one["votes"] for one in measured("locator", "m/one", TEMPLATE)] == [1, 5]


def test_sets_that_were_measured_one_by_one_are_kept_together():
    """Whoever measures one set again must not lose the others, nor quote another command for them."""
    mean = {"f1": FIGURE}
    three = {name: located() for name in ("processbench_gsm8k", "processbench_math", "mr_gsm8k")}
    store({**BASE, "sets": three, "averages": {"ProcessBench": mean}})
    store({**BASE, "sets": {"mr_gsm8k": located(20)}, "averages": {}, "made": {"command": "one"}})
    [both] = measured("locator", "m/one", TEMPLATE)
    assert {name: found["n"] for name, found in both["sets"].items()} == {
        **{"mr_gsm8k": 20, "processbench_gsm8k": 10, "processbench_math": 10}
    }
    assert [found.get("made", both["made"])["command"] for found in both["sets"].values()] == ["one", "all", "all"]
    assert both["averages"] == {"ProcessBench": mean}
    store({**BASE, "sets": {"processbench_math": located(30)}, "averages": {}, "made": {"command": "last"}})
    [both] = measured("locator", "m/one", TEMPLATE)
    assert both["averages"] == {}  # of figures that are no longer all there
    assert [found.get("made", both["made"])["command"] for found in both["sets"].values()] == ["last", "one", "all"]


def test_ones_own_set_does_not_hide_the_others_that_somebody_handed_over(folder):
    store(BASE)
    handed = {**BASE, "sets": {"processbench_math": located(30), "mr_gsm8k": located(40)}, "made": {"command": "hers"}}
    (folder / "z.json").write_text(json.dumps(handed), encoding="utf-8")
    [both] = measured("locator", "m/one", TEMPLATE)
    assert {name: found["n"] for name, found in both["sets"].items()} == {"processbench_math": 10, "mr_gsm8k": 40}


def test_of_several_draws_of_a_set_the_largest_is_quoted():
    """A trial of three solutions must not stand beside the measurement for ever."""
    store({**BASE, "limit": 50, "sets": {"eic_gsm8k": located(50), "mr_gsm8k": located(50)}})
    store({**BASE, "limit": 3, "sets": {"eic_gsm8k": located(3), "processbench_math": located(3)}})
    store({**BASE, "limit": 60, "sets": {"mr_gsm8k": located(60)}})
    store({**BASE, "limit": 50, "seed": 1, "sets": {"eic_gsm8k": located(50)}})
    store({**BASE, "limit": 3, "votes": 5, "sets": {"eic_gsm8k": located(3)}})
    found = measured("locator", "m/one", TEMPLATE)
    told = [(one["votes"], name, figures["n"]) for one in found for name, figures in one["sets"].items()]
    assert sorted(told) == [
        *((1, "eic_gsm8k", 50), (1, "mr_gsm8k", 60), (1, "processbench_math", 3), (5, "eic_gsm8k", 3))
    ]


DAMAGED = [
    *({key: value for key, value in BASE.items() if key != lost} for lost in BASE),
    *({**BASE, "sets": {"a": {k: v for k, v in located().items() if k != lost}}} for lost in ("n", "n_wrong", "f1")),
    {**BASE, "sets": {}},
    {**BASE, "sets": {"a": {**located(), "acc_wrong": {"value": "<b>", "low": 0, "high": 1}}}},
    {**BASE, "sets": {"a": {**located(), "acc_wrong": {"value": float("nan"), "low": 0, "high": 1}}}},
    {**BASE, "kind": "classifier"},
]


@pytest.mark.parametrize("text", ["", "[]", "{}", "[" * 100_000, "\x00", *map(json.dumps, DAMAGED)])
def test_a_damaged_file_is_left_out_and_named(text, folder, caplog):
    store(BASE)
    (folder / "broken.json").write_text(text, encoding="utf-8")
    assert measured("locator", "m/one", TEMPLATE) == [BASE]
    assert "broken.json" in caplog.text


def test_a_folder_that_cannot_be_written_stops(folder):
    (folder / "file").touch()
    with pytest.raises(StoppedError, match="LEMMA_MEASURED"):
        store(BASE, folder / "file")


def test_a_run_quotes_what_was_asked_as_it_asked_first():
    for changes in ({}, {"votes": 3}, {"with_reference": False}, {"sampling": {"temperature": 0.0}}, {"teacher": "x"}):
        store({**BASE, **changes})
    found = label_quality(CALLS, {"steps": {"locate_first_error": {"votes": 3}}, "sampling": {}})
    assert [one["as_in_run"] for one in found["locator"]] == [True, False, False, False]
    assert found["locator"][0]["votes"] == 3
    assert found["classifier"] == []
    assert found["asked"] == {"locator": [{"teacher": "m/one", "template": TEMPLATE}], "classifier": []}
    assert label_quality(CALLS, {})["locator"][0] == {**BASE, "as_in_run": True}


def test_what_differs_least_comes_next():
    for changes in (
        {"with_reference": False, "checker": "vote"},
        {"with_reference": False},
        {"votes": 5, "checker": "vote"},
    ):
        store({**BASE, **changes})
    found = label_quality(CALLS, {})["locator"]
    assert (found[0]["with_reference"], found[0]["checker"]) == (False, "off")
    assert not any(one["as_in_run"] for one in found)


def test_a_run_without_a_measurement_says_so():
    assert label_quality(CALLS, {})["locator"] == []
    assert label_quality([], {}) == {
        "asked": {"locator": [], "classifier": []},
        "locator": [],
        "classifier": [],
    }


def test_a_classifier_is_quoted_too():
    template = "classify_error@9"
    one = {"kind": "classifier", "teacher": "m/one", "template": template, "sets": {"eic_gsm8k": TYPED}}
    one |= {"seed": 0, "sampling": {}, "limit": None, "made": {}}
    store(one)
    calls = [{"step": "classify_errors", "templates": [template], "models": ["m/one", "m/two"]}]
    assert label_quality(calls, {"steps": {}})["classifier"] == [{**one, "as_in_run": True}]


def test_defaults_are_those_of_the_step():
    assert {name: LocateFirstError.model_fields[name].default for name in AS_LOCATED} == AS_LOCATED


def test_a_file_is_readable_json(folder):
    path = store({**BASE, "teacher": "../../etc/passwd \u2603"})
    assert path.parent == folder
    assert json.loads(path.read_text(encoding="utf-8"))["teacher"] == "../../etc/passwd \u2603"


@pytest.mark.parametrize("path", sorted(SHIPPED.glob("*.json")), ids=lambda path: path.name)
def test_what_comes_with_the_package_is_a_measurement_of_its_prompts(path):
    one = json.loads(path.read_text(encoding="utf-8"))
    assert one["limit"] is None
    assert one["template"] == template_id(ROLES[one["kind"]])
    assert one in measured(one["kind"], one["teacher"], one["template"])
    assert " /" not in one["made"]["command"]
