"""Replies: what is accepted, what is refused, and with which code."""

from __future__ import annotations

import pickle
import re
from contextlib import suppress
from time import perf_counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lemma_steps.prompts import (
    TASKS,
    Afterthought,
    Classification,
    Injection,
    Location,
    ReplyError,
    Revision,
    Solution,
    parse_reply,
)

REVISION = Revision("It is 12.", "So 12.\nThe answer is: 12")
REVISIONS = {
    "plain": "<reflection>It is 12.</reflection><correction>So 12.\nThe answer is: 12</correction>",
    "lines": "<reflection>\nIt is 12.\n</reflection>\n\n<correction>\nSo 12.\nThe answer is: 12\n</correction>\n",
    "case": "<Reflection>It is 12.</REFLECTION><CORRECTION>So 12.\nThe answer is: 12</Correction>",
    "spaces": "< reflection >It is 12.</ reflection><correction >So 12.\nThe answer is: 12< / correction>",
    "fence": "```xml\n<reflection>It is 12.</reflection>\n<correction>So 12.\nThe answer is: 12</correction>\n```",
    "fences inside": "<reflection>It is 12.</reflection>"
    "<correction>\n```text\nSo 12.\nThe answer is: 12\n```\n</correction>",
    "chatter": "OK:\n<reflection>It is 12.</reflection>\nand\n<correction>So 12.\nThe answer is: 12</correction>\nBye.",
    "quoted format": "I use <reflection> and then <correction>.\n"
    "<reflection>It is 12.</reflection><correction>So 12.\nThe answer is: 12</correction>",
    "draft": "<reflection>a</reflection><correction>b</correction>\nBetter:\n"
    "<reflection>It is 12.</reflection><correction>So 12.\nThe answer is: 12</correction>",
    "thoughts": "<think>Maybe <decline>unsolved: hard</decline> or <reflection></think>"
    "<reflection>It is 12.</reflection><correction>So 12.\nThe answer is: 12</correction>",
}
REFUSED = [
    ("fix_continue", "", "reply_unparsed"),
    ("fix_continue", "The answer is: 12", "reply_unparsed"),
    ("fix_continue", "<reflection>a</reflection>", "reply_unparsed"),
    ("fix_continue", "<correction>a</correction>", "reply_unparsed"),
    ("fix_continue", "<reflection> \n</reflection><correction>b</correction>", "reply_unparsed"),
    ("fix_continue", "<reflection>a</reflection><correction></correction>", "reply_unparsed"),
    ("fix_continue", '<reflection>a</reflection><correction><step n="3">b</step></correction>', "reply_unparsed"),
    ("fix_continue", "<reflection>a</reflection><correction>b", "reply_truncated"),
    ("fix_continue", "<reflection>a</reflection><correction>b</correc", "reply_truncated"),
    ("fix_continue", "<reflection>a", "reply_truncated"),
    ("fix_continue", "<correction>b</correction><reflection>a</reflection><correction>c", "reply_truncated"),
    ("smooth", "<decline>correction_wrong: line 2</decline>", "declined"),
    ("smooth", "Sorry.\n<Decline>\ncorrection_wrong: line 2\n</Decline>", "declined"),
    ("smooth", "<decline>correction_wr", "reply_truncated"),
    ("smooth", "<decline></decline>", "reply_unparsed"),
    ("locate_first_error", "<reason>fine</reason>", "reply_unparsed"),
    ("locate_first_error", "<error_step>3", "reply_truncated"),
    ("classify_error", "<error_type>CA", "reply_truncated"),
    ("inject_error", "<solution>a\n<wrong>b</wrong></solution>", "reply_unparsed"),
    ("inject_error", "<solution>a\nb</solution><explanation>x</explanation>", "reply_unparsed"),
    ("inject_error", "<solution>a\n<wrong> </wrong></solution><explanation>x</explanation>", "reply_unparsed"),
    ("inject_error", "<solution>a\n<wrong>b</solution><explanation>x</explanation>", "reply_unparsed"),
    (
        "inject_error",
        "<solution><wrong>a</wrong>\n<wrong>b</wrong></solution><explanation>x</explanation>",
        "reply_unparsed",
    ),
    ("inject_error", "<solution><wrong>a</wrong>\nThe answer is: 3", "reply_truncated"),
    ("inject_error", "<solution><wrong>a</wrong></solution><explanation>because", "reply_truncated"),
    ("solve", "So 12.\nThe answer is: 12", "reply_unparsed"),
    ("solve", "<solution>So 12.</solution>", "reply_unparsed"),
    ("solve", "<solution>So 12.\nThe answer is: </solution>", "reply_unparsed"),
    ("solve", "<solution>The answer is: 12\nSo 12.</solution>", "reply_unparsed"),
    ("solve", "<solution>So <wrong>12</wrong>.\nThe answer is: 12</solution>", "reply_unparsed"),
    ("solve", "<solution>So 12.\nThe answer is: 12", "reply_truncated"),
    ("solve", "<decline>unsolved: no numbers</decline>", "declined"),
    ("explain_answer", "<solution><answer>12</answer>\nThe answer is: 12</solution>", "reply_unparsed"),
    ("explain_answer", "<decline>answer_wrong: it is 13</decline>", "declined"),
    ("reflect", "<alternative>So 12.\nThe answer is: 12</alternative>", "reply_unparsed"),
    ("reflect", "<alternative>So 12.</alternative><follow_up>And 2 x.</follow_up>", "reply_unparsed"),
    ("reflect", "<alternative>The answer is: 12</alternative><follow_up> </follow_up>", "reply_unparsed"),
    (
        "reflect",
        "<alternative>The answer is: 12</alternative><follow_up>the answer is 13.</follow_up>",
        "reply_unparsed",
    ),
    ("reflect", "<alternative>The answer is: 12</alternative><follow_up>And", "reply_truncated"),
]
STEPS = [
    ("3", 3),
    (" 3\n", 3),
    ("Step 3", 3),
    ("step 3.", 3),
    ("**3**", 3),
    ("**Step 3**", 3),
    ("#3", 3),
    ("Step #3", 3),
    ("step number 3", 3),
    ("`12`", 12),
    ("none", None),
    ("None.", None),
    ("**none**", None),
    ("no error", None),
    ("N/A", None),
    ("0", "refused"),
    ("-1", "refused"),
    ("3 or 4", "refused"),
    ("3-4", "refused"),
    ("3.5", "refused"),
    ("the third", "refused"),
    ("9" * 5000, "refused"),
]
TYPES = [
    ("CA", "CA"),
    ("**CA**", "CA"),
    ("NO", "NO"),
    ("Calculation Error", "CA"),
    ("calculation_error", "CA"),
    ("'counting_error'.", "CO"),
    ("CA: Calculation Error", "CA"),
    ("Calculation Error (CA)", "CA"),
    ("CA (not MS)", "CA"),
    ("question_misinterpretation", "QM"),
    ("none", None),
    ("None", None),
    ("no error", None),
    ("no", "refused"),
    ("CA or OP", "refused"),
    ("CA: Missing Step", "refused"),
    ("there is no calculation_error", "refused"),
    ("'counting_error', not missing_step", "refused"),
    ("spelling mistake", "refused"),
]
INJECTIONS = [
    ("a\n<wrong>b = 2</wrong>\nc", "a\nb = 2\nc", "b = 2"),
    ("\n<wrong>b = 2</wrong>\nc\n", "b = 2\nc", "b = 2"),
    ("a\n<wrong>\nb = 2\n</wrong>\nc", "a\nb = 2\nc", "b = 2"),
    ("a\n\n<Wrong>b = 2\n</WRONG>\n\nc", "a\n\nb = 2\n\nc", "b = 2"),
    ("a<wrong> b = 2 </wrong>c", "a b = 2 c", "b = 2"),
    ("a <wrong>b</wrong>.\nc", "a b.\nc", "b"),
    ("a\n<wrong>b\nc</wrong>", "a\nb\nc", "b\nc"),
    ("<wrong>$1 < 2$ and $3 > 2$</wrong>", "$1 < 2$ and $3 > 2$", "$1 < 2$ and $3 > 2$"),
]


@pytest.mark.parametrize("text", REVISIONS.values(), ids=REVISIONS)
@pytest.mark.parametrize("task", ["fix_continue", "fresh_restart", "smooth"])
def test_revisions(task, text):
    assert parse_reply(task, text) == REVISION


@pytest.mark.parametrize("task", ["solve", "explain_answer"])
@pytest.mark.parametrize("text", ["So 12.\nThe answer is: 12", "So 12. The answer is: 12", "The answer is: 12"])
def test_solutions(task, text):
    assert parse_reply(task, f"Sure.\n<solution>\n{text}\n</solution> Bye.") == Solution(text)


def test_afterthoughts():
    text = "<alternative>\nSo 12.\nThe answer is: 12\n</alternative>\n<follow_up>In general 2x.</follow_up>"
    assert parse_reply("reflect", text) == Afterthought("So 12.\nThe answer is: 12", "In general 2x.")


@pytest.mark.parametrize(("task", "text", "code"), REFUSED)
def test_what_is_refused(task, text, code):
    with pytest.raises(ReplyError) as refused:
        parse_reply(task, text)
    assert refused.value.code == code


def test_a_refusal_keeps_the_teachers_words():
    with pytest.raises(ReplyError) as refused:
        parse_reply("inject_error", "I am sorry. <decline> type_not_available: no units here </decline>")
    assert refused.value.detail == "type_not_available: no units here"
    copied = pickle.loads(pickle.dumps(refused.value))
    assert str(copied) == str(refused.value) == "declined: type_not_available: no units here"


@pytest.mark.parametrize(("answer", "step"), STEPS)
def test_error_steps(answer, step):
    text = f"<reason>5 * 5 = 25.</reason>\n<error_step>{answer}</error_step>"
    if step == "refused":
        with pytest.raises(ReplyError, match="reply_unparsed"):
            parse_reply("locate_first_error", text)
    else:
        assert parse_reply("locate_first_error", text) == Location(step, "5 * 5 = 25.")


@pytest.mark.parametrize(("answer", "code"), TYPES)
def test_error_types(answer, code):
    text = f"<reason>It is no missing_step.</reason><error_type>{answer}</error_type>"
    if code == "refused":
        with pytest.raises(ReplyError, match="reply_unparsed"):
            parse_reply("classify_error", text)
    else:
        assert parse_reply("classify_error", text) == Classification(code, "It is no missing_step.")


@pytest.mark.parametrize(("marked", "solution", "wrong"), INJECTIONS)
def test_injections(marked, solution, wrong):
    reply = parse_reply("inject_error", f"<solution>{marked}</solution><explanation>x</explanation>")
    begin = solution.index(wrong)
    assert reply == Injection(solution, begin, begin + len(wrong), "x")


LINE = st.text(st.characters(exclude_characters="<>`", exclude_categories=["C", "Z"]), min_size=1, max_size=10)


@given(
    st.lists(LINE, max_size=3),
    LINE,
    st.lists(LINE, max_size=3),
    st.sampled_from(["", "\n"]),
    st.sampled_from(["\n", "\n\n"]),
)
def test_defect_08_an_injection_says_where_its_wrong_step_is(before, wrong, after, inner, separator):
    marked = separator.join([*before, f"<wrong>{inner}{wrong}{inner}</wrong>", *after])
    reply = parse_reply("inject_error", f"<solution>\n{marked}\n</solution>\n<explanation>x</explanation>")
    assert reply.solution == separator.join([*before, wrong, *after])
    assert reply.solution[reply.wrong_begin : reply.wrong_end] == wrong
    assert reply.wrong_begin == len("".join(line + separator for line in before))


@given(LINE, LINE)
def test_latex_and_any_text_survive(reflection, correction):
    text = f"<reflection>{reflection}</reflection>\n<correction>\\frac{{1}}{{2}} {correction}</correction>"
    assert parse_reply("smooth", text) == Revision(reflection, f"\\frac{{1}}{{2}} {correction}")


PIECES = ["<", ">", "/", "\n", "```", "CA", "3", "x", "</think>"]
PIECES += [
    f"<{slash}{tag}>"
    for slash in ("", "/")
    for tag in ("solution", "wrong", "explanation", "decline", "error_step", "error_type", "reflection", "correction")
]
PIECES += ["<alternative>", "</alternative>", "<follow_up>", "</follow_up>", "The answer is: "]


@given(st.sampled_from(sorted(TASKS)), st.lists(st.sampled_from(PIECES), max_size=12).map("".join))
def test_any_text_is_a_reply_or_a_reply_error(task, text):
    with suppress(ReplyError):
        reply = parse_reply(task, text)
        if isinstance(reply, Revision):
            assert reply.reflection.strip()
            assert reply.correction.strip()
        if isinstance(reply, Injection):
            assert reply.solution[reply.wrong_begin : reply.wrong_end].strip()
            assert not re.search(r"</?(solution|wrong|decline)>", reply.solution)
        if isinstance(reply, Solution | Afterthought):
            text = reply.text if isinstance(reply, Solution) else reply.alternative
            assert re.search(r"The answer is: [^\n]*\S\Z", text)


@pytest.mark.parametrize("task", TASKS)
@pytest.mark.parametrize(
    "piece", ["<wrong>", "<solution>", "<solution><wrong>", "< ", "<", "```\n", "</wrong></solution>", "9"]
)
def test_a_megabyte_of_tags_takes_no_time(task, piece):
    many = piece * (1_000_000 // len(piece))
    for text in (many, f"<solution>{many}</solution><explanation>x</explanation>", f"<error_step>{many}</error_step>"):
        started = perf_counter()
        with pytest.raises(ReplyError):
            parse_reply(task, text)
        assert perf_counter() - started < 2


def test_defect_14_steps_are_read_however_they_are_dressed():
    for dress in ("Step 3", "**step 3**", "step #3"):
        assert parse_reply("locate_first_error", f"<error_step>{dress}</error_step>").error_step == 3
    with pytest.raises(ReplyError):
        parse_reply("locate_first_error", "<error_step>0</error_step>")
    with pytest.raises(ReplyError):
        parse_reply("locate_first_error", "The solution is wrong, the first wrong step is step 2")


def test_defect_15_a_type_that_is_only_mentioned_is_not_the_answer():
    reply = "<reason>The solution is correct, there is no calculation_error.</reason><error_type>none</error_type>"
    assert parse_reply("classify_error", reply).error_type is None


def test_defect_16_a_solution_that_the_teacher_finds_right_has_no_type():
    assert parse_reply("classify_error", "<reason>All right.</reason><error_type>none</error_type>").error_type is None


def test_defect_21_explanations_keep_their_first_and_last_letters():
    reply = parse_reply(
        "inject_error", "<solution><wrong>a</wrong></solution><explanation>explain an option</explanation>"
    )
    assert reply.explanation == "explain an option"


def test_defect_22_a_paragraph_in_brackets_or_a_heading_does_not_end_a_reply():
    text = "<reflection>a</reflection><correction>b\n\n(c)\n\n### d\nThe answer is: 1</correction>"
    assert parse_reply("fresh_restart", text).correction.endswith("The answer is: 1")


def test_defect_22_cut_replies_are_flagged():
    with pytest.raises(ReplyError, match="reply_truncated"):
        parse_reply("fresh_restart", "<reflection>a</reflection><correction>b\n\n")
