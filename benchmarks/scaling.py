"""One run in two parts against one run: time, calls, disk, the merge and its memory.

    uv run benchmarks/scaling.py --json FILE                       about ten minutes on two free cores

A simulated endpoint (`simulated_endpoint.py`, lognormal latency, median 1 s) in its own process answers the recipe's longest
chain of six calls. In the order A B A B, A is one process and B are two parts as plain processes side by side, each with the
cap of A in flight, as with a server of its own, and then the merge. Wall time runs from the first request in the endpoint's
log to the last row written; for B also with the merge. The merge is then measured by itself on rows of the offline teacher,
at two sizes.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from statistics import median
from typing import Any

from arithmetic_problems import write_problems
from engine_drills import Bench, digests, undisturbed
from engine_processes import RECIPE, RESULT_FILES, EndpointProcess, Run, Watched

Figures = dict[str, Any]


def one(bench: Bench, output: Path) -> Figures:
    """A: one process."""
    log = bench.endpoint.new_log()
    run = bench.whole(output, log)
    return {
        "wall_s": round((output / "train.parquet").stat().st_mtime - log.first(), 2),
        **_used(log, [run]),
        **_disk(output, [output], bench.count),
    }


def two(bench: Bench, output: Path, parts: int = 2) -> Figures:
    """B: parts side by side, then the merge."""
    log = bench.endpoint.new_log()
    commands = [
        Watched([sys.executable, str(RECIPE), *bench.options(output), "--shard", f"{index}/{parts}"], bench.scratch)
        for index in range(1, parts + 1)
    ]
    with ThreadPoolExecutor(parts) as threads:
        runs = list(threads.map(lambda command: _whole(command), commands))
    folders = [output / f"part-{index}-of-{parts}" for index in range(1, parts + 1)]
    ended = max((folder / "train.parquet").stat().st_mtime for folder in folders)
    merged = merge(bench.scratch, output)
    return {
        "wall_s": round(ended - log.first(), 2),
        "merge_s": merged["seconds"],
        "wall_with_merge_s": round(ended - log.first() + merged["seconds"], 2),
        **_used(log, runs),
        **_disk(output, [output, *folders], bench.count),
    }


def merge(scratch: Path, output: Path) -> Figures:
    """The merge of the parts in `output`."""
    started = time.monotonic()
    run = _whole(Watched([sys.executable, str(RECIPE), "merge", str(output)], scratch))
    report = json.loads((output / "report.json").read_text(encoding="utf-8"))
    return {
        "rows": report["entered"],
        "seconds": round(time.monotonic() - started, 2),
        "rows_per_second": round(report["entered"] / report["run"]["seconds"]),
        "cpu_s": round(run.cpu_s, 1),
        "peak_mb": round(run.peak_mb),
    }


def compare(bench: Bench, reference: Path, rounds: int) -> Figures:
    """A B A B, medians."""
    single, double = [], []
    for number in range(rounds):
        single.append(one(bench, bench.scratch / f"one-{number}"))
        print(f"A {single[-1]}", flush=True)
        output = bench.scratch / f"two-{number}"
        double.append({**two(bench, output), "same_bytes": digests(output) == digests(reference)})
        print(f"B {double[-1]}", flush=True)
    wall, parts_wall = (median(run["wall_s"] for run in runs) for runs in (single, double))
    return {
        "one_wall_s": wall,
        "two_wall_s": parts_wall,
        "speed_up": round(wall / parts_wall, 2),
        "speed_up_with_merge": round(wall / median(run["wall_with_merge_s"] for run in double), 2),
        "same_bytes": all(run["same_bytes"] for run in double),
        "one_runs": single,
        "two_runs": double,
    }


def merges(scratch: Path, sizes: list[int]) -> Figures:
    """The merge of two parts of the offline teacher, at every size."""
    config = scratch / "offline.yaml"
    config.write_text("problems: [none]\nteacher: offline\n", encoding="utf-8")
    found = []
    for size in sizes:
        problems, output = scratch / f"problems-{size}.jsonl", scratch / f"merge-{size}"
        write_problems(problems, size)
        options = ["--config", str(config), "--problems", str(problems), "--output", str(output)]
        started = time.monotonic()
        with ThreadPoolExecutor(2) as threads:
            list(
                threads.map(
                    lambda index, options=options: _whole(
                        Watched([sys.executable, str(RECIPE), *options, "--shard", f"{index}/2"], scratch)
                    ),
                    (1, 2),
                )
            )
        seconds = time.monotonic() - started
        folders = [output / "part-1-of-2", output / "part-2-of-2"]
        figures = merge(scratch, output)
        disk = _disk(output, [output, *folders], size)
        found.append({"problems": size, "parts_s": round(seconds, 1), **figures, **disk})
        print(f"merge {found[-1]}", flush=True)
    peaks = [figures["peak_mb"] for figures in found]
    return {"merge_memory_ratio": round(peaks[-1] / peaks[0], 3), "merges": found}


def _whole(command: Watched) -> Run:
    run = command.run()
    if run.returncode:
        raise RuntimeError(f"{' '.join(command.command)} ended with {run.returncode}: {run.output[-2000:]}")
    return run


def _used(log: Any, runs: list[Run]) -> Figures:
    calls = log.counts()
    return {
        "calls": calls.total(),
        "calls_repeated": calls.total() - len(calls),
        "cpu_ms_per_call": round(1000 * sum(run.cpu_s for run in runs) / calls.total(), 2),
        "peak_mb": [round(run.peak_mb) for run in runs],
        "load_average": round(os.getloadavg()[0], 1),
    }


def _disk(output: Path, folders: list[Path], problems: int) -> Figures:
    """Bytes per problem: the merged rows, all that the parts hold besides, and what of it are stores."""
    result = sum((output / name).stat().st_size for name in RESULT_FILES)
    everything = sum(file.stat().st_size for folder in folders for file in folder.iterdir() if file.is_file())
    stores = sum(file.stat().st_size for folder in folders for file in folder.glob("requests.sqlite*"))
    return {
        "result_bytes_per_problem": round(result / problems),
        "store_bytes_per_problem": round(stores / problems),
        "disk_bytes_per_problem": round(everything / problems),
    }


def main() -> None:
    """Run both, print and write the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", type=Path)
    parser.add_argument("--problems", type=int, default=600)
    parser.add_argument("--in-flight", type=int, default=50)
    parser.add_argument("--rounds", type=int, default=2, help="how often A B")
    parser.add_argument("--merges", type=int, nargs="*", default=[1000, 4000], help="problems of the measured merges")
    options = parser.parse_args()
    figures: Figures = {"cores": os.cpu_count(), "in_flight": options.in_flight}
    with tempfile.TemporaryDirectory() as folder:
        scratch = Path(folder)
        problems = scratch / "problems.jsonl"
        write_problems(problems, options.problems)
        with EndpointProcess(scratch, problems) as endpoint:
            bench = Bench.make(scratch, endpoint, problems, options.problems, options.in_flight)
            reference, _, found = undisturbed(bench)
            figures |= found | compare(bench, reference, options.rounds)
        if options.merges:
            figures |= merges(scratch, options.merges)
    text = json.dumps(figures, indent=1)
    print(text)
    if options.json:
        options.json.write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
