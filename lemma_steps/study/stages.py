"""Runs the stages of a study, each once: what is done under the same inputs is passed over, what was broken off goes on."""

from __future__ import annotations

import json
import shutil
import signal
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.text import Text

from lemma_steps.errors import RefusedError, StoppedError
from lemma_steps.run_directory import LOCK, PID, held
from lemma_steps.study.child import Child, is_alive
from lemma_steps.study.environment import Environment
from lemma_steps.study.log import last_words
from lemma_steps.study.stage import Stage, read_marker, write_marker

MARKERS, LOGS = "stages", "logs"
_RUNNING = "running.json"


class Stages:
    """The stages of one study in its directory.

    A stage's marker says under which fingerprint it was begun and whether it came to its end. A stage that was broken off
    finds its own folder as it left it, since the recipes resume by themselves; one whose inputs have changed, an empty one.
    """

    def __init__(self, place: Path, root: Path, environments: list[Environment], console: Console) -> None:
        self.place, self._root, self._console = place, root, console
        self._environments: list[Environment] | None = environments
        self._worked = False
        self._names: list[str] = []

    @classmethod
    @contextmanager
    def begin(
        cls, place: Path, root: Path, environments: list[Environment], console: Console | None = None
    ) -> Iterator[Stages]:
        """Hold the directory for one study.

        Raises:
            RefusedError: another study runs there, or a stage that outlived it, or the directory holds other things.
            StoppedError: a file cannot be written.
        """
        with held(place):
            others = sorted(entry.name for entry in place.iterdir() if entry.name not in (LOCK, PID))
            if others and not (place / MARKERS).is_dir():
                raise RefusedError(f"{place}: holds {others[0]}, which is not of a study; give a new --output")
            running = read_marker(place / MARKERS / _RUNNING)
            if is_alive(int(running.get("group", 0) or 0)):
                raise RefusedError(
                    f"{place}: {running.get('stage')} of a study that was killed still works (process group "
                    f"{running['group']}); wait for its end, or end it"
                )
            for name in (MARKERS, LOGS):
                (place / name).mkdir(exist_ok=True)
            try:
                yield cls(place, root, environments, console or Console())
            except OSError as error:
                raise StoppedError(
                    f"{error.filename or place}: {error.strerror}; see that there is room, then run the same command again"
                ) from None

    def marker(self, name: str) -> Path:
        """The file that says how far a stage is; as an input of another it stands for all that the stage wrote."""
        return self.place / MARKERS / f"{name.replace(':', '-')}.json"

    def seconds(self) -> dict[str, float]:
        """Stage -> how long it took, of those that this study ran or found done; pauses between its runs not counted."""
        return {name: float(read_marker(self.marker(name)).get("seconds", 0)) for name in self._names}

    def run(self, stage: Stage) -> None:
        """Run a stage unless it is done.

        Raises:
            RefusedError: the stage refused its input, or an environment cannot be made, before any stage had worked.
            StoppedError: it failed; the same study goes on from there.
        """
        if stage.name in self._names:  # two arms share a set
            return
        self._names.append(stage.name)
        marker, fingerprint = self.marker(stage.name), stage.fingerprint(self._root, self.place)
        former = read_marker(marker)
        same = former.get("fingerprint") == fingerprint
        if same and former.get("state") == "done" and not stage.missing():
            self._say(stage, "unchanged", "dim")
            return
        self._prepare()
        goes_on = same and former.get("state") == "begun"
        before = float(former.get("seconds", 0)) if goes_on else 0.0
        if not goes_on:
            _empty(stage.folder, stage.kept)
        stage.folder.mkdir(parents=True, exist_ok=True)
        begun: dict[str, Any] = {"stage": stage.name, "fingerprint": fingerprint, "state": "begun", "seconds": before}
        write_marker(marker, begun)
        started = time.monotonic()
        try:
            self._work(stage)
        finally:
            begun["seconds"] = round(before + time.monotonic() - started, 1)
            write_marker(marker, begun)
        write_marker(marker, begun | {"state": "done", "ended": time.time()})
        self._worked = True
        self._say(stage, f"done in {clock(begun['seconds'])}", "green")

    def _work(self, stage: Stage) -> None:
        log = self.place / LOGS / f"{stage.file_name}.log"
        running = self.place / MARKERS / _RUNNING
        command = stage.environment.command(stage.program)
        if not self._console.is_terminal:
            self._say(stage, f"running, see {log}", "")
        started = time.monotonic()
        with self._console.status(Text(stage.name)) as status:

            def tell(line: str) -> None:
                status.update(Text(f"{stage.name}  {clock(time.monotonic() - started)}  {line}", overflow="ellipsis"))

            try:
                child = Child(command, self._root, stage.environment.variables(), log)
            except OSError as error:
                raise RefusedError(f"{command[0]}: cannot be started ({error.strerror})") from None
            running.write_text(json.dumps({"stage": stage.name, "group": child.pid}), encoding="utf-8")
            try:
                code = child.wait(tell)
            except KeyboardInterrupt:
                raise StoppedError(f"{stage.name}: interrupted; run the same command again to resume") from None
            finally:
                running.unlink(missing_ok=True)
        if code:
            self._failed(stage, code, log)
        if missing := stage.missing():
            raise StoppedError(f"{stage.name}: ended without writing {missing[0]}; see {log}")

    def _failed(self, stage: Stage, code: int, log: Path) -> None:
        said = f"{stage.name}: {last_words(log)}"
        if code == 2:  # the recipes' exit code for what they refuse before they work
            raise (StoppedError if self._worked else RefusedError)(f"{said} ({log})")
        if code < 0:
            name = signal.Signals(-code).name if -code in set(signal.Signals) else f"signal {-code}"
            said = f"{stage.name}: killed by {name}{', memory may have run out' if name == 'SIGKILL' else ''}"
        raise StoppedError(f"{said}; see {log}, then run the same command again to resume")

    def _prepare(self) -> None:
        """Make every environment before the first stage works: hours later nobody looks."""
        for environment in self._environments or ():
            with self._console.status(f"environment {environment.name}: {environment.folder}"):
                environment.prepare(self._root, self.place / LOGS / f"environment-{environment.name}.log")
        self._environments = None

    def _say(self, stage: Stage, text: str, style: str) -> None:
        self._console.print(Text.assemble(f"{stage.name:<26} ", (text, style)), soft_wrap=True)


def clock(seconds: float) -> str:
    """A time as `0:01:30`."""
    return str(timedelta(seconds=round(seconds)))


def _empty(folder: Path, kept: Sequence[str]) -> None:
    for entry in folder.iterdir() if folder.is_dir() else ():
        if entry.name in kept:
            continue
        if entry.is_dir() and not entry.is_symlink():
            shutil.rmtree(entry)
        else:
            entry.unlink()
