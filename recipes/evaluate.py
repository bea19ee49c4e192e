"""Measure a model on the benchmark tasks: `lm_eval` in one call, and the later turns of MathChat's dialogues.

    python recipes/evaluate.py --model hf --model-args pretrained=MODEL --limit 20
    python recipes/evaluate.py --model vllm --model-args pretrained=MODEL,max_model_len=4096 --tasks lemma_maj32
    python recipes/evaluate.py --model local-completions --tasks lemma_mathchat \
        --model-args base_url=URL,model=NAME,tokenizer=MODEL,num_concurrent=64

URL is such as http://127.0.0.1:8000/v1/completions; lm-eval's client of it is told `max_length` and `add_bos_token`, for
the reasons in eval_tasks/README.md, which plain `lm_eval` must be told.

All tasks but `lemma_mathchat_fqa_turn2` and `_turn3` run as well in plain `lm_eval --include_path eval_tasks`. Those two
put the model's own replies into the next prompt, which lm-eval (0.4.13) has no place for. Tried within its extension
points: requests that write their prompt when it is read (the evaluator hands all requests to the model in one call, so
that turn 2 is read before turn 1 is answered), and a request type for each turn (the evaluator calls the model's method
of that name, so that the model base would need a patch). So this program loads the model once and evaluates thrice:
everything with turn 1, then turn 2 on the replies to turn 1, then turn 3. The results are written together, in
lm-eval's own files and by its own writer.
"""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Iterator
from hashlib import sha256
from itertools import pairwise
from pathlib import Path
from typing import Annotated, Any

import typer

from lemma_steps.console import exit_codes, quiet_libraries
from lemma_steps.errors import RefusedError, StoppedError

TASKS = Path(__file__).parents[1] / "eval_tasks"
TURNS = ("lemma_mathchat_fqa", "lemma_mathchat_fqa_turn2", "lemma_mathchat_fqa_turn3")
PARTS = ("results", "configs", "versions", "n-shot", "higher_is_better", "n-samples", "samples")
"""What lm-eval's results hold by task."""

SERVER = {"max_length": 4096}
"""What lm-eval's clients of servers must be told: by default they cut prompts to 2,048 tokens less the reply's 1,024, and
leave out the token that begins a text."""

Map = dict[str, Any]
app = typer.Typer(add_completion=False)


def cache_name(kind: str, arguments: Map) -> str:
    """Where lm-eval keeps replies: it knows prompts and sampling only, so that another model needs another file."""
    return sha256(json.dumps([kind, arguments], sort_keys=True, default=str).encode()).hexdigest()[:16]


def task_manager(metadata: Map) -> Any:
    """lm-eval's view of our tasks; every task is given `metadata`."""
    from lm_eval.tasks import TaskManager

    return TaskManager(include_path=TASKS, include_defaults=False, metadata=metadata)


def find_tasks(names: str, manager: Any) -> list[Any]:
    """The tasks and groups of comma-separated names or patterns, their documents loaded and checked."""
    found: dict[str, None] = {}
    for name in names.split(","):
        matches = manager.match_tasks([name.strip()])
        if not matches:
            raise RefusedError(f"--tasks {name}: no such task; there are {', '.join(manager.all_tasks)}")
        found |= dict.fromkeys(TURNS[0] if match in TURNS else match for match in matches)
    try:
        loaded = manager.load(list(found))
    except ValueError as error:
        raise RefusedError(f"--tasks {names}: {error}; ask for each task once") from None
    return [(loaded["groups"] | loaded["tasks"])[name] for name in found]


def open_model(kind: str, arguments: Map, settings: Map) -> Any:
    """The model, loaded; of a server, that it is there."""
    import lm_eval.models  # noqa: F401  (tells the registry of its kinds)
    import requests
    from lm_eval.api.registry import get_model

    if kind in ("hf", "vllm") and not arguments.get("pretrained"):
        raise RefusedError(
            f"--model {kind}: which one? Give --model-args pretrained=MODEL, a folder or a name on the Hub"
        )
    try:
        if url := arguments.get("base_url"):
            requests.get(url, timeout=10)  # whatever it answers
        return get_model(kind).create_from_arg_obj(arguments, settings)
    except (ValueError, TypeError, AssertionError, ImportError, OSError) as error:
        told = (str(error).strip() or type(error).__name__).splitlines()[0]
        raise RefusedError(f"--model {kind}: {told}; check --model and --model-args") from None


def evaluations(model: Any, tasks: list[Any], metadata: Map, **settings: Any) -> Iterator[Map]:
    """lm-eval's results of all that was asked for, then those of turn 2 and of turn 3 where turn 1 was asked for."""
    from lm_eval import simple_evaluate

    results = simple_evaluate(model, tasks=tasks, task_manager=task_manager(metadata), **settings)
    yield results
    settings["limit"] = None  # as many dialogues as were begun
    with tempfile.TemporaryDirectory() as folder:
        for before, turn in pairwise(TURNS):
            if before not in results["samples"]:
                return
            replies = Path(folder) / f"{before}.jsonl"
            replies.write_text("".join(json.dumps(sample) + "\n" for sample in results["samples"][before]), "utf-8")
            typer.echo(f"{turn}: after {len(results['samples'][before]):,} replies to {before}", err=True)
            manager = task_manager(metadata | {"previous_turn": str(replies)})
            results = simple_evaluate(model, tasks=[turn], task_manager=manager, **settings)
            del results["configs"][turn]["metadata"]["previous_turn"]
            yield results


def merge(results: Map, later: Map) -> None:
    """Add a turn to what there is. A later one counts as part of all dialogues, not only of those that were begun."""
    if not results:
        results |= later
        return
    for part in PARTS:
        results[part] |= later[part]
    for turn in later["n-samples"]:
        results["n-samples"][turn]["original"] = results["n-samples"][TURNS[0]]["original"]


def write(tracker: Any, results: Map) -> None:
    """Write one results file, and the samples of each task beside it, by lm-eval's own writer; print the table."""
    from lm_eval.utils import make_table

    from lemma_steps.evaluation.runs.run import Run

    samples = results.pop("samples")
    tracker.save_results_aggregated(results=results, samples=samples)
    for task in results["configs"]:
        tracker.save_results_samples(task_name=task, samples=samples[task])
    folder = Path(tracker.output_path) / tracker.general_config_tracker.model_name_sanitized
    try:  # the writer only warns where it fails
        run = Run.read(folder / f"results_{tracker.date_id}.json")
        whole = all(sum(1 for _ in run.samples(task)) == run.size(task) for task in run.tasks)
    except (OSError, RefusedError):
        whole = False
    if not whole:
        raise StoppedError(f"{folder}: the results could not be written; make room there, then evaluate again")
    config = results["config"]
    print(f"{config['model']} {config['model_args']}, gen_kwargs: {config['gen_kwargs']}, limit: {config['limit']}")
    print(make_table(results), *([make_table(results, "groups")] if "groups" in results else ()), run.file, sep="\n")


@app.command(context_settings={"token_normalize_func": lambda name: name.replace("_", "-")})  # lm_eval's spelling
def main(
    model: Annotated[str, typer.Option(help="lm-eval's kind of model: hf, vllm, local-completions, ...")] = "hf",
    model_args: Annotated[
        str,
        typer.Option(
            metavar="KEY=VALUE,...",
            help="What the model is made from. With base_url, max_length is 4096 unless given (give the server's own, if it "
            "is less), and add_bos_token is True, but not with a chat template.",
        ),
    ] = "",
    tasks: Annotated[str, typer.Option(help="Tasks, groups or patterns, with commas.")] = "lemma,lemma_mathchat",
    output: Annotated[Path, typer.Option("--output", "--output-path", help="Folder to write to.")] = Path(
        "evaluations"
    ),
    limit: Annotated[int | None, typer.Option(help="Only the first N documents of each task.", min=1)] = None,
    batch_size: Annotated[str | None, typer.Option(help="Default: 1; vllm: auto.")] = None,
    device: Annotated[str, typer.Option(help="For hf; without a GPU the CPU is taken.")] = "cuda:0",
    gen_kwargs: Annotated[
        str | None, typer.Option(metavar="KEY=VALUE,...", help="Changes how replies are sampled.")
    ] = None,
    apply_chat_template: Annotated[
        bool, typer.Option("--apply-chat-template", help="The prompt as a message.")
    ] = False,
    seed: Annotated[int | None, typer.Option(help="Seed of all random generators.")] = None,
    data: Annotated[Path | None, typer.Option(help="Folder of the sets; default: LEMMA_DATA, else the Hub.")] = None,
    subset: Annotated[
        bool, typer.Option("--subset", help="Rows may be missing in the folder (LEMMA_DATA_SUBSET=1).")
    ] = False,
    use_cache: Annotated[
        Path | None, typer.Option(help="Folder that keeps greedy replies, so that a stopped run can go on.")
    ] = None,
) -> None:
    """Evaluate a model; write lm-eval's results and samples, and print its table."""
    with exit_codes():
        os.environ |= ({"LEMMA_DATA": str(data)} if data else {}) | ({"LEMMA_DATA_SUBSET": "1"} if subset else {})
        quiet_libraries()
        os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
        try:
            import aiohttp
            import requests
            from lm_eval.loggers import EvaluationTracker
            from lm_eval.utils import simple_parse_args_string

            output.mkdir(parents=True, exist_ok=True)
        except ImportError as error:
            raise RefusedError(f"{error}; install the evaluation's libraries: uv sync --extra eval") from None
        except OSError as error:
            raise RefusedError(f"--output {output}: {error.strerror}; choose another folder") from None
        if int(os.environ.get("WORLD_SIZE", "1")) > 1:
            raise RefusedError("several processes: start this program once; vllm takes data_parallel_size=N for N GPUs")
        arguments = simple_parse_args_string(model_args)
        if "base_url" in arguments:
            arguments = SERVER | ({} if apply_chat_template else {"add_bos_token": True}) | arguments
        found = find_tasks(tasks, task_manager(arguments))
        sizes = {"batch_size": batch_size or ("auto" if model == "vllm" else "1"), "device": device}
        lm = open_model(model, arguments, sizes)
        settings = sizes | {
            "model_args": arguments,
            "limit": limit,
            "gen_kwargs": simple_parse_args_string(gen_kwargs) or None,
            "apply_chat_template": apply_chat_template,
            "fewshot_as_multiturn": apply_chat_template,
            "use_cache": str(use_cache / cache_name(model, arguments)) if use_cache else None,
        }
        if seed is not None:
            settings |= dict.fromkeys(
                ("random_seed", "numpy_random_seed", "torch_random_seed", "fewshot_random_seed"), seed
            )
        tracker = EvaluationTracker(output_path=str(output))
        template = lm.chat_template(True) if apply_chat_template else None
        tracker.general_config_tracker.log_experiment_args(model, arguments, None, template, apply_chat_template)
        results: Map = {}
        try:
            for one in evaluations(lm, found, arguments, **settings):
                merge(results, one)
        except (
            aiohttp.ClientError,
            requests.RequestException,
            ConnectionError,
            TimeoutError,
            KeyboardInterrupt,
        ) as error:
            cause = "interrupted" if isinstance(error, KeyboardInterrupt) else f"the model's server failed ({error})"
            kept = "the tasks that were done are written; " if results else ""
            again = "run the same command again" + ("" if use_cache else ", with --use-cache to keep what is answered")
            raise StoppedError(f"{cause}; {kept}{again}") from None
        finally:
            if results:
                results["config"]["model"] = model
                write(tracker, results)


if __name__ == "__main__":
    app()
