"""The page of a record: its fields, its questions, its guidelines and what it keeps to itself, as Argilla wants them."""

from __future__ import annotations

from importlib.resources import files
from typing import TYPE_CHECKING, Any

import yaml
from jinja2 import Environment, PackageLoader, StrictUndefined

from lemma_steps.review.markdown import shown
from lemma_steps.taxonomy import TAXONOMY

if TYPE_CHECKING:
    import argilla as rg

NONE = "none"
"""The label that says "no step" or "no error"."""
FEWEST_STEPS, MOST_STEPS = 8, 499
"""Steps that a dataset can name: as many as the longest row of the set has; of fewer than nine each has one digit."""

_PAGE: dict[str, Any] = yaml.safe_load(files(__package__).joinpath("questions.yaml").read_text(encoding="utf-8"))
FIELDS: tuple[str, ...] = tuple(_PAGE["fields"])
QUESTIONS: tuple[str, ...] = tuple(_PAGE["questions"])
_NUMBERS = {"error_step": "integer", "n_steps": "integer", "locator_agreement": "float"}


def title(question: str) -> str:
    """The words in which a question is asked."""
    return _PAGE["questions"][question]["title"]


def labels(question: str, steps: int = FEWEST_STEPS) -> dict[str, str]:
    """Value -> text of the buttons of a question, in their order; empty for one that asks for text.

    Args:
        question: its name.
        steps: the longest row's, for the question that names one.
    """
    asked = _PAGE["questions"][question]
    given = asked.get("labels", {})
    if given == "steps":
        given = {str(number): f"Step {number}" for number in range(1, _nameable(steps) + 1)}
    elif given == "error_types":
        # key 1 is of the rarest type: followed in haste by the next question's 1 or 2 it is read as 11 or 12
        codes = sorted(TAXONOMY, key=lambda code: code != "NO")
        given = {code: TAXONOMY[code].name.removesuffix(" Error") for code in codes}
    return given | ({NONE: asked["none"]} if "none" in asked else {})


def settings(steps: int, reviewers: int) -> rg.Settings:
    """Settings of a dataset for review.

    Args:
        steps: the most steps of a row that it is to hold; there is a label for each.
        reviewers: submitted answers that complete a record.
    """
    import argilla as rg

    kinds = {
        "integer": rg.IntegerMetadataProperty,
        "float": rg.FloatMetadataProperty,
        "terms": rg.TermsMetadataProperty,
    }
    shown_ones, hidden = _PAGE["metadata"]["shown"], dict.fromkeys(_PAGE["metadata"]["hidden"])
    return rg.Settings(
        guidelines=guidelines(),
        fields=[rg.TextField(name, title=text, use_markdown=True) for name, text in _PAGE["fields"].items()],
        questions=[_question(name, steps) for name in QUESTIONS],
        metadata=[
            kinds[_NUMBERS.get(name, "terms")](name, title=text, visible_for_annotators=name in shown_ones)
            for name, text in (shown_ones | hidden).items()
        ],
        distribution=rg.TaskDistribution(min_submitted=reviewers),
    )


def guidelines() -> str:
    """What a reviewer reads first, as Markdown."""
    environment = Environment(  # Markdown, not HTML: `shown` escapes what is not ours
        loader=PackageLoader("lemma_steps", "templates"),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["shown"] = shown
    return environment.get_template("review_guidelines.md.jinja2").render(
        taxonomy=TAXONOMY, fields=_PAGE["fields"], title=title, labels=labels
    )


def _nameable(steps: int) -> int:
    """How many steps get a label.

    The keys of the next question are 1 and 2, and Argilla reads digits that come within 0.3 s of each other as one number:
    the number of "no step" must not be made of these two, or "2" and "1" in haste would be its 21.
    """
    most = max(steps, FEWEST_STEPS)
    while set(str(most + 1)) <= {"1", "2"}:
        most += 1
    return min(most, MOST_STEPS)


def _question(name: str, steps: int) -> rg.LabelQuestion | rg.TextQuestion:
    """A question; all its labels stand on the page, none behind a "more"."""
    import argilla as rg

    asked = _PAGE["questions"][name]
    words = {"title": asked["title"], "description": asked["description"]}
    if given := labels(name, steps):
        return rg.LabelQuestion(name, labels=given, **words)
    return rg.TextQuestion(name, required=False, **words)
