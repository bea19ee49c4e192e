"""The parts of a run as tasks of a Ray cluster: Ray says where, each part is the same command as anywhere else.

A task only starts `--shard I/N` as a process of its own and waits for it: the part has its own lock, store and event
loop, and a kill costs what a kill of that command costs. distilabel's own Ray pipeline was looked at first: it moves
batches between actors, which brings the batch barrier back, and SQLite may not be shared by nodes.

Nothing secret goes through Ray: a task's arguments are the options that were typed, the environment of a part is the
node's, and what a part says goes to `part-I-of-N.log` beside its directory, not to Ray's logs.
"""

from __future__ import annotations

import os
import secrets
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lemma_steps.errors import RefusedError, StoppedError
from lemma_steps.shards import task
from lemma_steps.shards.part import Part
from lemma_steps.shards.shard import Shard

SAID_EVERY_S = 10.0
_LAST_BYTES = 4000
_HANDED_ON = ("LEMMA_DATA", "OPENAI_API_KEY_FILE", "HF_HUB_OFFLINE")
"""Variables of the starting process that a part gets where its node does not set them: names of places, no secrets."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """How the process of one part ended."""

    exit_code: int
    node: str


class RayParts:
    """Runs all parts of a run on a cluster.

    Args:
        address: of the cluster, as `ray.init` takes it; `auto` is the one that runs here, or else one of this machine alone.
        parts: how many; `None` is one for each node that has a CPU to give.
    """

    def __init__(self, address: str, parts: int | None = None) -> None:
        self._address, self._parts = address, parts

    def run(self, command: Sequence[str], output: Path, *, budget_usd: float | None = None) -> None:
        """Run `command` with `--output` and `--shard I/N` for every part, and return when all have ended well.

        Args:
            command: the recipe's file and its options, without output, shard and budget.
            output: the directory of all parts; every node must see the same one.
            budget_usd: dollars for all parts together; each gets its equal share.

        Raises:
            RefusedError: Ray is not installed, the cluster cannot be reached, or a node does not see the directory.
            StoppedError: a part failed. The others go on to their ends first; the same command again runs what is left.
        """
        output = output.resolve()
        with _connected(self._address) as ray:
            nodes = sum(node["Alive"] and node["Resources"].get("CPU", 0) > 0 for node in ray.nodes())
            count = self._parts or max(nodes, 1)
            print(f"ray: {count} parts on {nodes} nodes", file=sys.stderr, flush=True)
            words = [*command, *(["--budget-usd", f"{budget_usd / count:.6f}"] if budget_usd is not None else [])]
            with _token(output) as token:
                shards = [Shard(count, index) for index in range(1, count + 1)]
                started = {_start(ray, shard, words, output, token): shard for shard in shards}
                failures = _wait(ray, started, output)
        if failures:
            raise StoppedError(f"{'; '.join(failures)}; see the logs in {output}, then run the same command again")


def _start(ray: Any, shard: Shard, command: Sequence[str], output: Path, token: Path) -> Any:
    words = [*command, "--output", str(output), "--shard", str(shard)]
    handed = {name: os.environ[name] for name in _HANDED_ON if name in os.environ}
    options = {"name": f"lemma part {shard}", "num_cpus": 1, "max_retries": 0, "scheduling_strategy": "SPREAD"}
    return (
        ray.remote(task.run_part)
        .options(**options)
        .remote(words, os.getcwd(), str(shard.log(output)), str(token), handed)
    )


@contextmanager
def _connected(address: str) -> Iterator[Any]:
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    # a driver under `uv run` would be packed up and sent to all nodes, its command line in their logs
    os.environ.setdefault("RAY_ENABLE_UV_RUN_RUNTIME_ENV", "0")
    try:
        import ray
    except ImportError:
        raise RefusedError("--ray: Ray is not installed; uv sync --extra ray") from None
    options: dict[str, Any] = {"log_to_driver": False, "logging_level": "ERROR"}
    # functions travel by value: a node whose package is older or missing says so in its part's log
    ray.cloudpickle.register_pickle_by_value(task)
    try:
        try:
            ray.init(address=address, **options)
        except ConnectionError:
            if address != "auto":
                raise
            ray.init(address="local", include_dashboard=False, **options)
    except Exception as error:  # Ray raises errors of its own, of gRPC and of the system
        why = str(error).strip().split("\n", 1)[0][:200]
        raise RefusedError(f"--ray {address}: no cluster there ({why}); give its address, or leave it out") from None
    try:
        yield ray
    finally:
        ray.shutdown()
        ray.cloudpickle.unregister_pickle_by_value(task)


@contextmanager
def _token(output: Path) -> Iterator[Path]:
    """A file in the output directory by which a node can tell that it sees the same one."""
    path = output / f".{secrets.token_hex(8)}.partial"
    try:
        output.mkdir(parents=True, exist_ok=True)
        path.touch()
    except OSError as error:
        raise RefusedError(f"{output}: cannot be written ({error.strerror}); give another --output") from None
    try:
        yield path
    finally:
        path.unlink(missing_ok=True)


def _wait(ray: Any, started: dict[Any, Shard], output: Path) -> list[str]:
    """Wait for all tasks, saying every ten seconds how far each part is; what went wrong, by part."""
    failures: dict[Shard, str] = {}
    pending, said = list(started), time.monotonic()
    while pending:
        done, pending = ray.wait(pending, timeout=1.0)
        for done_task in done:
            shard = started[done_task]
            if why := _failure(ray, done_task, shard, output):
                failures[shard] = why
            print(why or f"part {shard}: done", file=sys.stderr, flush=True)
        if time.monotonic() - said >= SAID_EVERY_S:
            said = time.monotonic()
            for waiting in pending:
                print(f"part {started[waiting]}: {_last(started[waiting], output)}", file=sys.stderr, flush=True)
    return [failures[shard] for shard in sorted(failures)]


def _failure(ray: Any, ended: Any, shard: Shard, output: Path) -> str | None:
    try:
        outcome = Outcome(*ray.get(ended))
    except ray.exceptions.RayError as error:
        lines = [line for line in str(error).strip().splitlines() if line.strip()] or [type(error).__name__]
        return f"part {shard}: its node or task was lost ({lines[0][:200]})"
    if outcome.exit_code == task.NOT_SEEN:
        return (
            f"part {shard} on {outcome.node}: that node does not see {output}, this folder or the recipe; "
            "they must be on storage that all nodes share"
        )
    if outcome.exit_code:
        return f"part {shard} on {outcome.node}: exit code {outcome.exit_code}, {_last(shard, output)}"
    if why := Part(output / shard.folder, shard).unfinished():
        return f"part {shard} on {outcome.node}: ended, and {output / shard.folder} {why} as seen from here"
    return None


def _last(shard: Shard, output: Path) -> str:
    """The last line that a part said."""
    try:
        with shard.log(output).open("rb") as log:
            log.seek(max(log.seek(0, os.SEEK_END) - _LAST_BYTES, 0))
            lines = log.read().decode("utf-8", "replace").strip().splitlines()
    except OSError:
        return "waiting for a node"
    return lines[-1][-500:] if lines else "starting"
