r"""RefAug's comparison of numbers, which the paper's MathChat figures come from (its Table 3).

The number is the first after the last "The answer is", else the first in the last box, else the last of the text; of an
equation, what follows its last sign. A whole gold number is compared with the rounded prediction, any other within 4 %.
Both are lax, and boxes are read in an odd way (`\boxed{1/2}` is 1); it is kept so that the figures compare.
Source: github.com/ytyz1307zzh/RefAug, `src/evaluate/eval_mathinstruct.py`, as `eval_followup_gsm.py` calls it.
"""

from __future__ import annotations

import re

from lemma_steps.answers.brackets import matching_brace

_TRIGGER = "The answer is"
_NUMBER = re.compile(r"-?\d+/?\.?\d*")
_RATIO = re.compile(r"(-?)(0+|[1-9]\d*)/(0+|0*\.\d+|[1-9]\d*\.?\d*)")
_PLAIN_RATIO = re.compile(r"(?:0|-?[1-9]\d*)/(?:0|-?[1-9]\d*)")
_TOLERANCE = 0.04
_MAX_DIGITS = 300
"""No number of a problem is longer; a longer one would be infinite as a float, and never equal."""


def refaug_match(gold: str, reply: str) -> bool:
    """Whether RefAug counts `reply` as right."""
    expected, found = _value(gold.replace(",", "")), _value(_stated(reply))
    if expected is None or found is None:
        return False
    if expected.is_integer():
        return found == 0 if expected == 0 else round(found) == expected
    margin = abs(expected) * _TOLERANCE
    return expected - margin <= found <= expected + margin


def _stated(reply: str) -> str:
    """The number of the reply as it is written; empty where there is none."""
    text, stated = reply.strip("\n"), _TRIGGER in reply
    if not stated and "\\boxed" in text:
        text = _boxed(text)
        stated = len(text) > 1
    else:
        text = text.split(_TRIGGER)[-1]
    numbers = _NUMBER.findall(text.split("=")[-1].replace(",", ""))
    return numbers[0 if stated else -1].rstrip("./") if numbers else ""


def _boxed(text: str) -> str:
    """The last box, in the notation that RefAug's normalisation leaves: `1/2` and `\frac12` become two numbers."""
    after = text.split("\\boxed")[-1]
    end = matching_brace(after, 0) if after.startswith("{") else None
    inside = after[1:end] if after.startswith("{") else after.split("$")[0].strip()
    inside = re.sub(r"\n|\\!|\$", "", inside).split("\\text{ ")[0].replace("\\%", "").replace("%", "")
    inside = re.sub(r"(^| |{)\.", r"\g<1>0.", inside)
    name, _, value = inside.partition("=")
    if inside.count("=") == 1 and len(name) <= 2:
        inside = value
    inside = re.sub(r"\\sqrt([^{])", r"\\sqrt{\1}", inside).replace(" ", "")
    inside = re.sub(r"\\[td]?frac(\d)(\d)", r"\\frac{\1}{\2}", inside)
    return inside.replace("/", " ") if _PLAIN_RATIO.fullmatch(inside) else inside


def _value(number: str) -> float | None:
    if len(number) > _MAX_DIGITS:
        return None
    try:
        if ratio := _RATIO.fullmatch(number):
            return float(f"{ratio[1]}{ratio[2]}") / float(ratio[3])
        return float(number)
    except (ValueError, ZeroDivisionError):
        return None
