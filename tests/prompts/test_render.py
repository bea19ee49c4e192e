"""Prompts: a fixed part, a row that can be read back whatever it holds, and one inference prompt."""

from __future__ import annotations

import subprocess
import sys
from importlib.resources import files

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lemma_steps import prompts
from lemma_steps.prompts import rendering
from lemma_steps.prompts.rendering import WITHOUT_REFERENCE
from lemma_steps.taxonomy import TAXONOMY

SECTIONS = sorted({section for sections in prompts.TASKS.values() for section in sections})
TAGS = [f"{left}{name}>" for name in SECTIONS for left in ("<", "</", "<\\/", "<\\\\/")]
HOSTILE = st.lists(
    st.sampled_from(
        [*TAGS, '<step n="2">', "</step>", "<\\/step>", "\n", " ", "{{ question }}", "{% raw %}", "\\", "a"]
    ),
    max_size=12,
).map("".join)
TEXT = st.one_of(st.text(st.characters(codec=None), max_size=40), HOSTILE)


@st.composite
def rows(draw):
    task = draw(st.sampled_from(sorted(prompts.TASKS)))
    fields = {}
    for name in prompts.TASKS[task]:
        if name in ("steps", "attempt"):
            fields[name] = draw(st.lists(TEXT, max_size=4))
        elif name == "error_type":
            fields[name] = draw(st.sampled_from(sorted(TAXONOMY)))
        else:
            fields[name] = draw(TEXT)
    if task in WITHOUT_REFERENCE and draw(st.booleans()):
        fields["reference_solution"] = None
    return task, fields


@settings(max_examples=300)
@given(rows())
def test_a_row_is_read_back_verbatim(row):
    task, fields = row
    assert prompts.read_row(prompts.render(task, **fields)) == (task, fields)


@given(rows(), rows())
def test_the_system_block_is_the_same_for_all_rows(one, other):
    first, second = (prompts.render(task, **fields)[0] for task, fields in (one, other))
    assert (first == second) == (one[0] == other[0])


@given(rows())
def test_rows_are_verbatim_where_they_hold_no_closing_tag(row):
    task, fields = row
    content = prompts.render(task, **fields)[1]["content"]
    for value in fields.values():
        for text in value if isinstance(value, list) else [value or ""]:
            assert "/" in text or text in content


@settings(max_examples=200)
@given(st.sampled_from(sorted(prompts.TASKS)), TEXT)
def test_garbled_messages_raise_value_error(task, text):
    system = {"role": "system", "content": f"# Task: {text}"}
    user = {"role": "user", "content": text}
    for messages in ([], [system, user], [{"role": "system", "content": rendering.system_block(task)}, user]):
        with pytest.raises(ValueError, match=r"system message|user message|steps"):
            prompts.read_row(messages)


@pytest.mark.parametrize("task", prompts.TASKS)
def test_a_long_message_that_is_no_row_is_refused_in_linear_time(task):
    system = {"role": "system", "content": rendering.system_block(task)}
    openings = "".join(f"<{section}></{section}>\n" for section in SECTIONS)
    for content in (
        openings * 20_000,
        "<question>" * 100_000,
        "<question></question>\n<steps>\n" + '<step n="1">' * 100_000,
    ):
        with pytest.raises(ValueError, match=r"user message|steps"):
            prompts.read_row([system, {"role": "user", "content": content}])


def test_read_row_takes_messages_whose_end_was_trimmed():
    messages = prompts.render("smooth", question="q", attempt=["a\n", "b"], reflection="r", correction="c\n")
    messages[1]["content"] = messages[1]["content"].rstrip("\n")
    assert prompts.read_row(messages)[1]["correction"] == "c\n"


@pytest.mark.parametrize(
    ("task", "fields", "error"),
    [
        ("smooth", {"question": "q"}, TypeError),
        ("inject_error", {"question": "q", "error_type": "CA"}, TypeError),
        ("inject_error", {"question": "q", "reference_solution": "r", "error_type": "XX"}, KeyError),
        ("locate_first_error", {"question": "q", "steps": ["a"], "gold": "7"}, TypeError),
        ("translate", {"question": "q"}, KeyError),
    ],
)
def test_wrong_fields_are_refused(task, fields, error):
    with pytest.raises(error):
        prompts.render(task, **fields)


def test_the_layout_of_a_row():
    row = prompts.render("fix_continue", question="How many?", reference_solution=None, attempt=[" One.\n", "Two."])[1]
    assert row == {
        "role": "user",
        "content": "<question>How many?</question>\n<attempt>\n"
        '<step n="1"> One.\n</step>\n<step n="2">Two.</step>\n</attempt>\n',
    }
    assert prompts.render("inject_error", question="Q", reference_solution="R", error_type="CA")[1][
        "content"
    ].startswith(
        "<question>Q</question>\n<reference_solution>R</reference_solution>\n<error_type>CA: Calculation Error. "
    )


def test_defect_10_the_prompt_that_runs_is_the_file_that_is_printed():
    for task in set(prompts.TASKS) - {"classify_error", "inject_error"}:  # these two insert the taxonomy
        file = files("lemma_steps").joinpath("templates", f"{task}.jinja2").read_text("utf-8")
        system = prompts.render(task, **dict.fromkeys(prompts.TASKS[task], ""))[0]["content"]
        assert system.startswith("# Task: ")
        assert file.startswith("{% block system %}\n" + system + "\n{% endblock %}\n{% block row %}\n")


def test_defect_09_a_reference_is_shown_only_where_one_is_given():
    assert "<reference_solution>" not in prompts.render("fresh_restart", question="q", attempt=["a"])[1]["content"]


def test_the_template_id_follows_the_text(monkeypatch):
    ids = {task: prompts.template_id(task) for task in [*prompts.TASKS, "inference"]}
    assert all(id_.startswith(f"{task}@") and len(id_) == len(task) + 13 for task, id_ in ids.items())
    assert len({id_[-12:] for id_ in ids.values()}) == len(ids)
    source = rendering._source
    monkeypatch.setattr(rendering, "_source", lambda name: source(name) + " ")
    prompts.template_id.cache_clear()
    assert all(prompts.template_id(task) != id_ for task, id_ in ids.items())
    monkeypatch.undo()
    prompts.template_id.cache_clear()
    assert all(prompts.template_id(task) == id_ for task, id_ in ids.items())


def test_the_template_id_follows_the_definitions_that_a_prompt_shows(monkeypatch):
    before = {task: prompts.template_id(task) for task in prompts.TASKS}
    monkeypatch.setattr(rendering, "TAXONOMY", {"CA": "another definition"})
    prompts.template_id.cache_clear()
    changed = {task for task in prompts.TASKS if prompts.template_id(task) != before[task]}
    monkeypatch.undo()
    prompts.template_id.cache_clear()
    assert changed == {"inject_error", "classify_error"}


@given(TEXT)
def test_the_inference_prompt_is_the_designs(instruction):
    expected = "### Instruction:\n" + instruction + "\n\n### Response: Let's think step by step."
    assert prompts.inference_prompt(instruction) == expected


def test_shots_are_solved_problems_in_the_same_form():
    prompt = prompts.inference_prompt("Why?", shots=2)
    assert prompt.endswith("\n\n" + prompts.inference_prompt("Why?"))
    assert prompt.count("### Instruction:\n") == 3
    assert prompt.count("Let's think step by step. ") == prompt.count("\nThe answer is: ") == 2


@pytest.mark.parametrize("shots", [-1, 1000])
def test_more_shots_than_there_are_demonstrations_are_refused(shots):
    with pytest.raises(ValueError, match="shots must be between 0 and"):
        prompts.inference_prompt("Why?", shots=shots)


def test_prompts_import_nothing_heavy():
    heavy = "{'distilabel', 'datasets', 'openai', 'sympy', 'torch', 'numpy'}"
    program = (
        f"import sys; from lemma_steps import prompts; prompts.inference_prompt('x'); print({heavy} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"
