"""Human review at scale: 5,000 rows to an embedded Argilla server of its own, again, and their answers back.

    uv run --extra review benchmarks/review.py --json FILE

The rows are those of the recipe on GSM8K train with the offline teacher where LEMMA_DATA names the sets' folder; else the
bundled problems' rows, repeated under other ids. Times are of whole commands, start included.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

RECIPES = Path(__file__).parent.parent / "recipes"
ANSWERS_PER_REQUEST = 100


def recipe(name: str, *arguments: object) -> tuple[dict[str, Any], str]:
    """Seconds and peak memory (MB) of one command, and the last line that it printed."""
    started = time.monotonic()
    command = [sys.executable, str(RECIPES / name), *map(str, arguments)]
    run = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert run.stdout is not None
    printed = run.stdout.read()
    _, status, usage = os.wait4(run.pid, 0)
    run.returncode = os.waitstatus_to_exitcode(status)
    if run.returncode:
        raise SystemExit(run.returncode)
    seconds = round(time.monotonic() - started, 1)
    return {"seconds": seconds, "peak_memory_mb": usage.ru_maxrss // 1024}, printed.strip().splitlines()[-1]


def make_rows(folder: Path, count: int) -> None:
    """A result folder `out` of exactly so many rows."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    data = os.environ.get("LEMMA_DATA")
    problems = ["--problems", str(Path(data) / "gsm8k_train.jsonl.gz"), "--limit", str(count // 5)] if data else []
    recipe("lemma.py", "--output", folder / "made", *problems)
    made = pq.read_table(folder / "made" / "train.parquet")
    rows: list[dict[str, Any]] = []
    while len(rows) < count:
        copy = len(rows) // len(made)
        rows += [{**row, "id": f"{copy}-{row['id']}" if copy else row["id"]} for row in made.to_pylist()]
    (folder / "out").mkdir()
    pq.write_table(pa.Table.from_pylist(rows[:count], made.schema), folder / "out" / "train.parquet")


def serve(home: Path) -> subprocess.Popen[str]:
    """A server that answers."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, str(RECIPES / "review.py"), "serve", "--home", str(home), "--port", str(port)]
    server = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    assert server.stdout is not None
    for line in server.stdout:
        if "Argilla is ready" in line:
            return server
    raise SystemExit(f"the server of {home} did not start")


def answer(home: Path) -> int:
    """One submitted answer to every record, a hundred at a time; how many."""
    from lemma_steps.review.connection import connect, find_dataset

    client = connect(home, None)
    dataset = find_dataset(client, "lemma", "out")
    values = {"first_wrong_step": "1", "error_type": "CA", "decision": "keep", "prefix_right": "yes"}
    values |= {"correction_right": "yes", "reflection_names_error": "yes"}
    sent = {name: {"value": value} for name, value in values.items()}
    items: list[dict[str, Any]] = []
    while found := client.api.records.list(dataset.id, len(items), 500, with_suggestions=False, with_responses=False):
        items += [{"record_id": str(record.id), "values": sent, "status": "submitted"} for record in found]
    for begin in range(0, len(items), ANSWERS_PER_REQUEST):
        body = {"items": items[begin : begin + ANSWERS_PER_REQUEST]}
        client.api.http_client.post("/api/v1/me/responses/bulk", json=body).raise_for_status()
    return len(items)


def measure(folder: Path, count: int) -> dict[str, Any]:
    """All figures of one run in an empty folder."""
    out, home = folder / "out", folder / "home"
    # in a process of its own: the memory of a command counts from that of the process that starts it
    making = multiprocessing.get_context("spawn").Process(target=make_rows, args=(folder, count))
    making.start()
    making.join()
    load = os.getloadavg()[0]
    server = serve(home)
    try:
        push, said = recipe("review.py", "push", out, "--home", home)
        again, said_again = recipe("review.py", "push", out, "--home", home)
        answers = answer(home)
        pull, said_back = recipe("review.py", "pull", out, "--home", home)
        peak = Path(f"/proc/{server.pid}/status").read_text(encoding="utf-8")
        return {
            "rows": count,
            "load_before": round(load, 1),
            "push": push | {"rows_per_second": round(count / push["seconds"]), "said": said},
            "second_push": again | {"said": said_again},
            "answers": answers,
            "pull": pull | {"said": said_back},
            "server_peak_memory_mb": int(peak.split("VmHWM:")[1].split()[0]) // 1024,
            "home_mb": sum(path.stat().st_size for path in home.rglob("*") if path.is_file()) // 2**20,
        }
    finally:
        server.send_signal(signal.SIGINT)
        server.wait(30)


def main() -> None:
    """Measure, print and write the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=5000)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        text = json.dumps(measure(Path(folder), options.rows), indent=1)
    print(text)
    if options.json:
        options.json.write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
