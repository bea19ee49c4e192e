"""The one lm-eval task class: what every benchmark shares, from loading its rows to scoring replies.

A YAML of `eval_tasks` names its subclass under `class:`, one of lm-eval's extension points; sizes, shots, stop strings
and sampling stay in the YAML. lm-eval's own tasks are functions of one document; here a class is needed for three
reasons: replies are graded all at once on several processes, a subset names itself in every result, and the length of a
reply is known only together with the task's settings.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from statistics import fmean
from typing import Any, ClassVar

import datasets
from lm_eval.api.task import ConfigurableTask

from lemma_steps.answers.qwen.requirements import require
from lemma_steps.evaluation.benchmarks.benchmark import Loaded, load
from lemma_steps.evaluation.scores.grade import Grade, grade
from lemma_steps.evaluation.scores.vote import vote_names, votes
from lemma_steps.evaluation.tasks.lengths import TokenCounter
from lemma_steps.evaluation.tasks.replies import cut
from lemma_steps.prompts import inference_prompt

Doc = dict[str, Any]
_FAULTS = ("unparsed", "timed_out")
_LIMITS = {"max_gen_toks", "max_tokens", "max_new_tokens", "max_completion_tokens"}
"""Names under which `--gen_kwargs` can set the longest reply, in tokens."""
_CUT_SHARE = 0.99
"""Counted again from its text, a reply that was cut can have a few tokens fewer than the limit."""


def mean_measured(values: Sequence[float | None]) -> float:
    """The mean of what was measured; not a number where nothing was."""
    given = [value for value in values if value is not None]
    return sum(given) / len(given) if given else float("nan")


class LemmaTask(ConfigurableTask):
    """A benchmark of problems with one right answer each, asked with the prompt that training uses.

    Subclasses set `BENCHMARK` and `to_doc`. The scores of a document are shares of its replies: `math_verify` (the main
    one), `qwen_match` (the published rules), `unparsed`, `timed_out` and `length_cut`; votes where `repeats` asks for
    several replies; what a subclass adds; and `share_of_set`, the same for all, which is below 1 for a subset.

    Attributes:
        BENCHMARK: name of the set in `benchmarks.yaml`.
        METRICS: scores beside those of every task.
        PARTS: subjects and levels under which the main score is given once more, as `math_verify_<part>`.
    """

    BENCHMARK: ClassVar[str]
    METRICS: ClassVar[tuple[str, ...]] = ()
    PARTS: ClassVar[tuple[str, ...]] = ()

    def __init__(self, config: Mapping[str, Any]) -> None:
        repeats = config.get("repeats", 1)
        means = ["math_verify", "qwen_match", *self.METRICS, "share_of_set"]
        means += vote_names(repeats) if repeats > 1 else []
        metrics = [{"metric": name, "aggregation": "mean", "higher_is_better": True} for name in means]
        metrics += [{"metric": name, "aggregation": "mean", "higher_is_better": False} for name in _FAULTS]
        for name, better in (("length_cut", False), *((f"math_verify_{part}", True) for part in self.PARTS)):
            metrics.append({"metric": name, "aggregation": mean_measured, "higher_is_better": better})
        # lm-eval looks only whether process_results is given: then it does not ask for metrics of these names
        given = {key: value for key, value in config.items() if key != "class"}
        super().__init__(config=given | {"metric_list": metrics, "process_results": LemmaTask.process_results})

    @staticmethod
    def to_doc(row: Mapping[str, Any]) -> Doc:
        """Question, gold answer for each grader and gold solution of one row, in the layout of the local file."""
        raise NotImplementedError

    def docs(self, loaded: Loaded) -> list[Doc]:
        """The documents to ask about."""
        return [self.to_doc(row) | {"id": f"{self.BENCHMARK}-{row['_row']}"} for row in loaded.rows]

    def download(self, *_: Any, **__: Any) -> None:
        """Load and check the rows; name a subset in everything that is printed or written of this task.

        A group cannot be named so; `share_of_set` says it there.
        """
        require()  # before a model is loaded, not after it has answered
        loaded = load(self.BENCHMARK)
        documents = self.docs(loaded)
        self.dataset = {"test": datasets.Dataset.from_list(documents)}
        self._share = 0.0 if loaded.stand_in else len(documents) / loaded.total
        subset = loaded.subset
        if len(documents) < len(loaded.rows):
            whole = f"the {subset}" if loaded.stand_in else f"{loaded.total:,} rows"
            subset = f"{len(documents):,} of {whole}, those answered before"
        if subset:
            self.config.task_alias = f"{self.config.task_alias or self.config.task} ({subset})"
            self.config.metadata = {**(self.config.metadata or {}), "subset": subset}

    def build_all_requests(self, **settings: Any) -> None:
        """Build the prompts anew each time: lm-eval would look kept ones up by the task's name, not by its rows."""
        super().build_all_requests(**settings | {"cache_requests": False, "rewrite_requests_cache": False})

    def doc_to_text(self, doc: Doc, doc_to_text: Any = None) -> str:
        """The prompt of training, with nothing after it."""
        return inference_prompt(doc["question"].strip())

    def apply_filters(self) -> None:
        """Cut the replies where the model went on to a question of its own, and grade them all at once."""
        until = self.config.generation_kwargs.get("until") or []
        stops = [until] if isinstance(until, str) else until
        for instance in self.instances:
            instance.filtered_resps["none"] = [cut(reply, stops) for reply in instance.resps]
        grades = grade([(one.doc, reply) for one in self.instances for reply in one.filtered_resps["none"]])
        by_doc = {one.doc["id"]: [next(grades) for _ in one.resps] for one in self.instances}
        with ThreadPoolExecutor() as pool:  # a vote waits for the processes that compare
            self._scores = dict(zip(by_doc, pool.map(_scores, by_doc.values()), strict=True))
        self._count = TokenCounter.of(self.config.metadata or {})

    def process_results(self, doc: Doc, results: list[list[str]]) -> dict[str, float | None]:
        """Scores of one document: shares of its replies, and votes where there are several."""
        if "bypass" in self._metric_fn_list:  # --predict_only
            return {"bypass": 0}
        scores: dict[str, float | None] = {**self._scores[doc["id"]], "share_of_set": self._share}
        scores["length_cut"] = self._length_cut(results[0])
        for part in self.PARTS:
            scores[f"math_verify_{part}"] = scores["math_verify"] if part in doc["parts"] else None
        return {name: score for name, score in scores.items() if name in self.aggregation()}

    def _length_cut(self, replies: Sequence[str]) -> float | None:
        if self._count is None:
            return None
        limits = [int(value) for name, value in self.config.generation_kwargs.items() if name in _LIMITS]
        return fmean([self._count(reply) >= _CUT_SHARE * min(limits) for reply in replies])


def _scores(grades: Sequence[Grade]) -> dict[str, float]:
    shares = {name: fmean([getattr(one, name) for one in grades]) for name in Grade.METRICS}
    return shares | (votes(grades) if len(grades) > 1 else {})
