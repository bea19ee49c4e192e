"""The dataset card: `README.md` of the result folder and of the repository on the Hub."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from functools import cache
from typing import Any
from urllib.parse import quote

import yaml
from jinja2 import Environment, PackageLoader, StrictUndefined, Template

from lemma_steps.output.examples import Examples, pieces
from lemma_steps.output.methods import about
from lemma_steps.output.quoted import labelled_by, quoted, set_title, unmeasured
from lemma_steps.output.record import MEANINGS
from lemma_steps.output.report import figure, number, passed, percent, share, visible
from lemma_steps.sources import registry
from lemma_steps.taxonomy import TAXONOMY

_SIZES = [("n<1K", 10**3), ("1K<n<10K", 10**4), ("10K<n<100K", 10**5), ("100K<n<1M", 10**6), ("1M<n<10M", 10**7)]
_MARKUP = re.compile(r"([\\`*_\[\]<>|~#$&])")
_FENCE = re.compile(r"`{3,}")
_CHECKS = {
    "divergence": "the declared step is the first that departs from the gold solution",
    "answer": "the final answer is wrong because of that step",
    "single_error": "no other equation is false",
    "type": "the type is the declared one",
}
_WAYS = {"fix_continue": "mends the step and goes on", "fresh_restart": "begins anew"}
_UNMEASURED: dict[str, Any] = {"asked": {"locator": [], "classifier": []}, "locator": [], "classifier": []}


def render_card(report: Mapping[str, Any], examples: Examples, *, repo: str | None = None) -> str:
    """The card for `report` (the content of `report.json`): front matter for the Hub, composition, method and limits.

    `repo` is where the set will be loaded from; without it the card says how to load it from its folder.

    Names and texts that come from rows or file names are escaped: they cannot add markup, columns or front matter.
    """
    of_method = about(report["method"])
    title = of_method["title"] + (", a subset" if report.get("subset_of") else "")
    sources = [{**source, **_about(source["source"], source["licences"])} for source in report["sources"]]
    review = review if (review := report.get("review")) and review["records"] else None
    return _template().render(
        front_matter=yaml.safe_dump(_front_matter(report, sources, title), sort_keys=False, allow_unicode=True).strip(),
        title=title,
        repo=repo or "path/to/this/folder",
        report=report,
        about=of_method,
        subset_of=report.get("subset_of"),
        sources=sources,
        offline="offline" in " ".join(report["teacher"]).lower(),
        types=[(kind, report["error_types"][code]) for code, kind in TAXONOMY.items() if code in report["error_types"]],
        columns=MEANINGS,
        left_out=(left_out := report["settings"].get("ablate") or []),
        ways=[f"`{way}` {what}" for way, what in _WAYS.items() if way.replace("_", "-") not in left_out],
        quality=report.get("label_quality") or _UNMEASURED,
        injections=report.get("injections"),
        match=report.get("distribution_match"),
        meanings=_CHECKS,
        review=review,
        judged={question["name"]: question for question in review["questions"]} if review else {},
        notes=_notes(review["questions"]) if review else {},
        commands=_commands(report["run"]),
        example=next(((row, pieces(row)) for _, row in sorted(examples.kept.items())), None),
    )


def cell(value: Any) -> str:
    """A value as plain words in Markdown, fit for a table's cell: one line, no markup."""
    return _MARKUP.sub(r"\\\1", " ".join(visible(value).split()))


def code(value: Any) -> str:
    """A value as a code span, in one line, that nothing inside it can end."""
    return f"`{' '.join(visible(value).replace('`', chr(39)).split())}`"


def fenced(text: Any) -> str:
    """A text as a code block that nothing inside it can close."""
    shown = visible(text)
    fence = "`" * max([3, *(len(run) + 1 for run in _FENCE.findall(shown))])
    return f"{fence}text\n{shown.strip()}\n{fence}"


def size_category(rows: int) -> str:
    """The Hub's name for a number of rows."""
    return next((name for name, bound in _SIZES if rows < bound), "n>10M")


def spread(found: Mapping[str, float | None]) -> str:
    """A measured share with the bounds of its interval, in per cent; a dash where there was nothing to count."""
    return share({"share": found["value"], **found})


@cache
def _template() -> Template:
    loader = PackageLoader("lemma_steps", "templates")
    environment = Environment(loader=loader, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    filters: dict[str, Callable[..., str]] = {
        "cell": cell,
        "code": code,
        "fenced": fenced,
        "percent": percent,
        "number": number,
    }
    environment.globals |= {"figure": figure, "share": share, "spread": spread, "set_title": set_title}
    environment.globals |= {"labelled_by": labelled_by, "quoted": quoted, "missing": unmeasured, "passed": passed}
    environment.filters.update(filters)
    return environment.get_template("card.md.jinja2")


def _about(source: str, licences: Iterable[str]) -> dict[str, str]:
    """Name, home, licence tag and note of a problem set; of an unknown one, what its rows state."""
    stated = sorted(set(licences) - {"not stated"})
    blank = {"name": source, "home": "", "cite": "", "note": ""}
    known = registry().get(source, {})
    if hub := known.get("hub") or ("/" in source and source):
        blank["home"] = f"https://huggingface.co/datasets/{quote(hub)}"
    if known:
        return {**blank, **known, "tag": known["licence"]}
    if not stated:
        return {**blank, "tag": "unknown", "note": "No licence was stated. Find it out before you share these rows."}
    return {**blank, "tag": "other", "note": f"Stated by the user: {cell('; '.join(stated))}."}


def _commands(run: Mapping[str, Any]) -> list[str]:
    """The command of a run, after those that made the set which it reviewed."""
    return [*(_commands(run["reviewed"]) if run.get("reviewed") else []), run["command"]]


def _notes(questions: Iterable[Mapping[str, Any]]) -> dict[str, list[str]]:
    """What is to be said about figures of the agreement -> titles of the questions whose figures they are."""
    notes: dict[str, list[str]] = {}
    for question in questions:
        figures = [("As labelled", question["with_labels"])]
        if apart := question["between"]:
            figures += [("Between reviewers", apart["cohen"]), ("Between reviewers", apart["fleiss"])]
        for of, found in figures:
            if (note := found["note"]) and question["title"] not in notes.setdefault(f"{of}, {note}", []):
                notes[f"{of}, {note}"].append(question["title"])
    return notes


def _front_matter(report: Mapping[str, Any], sources: Iterable[Mapping[str, Any]], title: str) -> dict[str, Any]:
    of_method = about(report["method"])
    tags = sorted({source["tag"] for source in sources})
    rejected = {"config_name": "rejected", "data_files": [{"split": "train", "path": "rejected.parquet"}]}
    return {
        "pretty_name": title,
        "language": ["en"],
        "license": tags[0] if len(tags) == 1 else tags,
        "size_categories": [size_category(report["kept"])],
        "task_categories": ["text-generation"],
        "tags": ["math", "reasoning", *of_method.get("tags", ["synthetic"]), "distilabel", "lemma"],
        "configs": [
            {"config_name": "default", "data_files": [{"split": "train", "path": "train.parquet"}], "default": True},
            *([rejected] if report["rejected"] else []),  # `load_dataset` fails on a config without rows
        ],
    }
