"""The scores that a model card shows: from runs of lm-eval that were made with this model."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from huggingface_hub import EvalResult

from lemma_steps.errors import RefusedError
from lemma_steps.evaluation.benchmarks.registry import registry
from lemma_steps.evaluation.results.comparable import check_comparable
from lemma_steps.evaluation.results.estimate import Estimate
from lemma_steps.evaluation.results.labels import labels_of, printable
from lemma_steps.evaluation.results.layout import layouts
from lemma_steps.evaluation.results.paper import ENDS
from lemma_steps.evaluation.results.run_scores import RunScores
from lemma_steps.evaluation.results.table import Table
from lemma_steps.evaluation.results.table_text import markdown
from lemma_steps.evaluation.runs.logged import Logged
from lemma_steps.evaluation.runs.run import Run
from lemma_steps.evaluation.self_correction.entry import entry_of
from lemma_steps.evaluation.self_correction.telemetry_text import markdown as self_correction_markdown
from lemma_steps.publish.model_folder import ModelFolder


@dataclass(frozen=True)
class ModelScores:
    """Runs of one model.

    Attributes:
        runs: the runs.
        labels: what they are called in tables.
        tables: the tables that they fill.
        remarks: where a run does not prove that it was made with this model.
    """

    runs: Sequence[Run]
    labels: Sequence[str]
    tables: Sequence[Table]
    remarks: Sequence[str]

    @classmethod
    def read(
        cls,
        run_dirs: Sequence[Path],
        model: ModelFolder,
        repo: str,
        *,
        base_model: str | None = None,
        metric: str = "math_verify",
        paper: str | None = None,
    ) -> ModelScores:
        """The scores of `run_dirs`, none of which may be another model's.

        Args:
            run_dirs: what lm_eval wrote.
            model: the model that is published.
            repo: where it is published, which is a name that it may have been evaluated under.
            base_model: what it was trained from, which is another model.
            metric: whose grading counts, `math_verify` or `qwen_match`.
            paper: the base model whose rows SFT and LEMMA of the paper stand beside.

        Raises:
            RefusedError: a run is damaged, cannot be compared with the others, or was made with another model.
        """
        runs = [Run.read(path) for path in run_dirs]
        remarks = [said for run in runs if (said := _origin(run, model, repo, base_model))]
        labels = labels_of(runs, [repo] * len(runs))
        check_comparable(runs, labels)
        scores = [RunScores(run) for run in runs]
        beside: dict[str, tuple[str, ...] | None] = {paper: ENDS} if paper else {}
        built = [Table.build(layout, scores, labels, beside) for layout in layouts(metric)]
        tables = [table for table in built if table is not None]
        if runs and not tables:
            raise RefusedError(f"{run_dirs[0]}: no task of ours was run with {metric}; run lm_eval --tasks lemma")
        return cls(runs, labels, tables, list(dict.fromkeys(remarks)))

    def markdown(self) -> str:
        """The tables, under headings of the third level."""
        return markdown(self.tables, "###").strip()

    def self_correction(self) -> str:
        """The telemetry of all replies that were logged; empty where none were."""
        entries, remarks = [], []
        for run, label in zip(self.runs, self.labels, strict=True):
            tasks = [task for task in run.tasks if task.startswith("lemma_") and run.samples_file(task)]
            for task in tasks:
                entry = entry_of(Logged(run, tasks), task, label)
                entries.append(entry)
                remarks += [f"{task}: {entry['subset']}"] if entry["subset"] else []
        return self_correction_markdown(entries, remarks, "###").strip() if entries else ""

    def commands(self) -> list[str]:
        """How each run asked its model, in lm-eval's own words."""
        return [_command(run) for run in self.runs]

    def eval_results(self) -> list[EvalResult]:
        """The accuracies for the front matter, in percent, with intervals, demonstrations and rows graded.

        A set of which a part was graded says so in its name.
        """
        return [
            result
            for table in self.tables
            if table.layout.accuracy
            for run, label in zip(self.runs, self.labels, strict=True)
            for line, suffix, metric in table.layout.lines
            for row in table.rows
            if row.is_run and (row.label, row.line) == (label, line)
            for heading, cell in row.cells.items()
            if heading in table.layout.columns and cell.low is not None
            for result in [_result(run, heading, f"lemma_{table.layout.columns[heading]}{suffix}", metric, cell)]
        ]


def _result(run: Run, heading: str, task: str, metric: str, cell: Estimate) -> EvalResult:
    name = task.removeprefix("lemma_").removesuffix("_maj32")
    known = registry().get(name)
    hub = next((source["hub"] for source in known.sources if "hub" in source), None) if known else None
    part = run.part(task)
    return EvalResult(
        task_type="text-generation",
        dataset_type=hub or name,
        dataset_name=f"{heading} ({printable(part)})" if part else heading,
        dataset_config=task,  # results of one set and config are merged
        dataset_args={"num_few_shot": run.shots(task), "rows": run.size(task)},
        metric_type="accuracy",
        metric_name=metric,
        metric_value=round(cell.score, 2),
        metric_args={"low": round(cell.low or 0, 2), "high": round(cell.high or 0, 2), "interval": "95 % bootstrap"},
    )


def _arguments(run: Run) -> dict[str, str]:
    """What lm-eval was told of the model: a mapping, or `name=value,...`."""
    given = run.results.get("config", {}).get("model_args") or {}
    if isinstance(given, str):
        given = dict(part.partition("=")[::2] for part in given.split(","))
    return {str(name).strip(): str(value).strip() for name, value in given.items()}


def _command(run: Run) -> str:
    arguments = ",".join(f"{name}={value}" for name, value in _arguments(run).items())
    told = f"--model {run.results.get('config', {}).get('model')} --model_args {arguments}"
    version, limit = run.results.get("lm_eval_version"), run.results.get("config", {}).get("limit")
    told += f" --limit {limit}" if limit else ""
    return printable(f"lm_eval {told} --include_path eval_tasks --tasks {','.join(run.tasks)}") + (
        f"  # lm-eval {printable(str(version))}" if version else ""
    )


def _origin(run: Run, model: ModelFolder, repo: str, base_model: str | None) -> str | None:
    """What must be said of a run of which it cannot be seen that this model made it; None where it can.

    Raises:
        RefusedError: another model made it.
    """
    arguments = _arguments(run)
    # of an adapter lm-eval is told both: its base model as `pretrained`, and the adapter as `peft`
    name = arguments.get("peft") or arguments.get("pretrained") or arguments.get("model")
    if name is None:
        raise RefusedError(f"{run.file}: does not say which model was asked; evaluate {model.weights} with lm_eval")
    ours = {path.resolve() for path in (model.weights, model.training)}
    if name == repo or Path(name).resolve() in ours:
        return None
    if name == base_model or Path(name).is_dir():
        raise RefusedError(
            f"{run.file}: made with {printable(name)}, not with {model.weights}; give runs of the model to be published"
        )
    return f"A run names its model {printable(name)}; that these were the published weights is not proven by it."
