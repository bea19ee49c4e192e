"""What lm-eval really writes is what is read: its own classes write a run of a made-up task here."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from lemma_steps.evaluation.results.run_scores import RunScores
from lemma_steps.evaluation.runs.run import Run
from tests.evaluation.recorded_run import scored, write_run

pytest.importorskip("lm_eval", reason="lm-eval comes with the eval extra")

TASK = """
task: lemma_made_up
dataset_path: json
dataset_kwargs: {{data_files: {{test: {file}}}}}
test_split: test
output_type: generate_until
num_fewshot: 0
doc_to_text: "{{{{question}}}}"
doc_to_target: "{{{{answer}}}}"
process_results: !function utils.process_results
metric_list:
  - {{metric: math_verify, aggregation: mean, higher_is_better: true}}
  - {{metric: qwen_match, aggregation: mean, higher_is_better: true}}
metadata: {{version: 3.0, subset: "4 of 9 rows"}}
"""
UTILS = """
def process_results(doc, results):
    return {"math_verify": float(results[0] == doc["answer"]), "qwen_match": 1.0}
"""


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a run over three of four rows, of which the model knows two."""
    from lm_eval import simple_evaluate
    from lm_eval.api.model import LM
    from lm_eval.loggers import EvaluationTracker
    from lm_eval.tasks import TaskManager

    class Parrot(LM):
        """Knows that things come in twos."""

        def generate_until(self, requests: list[Any], disable_tqdm: bool = False) -> list[str]:
            return ["2"] * len(requests)

        def loglikelihood(self, requests: Any) -> Any: ...

        def loglikelihood_rolling(self, requests: Any) -> Any: ...

    folder = tmp_path_factory.mktemp("lm-eval")
    rows = [
        {"question": f"How many hands have {n} people?", "answer": answer}
        for n, answer in enumerate(("2", "4", "2", "2"))
    ]
    (folder / "rows.json").write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    (folder / "task.yaml").write_text(TASK.format(file=folder / "rows.json"), encoding="utf-8")
    (folder / "utils.py").write_text(UTILS, encoding="utf-8")
    tracker = EvaluationTracker(output_path=str(folder / "runs"))
    tracker.general_config_tracker.log_experiment_args("parrot", "model=org/parrot", None, None, False)
    found = simple_evaluate(
        model=Parrot(),
        tasks=["lemma_made_up"],
        task_manager=TaskManager(include_path=str(folder), include_defaults=False),
        limit=3,
        bootstrap_iters=0,
    )
    samples = found.pop("samples")
    tracker.save_results_aggregated(results=found, samples=samples)
    tracker.save_results_samples("lemma_made_up", samples["lemma_made_up"])
    return folder / "runs"


def test_a_real_run_is_read(written: Path) -> None:
    run = Run.read(written)
    assert (run.model, run.tasks, run.version("lemma_made_up")) == ("org/parrot", ["lemma_made_up"], "3.0")
    assert (run.shots("lemma_made_up"), run.size("lemma_made_up"), run.full_size("lemma_made_up")) == (0, 3, 9)
    assert [sample["math_verify"] for sample in run.samples("lemma_made_up")] == [1.0, 0.0, 1.0]
    estimate = RunScores(run).estimate("lemma_made_up", "math_verify")
    assert estimate is not None
    assert (estimate.score, estimate.size) == (pytest.approx(200 / 3), 3)


def test_the_runs_of_these_tests_have_its_layout(written: Path, tmp_path: Path) -> None:
    write_run(tmp_path, {"lemma_made_up": scored(2, 3)}, model="org/parrot")
    real, ours = Run.read(written), Run.read(tmp_path)
    assert ours.file.parent.name == real.file.parent.name
    assert ours.results.keys() <= {*real.results, "groups"}
    assert ours.results["n-samples"]["lemma_made_up"].keys() == real.results["n-samples"]["lemma_made_up"].keys()
    our_sample, real_sample = (next(run.samples("lemma_made_up")) for run in (ours, real))
    shares = {"unparsed", "timed_out", "length_cut"}
    assert our_sample.keys() - shares == real_sample.keys()
    assert type(our_sample["filtered_resps"]) is type(real_sample["filtered_resps"])
