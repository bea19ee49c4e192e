"""The generation engine against a bare asyncio loop, and its drills: whole runs of the public command line over HTTP.

    uv run benchmarks/engine.py --json FILE                     the comparison and the drills, about ten minutes
    uv run benchmarks/engine.py --json FILE --scale full        also 100,000 problems with the offline teacher

A simulated endpoint (`simulated_endpoint.py`) in its own process answers with the offline teacher's replies after a lognormal
latency of median 1 s and sigma 0.6. A first run without latency records the prompts and fills the endpoint's replies; its
files are the undisturbed result. Then, in the order A B A B, A is `recipes/lemma.py` over all problems through the chain of
six calls and B is `bare_loop.py` over the same prompts. Wall time runs from the first request in the endpoint's log to the
last row written (A) or the last reply (B); CPU is that of the process and its workers, start-up included.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any

from arithmetic_problems import write_problems
from engine_drills import Bench, digests, failing_call, fault_mix, kills, undisturbed
from engine_processes import HERE, RECIPE, EndpointProcess, Watched

Figures = dict[str, Any]
TARGETS: dict[str, tuple[str, Callable[[Any], bool]]] = {
    "calls_per_problem": ("6", lambda value: value > 5.9),
    "wall_ratio": ("<= 1.10", lambda value: value <= 1.10),
    "cpu_ms_per_call": ("<= 2.5", lambda value: value <= 2.5),
    "failing_rows_rejected": ("1", lambda value: value == 1),
    "failing_kept_next_run": ("yes", bool),
    "kills_lost": ("0", lambda value: value == 0),
    "kills_same_bytes": ("yes", bool),
    "repeated_beyond_in_flight": ("0", lambda value: value == 0),
    "fault_rows_unaccounted": ("0", lambda value: value == 0),
    "fault_beyond_budget": ("0", lambda value: value == 0),
    "fault_time_ratio": ("<= 1.5", lambda value: value <= 1.5),
    "memory_ratio": ("<= 1.2", lambda value: value <= 1.2),
    "rate_ratio": (">= 0.8", lambda value: value >= 0.8),
}


def recipe_run(bench: Bench, output: Path) -> Figures:
    """A: the public command line."""
    log = bench.endpoint.new_log()
    before = bench.endpoint.control()
    run = bench.whole(output, log)
    after = bench.endpoint.control()
    calls = log.counts().total()
    lines = log.lines()
    return {
        "wall_s": round((output / "train.parquet").stat().st_mtime - log.first(), 2),
        "to_exit_s": round(run.ended - log.first(), 2),
        "calls": calls,
        "most_in_flight": max(line.in_flight for line in lines),
        "last_reply_s": round(max(line.time for line in lines) - log.first(), 2),
        "cpu_ms_per_call": round(1000 * run.cpu_s / calls, 3),
        "cpu_ms_per_call_without_workers": round(1000 * run.own_cpu_s / calls, 3),
        "cpu_ms_per_call_without_start_up": round(1000 * (run.cpu_s - (run.start_up_cpu_s or 0)) / calls, 3),
        "start_up_cpu_s": run.start_up_cpu_s,
        "peak_mb": round(run.peak_mb),
        **disk(output),
        "endpoint_cpu_ms_per_call": round(1000 * (after["cpu_s"] - before["cpu_s"]) / calls, 3),
        "load_average": round(os.getloadavg()[0], 1),
    }


def bare_run(bench: Bench, record: Path, in_flight: int) -> Figures:
    """B: the bare loop over the openai client."""
    log = bench.endpoint.new_log()
    options = ["--url", bench.endpoint.url, "--record", str(record), "--in-flight", str(in_flight)]
    run = Watched([sys.executable, str(HERE / "bare_loop.py"), *options], bench.scratch).run(log.growth())
    if run.returncode:
        raise RuntimeError(f"the bare loop ended with {run.returncode}: {run.output[-2000:]}")
    said = json.loads(run.output.splitlines()[-1])
    return {
        "wall_s": round(said["last_reply"] - log.first(), 2),
        "calls": said["calls"],
        "most_in_flight": max(line.in_flight for line in log.lines()),
        "cpu_ms_per_call": round(1000 * run.cpu_s / said["calls"], 3),
        "start_up_cpu_s": run.start_up_cpu_s,
        "load_average": round(os.getloadavg()[0], 1),
    }


def compare(bench: Bench, record: Path, reference: Path, in_flight: int, rounds: int) -> Figures:
    """A B A B, medians."""
    recipe, bare = [], []
    for number in range(rounds):
        output = bench.scratch / f"recipe-{number}"
        recipe.append({**recipe_run(bench, output), "same_bytes": digests(output) == digests(reference)})
        print(f"A {recipe[-1]}", flush=True)
        bare.append(bare_run(bench, record, in_flight))
        print(f"B {bare[-1]}", flush=True)
    wall, bare_wall = (median(run["wall_s"] for run in runs) for runs in (recipe, bare))
    cpu, bare_cpu = (median(run["cpu_ms_per_call"] for run in runs) for runs in (recipe, bare))
    return {
        "wall_s": wall,
        "bare_wall_s": bare_wall,
        "wall_ratio": round(wall / bare_wall, 3),
        "cpu_ms_per_call": cpu,
        "cpu_ms_per_call_without_start_up": median(run["cpu_ms_per_call_without_start_up"] for run in recipe),
        "bare_cpu_ms_per_call": bare_cpu,
        "cpu_ratio": round(cpu / bare_cpu, 3),
        "same_bytes_every_run": all(run["same_bytes"] for run in recipe),
        "recipe_runs": recipe,
        "bare_runs": bare,
    }


def disk(output: Path) -> Figures:
    """Megabytes of the result's rows as JSONL and of the directory, the request store aside."""
    sizes = {file.name: file.stat().st_size / 1e6 for file in output.rglob("*") if file.is_file()}
    store = sum(size for name, size in sizes.items() if name.startswith("requests.sqlite"))
    return {
        "payload_mb": round(sizes["train.jsonl"], 2),
        "disk_mb": round(sum(sizes.values()) - store, 2),
        "store_mb": round(store, 2),
    }


def scale(scratch: Path, sizes: tuple[int, int]) -> Figures:
    """The offline teacher at two sizes: one error per problem, one strategy, no endpoint."""
    config = scratch / "scale.yaml"
    steps = "steps: {error_type_sampler: {n_errors: 1}}"
    config.write_text(f"problems: [none]\nteacher: offline\nablate: [fresh-restart]\n{steps}\n", encoding="utf-8")
    runs: list[Figures] = []
    for size in sizes:
        problems, output = scratch / f"problems-{size}.jsonl", scratch / f"scale-{size}"
        write_problems(problems, size)
        options = ["--config", config, "--problems", problems, "--output", output]
        run = Watched([sys.executable, str(RECIPE), *map(str, options)], scratch).run(timeout=4 * 3600)
        if run.returncode:
            raise RuntimeError(f"{size} problems ended with {run.returncode}: {run.output[-2000:]}")
        report = json.loads((output / "report.json").read_text(encoding="utf-8"))
        seconds = report["run"]["seconds"]
        runs.append(
            {
                "problems": size,
                "kept": report["kept"],
                "seconds": seconds,
                "problems_per_second": round(size / seconds, 1),
                "cpu_ms_per_problem": round(1000 * run.cpu_s / size, 2),
                "peak_mb": round(run.peak_mb),
                **disk(output),
                "load_average": round(os.getloadavg()[0], 1),
            }
        )
        print(f"offline {runs[-1]}", flush=True)
    small, large = runs
    return {
        "memory_ratio": round(large["peak_mb"] / small["peak_mb"], 3),
        "rate_ratio": round(large["problems_per_second"] / small["problems_per_second"], 3),
        "cpu_per_problem_ratio": round(large["cpu_ms_per_problem"] / small["cpu_ms_per_problem"], 3),
        "scale_runs": runs,
    }


def table(figures: Figures) -> str:
    """The targets and whether they are met."""
    lines = [f"{'figure':28} {'value':>10} {'target':>8}"]
    for name, (target, met) in TARGETS.items():
        value = figures.get(name)
        mark = "not run" if value is None else "pass" if met(value) else "MISS"
        lines.append(f"{name:28} {value!s:>10} {target:>8}  {mark}")
    return "\n".join(lines)


def main() -> None:
    """Run what was asked for; write the figures as they come, print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", type=Path)
    parser.add_argument("--problems", type=int, default=1000)
    parser.add_argument("--in-flight", type=int, default=200)
    parser.add_argument("--rounds", type=int, default=2, help="how often A B")
    parser.add_argument("--kills", type=int, default=10)
    parser.add_argument("--scale", choices=["full", "short"], default="short")
    parser.add_argument("--only", choices=["compare", "failing", "kills", "faults", "scale"], action="append")
    options = parser.parse_args()
    parts = options.only or ["compare", "failing", "kills", "faults", *(["scale"] if options.scale == "full" else [])]
    figures: Figures = {}

    def add(found: Figures) -> None:
        figures.update(found)
        print(json.dumps(found), flush=True)
        if options.json:
            options.json.write_text(json.dumps(figures, indent=1) + "\n", encoding="utf-8")

    with tempfile.TemporaryDirectory() as folder:
        scratch = Path(folder)
        if set(parts) - {"scale"}:
            over_http(scratch, parts, options, add)
        if "scale" in parts:
            add(scale(scratch, (10_000, 100_000) if options.scale == "full" else (500, 2_000)))
    print(table(figures))


def over_http(scratch: Path, parts: list[str], options: argparse.Namespace, add: Callable[[Figures], None]) -> None:
    """Everything that the simulated endpoint serves."""
    problems = scratch / "problems.jsonl"
    write_problems(problems, options.problems)
    with EndpointProcess(scratch, problems) as endpoint:
        bench = Bench.make(scratch, endpoint, problems, options.problems, options.in_flight)
        reference, record, found = undisturbed(bench)
        add(found)
        if "compare" in parts:
            add(compare(bench, record, reference, options.in_flight, options.rounds))
        if "failing" in parts:
            add(failing_call(bench, record, reference))
        if {"kills", "faults"} & set(parts):
            timed = recipe_run(bench, scratch / "timed")["wall_s"]  # just before the faults: other work comes and goes
            if "faults" in parts:
                add({"fault_free_s": timed, **fault_mix(bench, reference, timed)})
            if "kills" in parts:
                add(kills(bench, reference, timed, options.kills))


if __name__ == "__main__":
    main()
