"""The whole recipe with the offline teacher: time, memory and yield, at two sizes in one go.

    uv run benchmarks/offline_run.py                                          the starter problems
    uv run benchmarks/offline_run.py --problems gsm8k_train.jsonl.gz --json FILE

Each size is a process of its own; memory is that process's peak (MB), without its answer-check workers.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

RECIPE = Path(__file__).parent.parent / "recipes" / "lemma.py"
STRATEGIES = ("fix_continue", "fresh_restart")


def measure(problems: str, limit: int | None) -> dict[str, object]:
    """One run in a child process, and what its files say."""
    with tempfile.TemporaryDirectory() as scratch:
        output = Path(scratch) / "out"
        limits = ["--limit", str(limit)] if limit else []
        code = (
            "import resource, runpy, sys\n"
            f"sys.argv = {[str(RECIPE), '--output', str(output), '--problems', problems, *limits]!r}\n"
            "try:\n    runpy.run_path(sys.argv[0], run_name='__main__')\n"
            "finally:\n    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)\n"
        )
        started = time.monotonic()
        run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
        seconds = time.monotonic() - started
        if run.returncode:
            raise SystemExit(run.stderr)
        report = json.loads((output / "report.json").read_text(encoding="utf-8"))
        return {
            "problems": report["problems"],
            "entered": report["entered"],
            "kept": report["kept"],
            "seconds": round(seconds, 1),
            "problems_per_second": round(report["problems"] / seconds, 1),
            "peak_memory_mb": round(int(run.stdout.split()[-1]) / 1024),
            **yields(output, report),
        }


def yields(output: Path, report: dict) -> dict[str, object]:
    """Shares of problems with a kept row, and what the kept rows are made of."""
    import pyarrow.parquet as pq

    columns = ["problem_id", "origin", "strategy", "error_type"]
    kept = pq.read_table(output / "train.parquet", columns=columns).to_pylist()
    student = [pair for pair in report["origin_strategy"] if pair["origin"] == "student"]
    entered = sum(pair["kept"] + pair["rejected"] for pair in student)
    return {
        **{
            f"share_of_problems_{name}": round(
                len({row["problem_id"] for row in kept if row["strategy"] == name}) / report["problems"], 4
            )
            for name in STRATEGIES
        },
        "share_of_problems": round(len({row["problem_id"] for row in kept}) / report["problems"], 4),
        "student_rows_kept": f"{sum(pair['kept'] for pair in student)} of {entered}",
        "error_types": sorted({row["error_type"] for row in kept}),
        "distinct_openings": report["reflection_openings"]["distinct"],
        "top_opening_share": report["reflection_openings"]["top_share"],
        "reasons": report["reasons"],
        "declines": report["declines"][:8],
        "contaminated": len(report["contamination"]),
    }


def main() -> None:
    """Measure a quarter and the whole, print and write the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--problems", default="starter")
    parser.add_argument("--limit", type=int)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    whole = measure(options.problems, options.limit)
    quarter = measure(options.problems, max(int(whole["problems"]) // 4, 1))  # type: ignore[call-overload]
    figures = {
        "whole": whole,
        "quarter": quarter,
        "memory_ratio": round(whole["peak_memory_mb"] / quarter["peak_memory_mb"], 3),  # type: ignore[operator]
    }
    text = json.dumps(figures, indent=1)
    print(text)
    if options.json:
        options.json.write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
